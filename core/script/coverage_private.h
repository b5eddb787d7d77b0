/* core/script/coverage_private.h
 *
 * Coverage as this folder counts it.
 */
#pragma once

#include "script/coverage.h"

/* The line of that chunk has begun. `source` is Lua's, and names the same file as long as its state lives. */
void coverage_line(struct coverage *coverage, const char *source, int line);

/* A state has ended: what it called a source can be another one's now. */
void coverage_forget_source(struct coverage *coverage);

/* Marks the lines of the file that have something to run. A file that does not compile has none. */
int lines_with_code(struct coverage_file *file, struct error *reterr);
