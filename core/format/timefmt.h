/* core/format/timefmt.h
 *
 * Times of events, read and written anew in another form and zone. Any thread.
 *
 * Read: "2020-04-22 00:00:00.0000" and "2020-04-22T00:00:00" (naive: local time of a given zone), the same
 * with Z or an offset (RFC 3339), and Unix time in seconds or milliseconds (a JSON number, or a text of 9,
 * 10, 12 or 13 digits). Numbers of 100,000,000,000 and above are milliseconds.
 *
 * A naive time that a change of the clocks skips is the moment of the change; one that happens twice is the
 * second one, which is standard time.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Is it a zone of the tz database ("America/New_York", "UTC") or an offset ("+02:00")? A known one stays
 * loaded for the life of the process, so that reading times later opens no file. */
bool time_zone_known(struct str zone);

/* Is it a format that time_write can write? As g_date_time_format's: strftime's letters, %f for microseconds,
 * %z as -0400, %:z as -04:00. */
bool time_format_valid(struct str format);

/* Microseconds since 1970-01-01 UTC. `is_number`: the text is a JSON number. False when it is no time. */
bool time_read(struct str text, bool is_number, struct str zone, int64_t *ret_us);

/* Adds the time to `out`. False when format or zone are not what the checks above ask for; nothing is added
 * then. */
bool time_write(int64_t time_us, struct str format, struct str zone, struct buf *out);
