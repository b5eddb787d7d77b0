/* core/format/filter.h
 *
 * What may stand after the '|' of a tag. Filters are checked when the template is compiled, and work on the
 * value of one tag, one after the other.
 *
 *   default:'none'   another value when the tag is missing, null or empty. Written bare, a JSON number, true
 * or false keeps its type where a whole JSON value stands: default:0 e164:US          the phone number in
 * international form; US is the country of a number without one
 *   time:'%Y-%m-%d','Europe/Berlin','America/New_York'
 *                    a time in this form, in this zone (UTC if not given), read in that zone if it names none
 *                    itself (America/New_York if not given, which is the platform's)
 *   seconds          "MM:SS" and "HH:MM:SS" as a whole number of seconds
 *   upper lower trim
 *   json             the value as JSON, with its type; the last filter
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/template.h"
#include "model/value.h"

/* One argument as written. */
struct filter_word {
	struct str text;
	bool quoted;
};

/* Finds the filter and checks its arguments; keeps copies in `arena`. For default:, args[1] is set (and
 * n_args 2) when the argument was bare and is a JSON number, true or false. Errors carry a hint and no place.
 */
int filter_compile(struct str name, const struct filter_word *words, int n_words, struct arena *arena,
		   struct filter *ret, struct error *reterr);

bool filter_is_known(struct str name);

/* Gives what the filter makes of `value` (NULL: the event lacks the tag). The result points into the value,
 * the filter or `work`, which is cleared first and must not hold the value. False when the value is not of
 * the filter's kind (no phone number, no time, no duration): it is then returned as it was. */
bool filter_apply(const struct filter *filter, const struct value *value, struct buf *work,
		  struct value *ret);

/* For messages: "phone number", "time", "duration". */
const char *filter_kind_wanted(enum filter_kind kind);
