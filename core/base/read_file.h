/* core/base/read_file.h
 *
 * A whole file in memory, for the small files that commands are given.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Adds the file's content to `out`; more than `out` may hold is an error. */
int read_file(const char *path, struct buf *out, struct error *reterr);
