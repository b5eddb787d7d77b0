/* core/script/duration.h
 *
 * Durations as operators write them: "500ms", "10s", "5m", "1h", "2d", "0", or a number of seconds.
 */
#pragma once

#include "base/base.h"

/* False when the text is none. Fractions are allowed: "1.5s". */
bool duration_parse(struct str text, int64_t *ret_ms);

/* False when it is negative, no number, or too long to count. */
bool duration_of_seconds(double seconds, int64_t *ret_ms);
