/* core/format/http_date.h
 *
 * Dates as HTTP headers write them (RFC 9110, section 5.6.7), in the form of today and the two of old. Any
 * thread.
 */
#pragma once

#include "base/base.h"

/* Milliseconds since 1970-01-01 UTC; false, and nothing written, when it is none. */
bool http_date_read(struct str text, int64_t *ret_ms);
