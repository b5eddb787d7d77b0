/* core/api/since.h
 *
 * A moment as operators name it: RFC 3339, or how long ago ("15m", "2h", "7d"). Any thread.
 */
#pragma once

#include "base/base.h"

/* Milliseconds since 1970; false when the text is neither. */
bool since_parse(struct str text, int64_t now_ms, int64_t *ret_ms);
