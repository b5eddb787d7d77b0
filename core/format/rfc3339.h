/* core/format/rfc3339.h
 *
 * Times as CloudEvents write them (RFC 3339, section 5.6), nothing more lenient. Any thread.
 */
#pragma once

#include "base/base.h"

enum { RFC3339_SIZE = 32 };

/* Milliseconds since 1970-01-01 UTC; finer fractions are cut off. A leap second is the second after it. */
bool rfc3339_read(struct str text, int64_t *ret_ms);

/* In UTC with milliseconds: 2025-10-14T18:34:39.000Z. For the years 0 to 9999; other times become the nearest
 * of these. */
struct str rfc3339_write(int64_t ms, char text[RFC3339_SIZE]);
