/* core/engine/generation.h
 *
 * Rules as the journal keeps them. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "model/rule.h"

/* All files with their paths and texts. */
void generation_encode(struct buf *out, const struct source_file *files, size_t n);

/* The reverse: an array whose texts point into `text`; free() it. */
int generation_decode(struct str text, struct source_file **ret, size_t *ret_n);
