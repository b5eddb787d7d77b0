/* core/model/pattern.h
 *
 * Lua 5.4 patterns (reference manual, section 6.4.1) with a bound on the work, so that no pattern can hold up
 * a thread.
 */
#pragma once

#include "base/base.h"

enum { PATTERN_CAPTURES_MAX = 32 };

struct pattern_capture {
	struct str text; /* p == NULL: a position capture, `position` from 1 */
	size_t position;
};

struct pattern_match {
	size_t start, end; /* bytes of the subject, [start, end) */
	int n_captures;    /* explicit ones only */
	struct pattern_capture captures[PATTERN_CAPTURES_MAX];
};

enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_TOO_MUCH_WORK, PATTERN_MALFORMED };

/* First match at or after `from`. `*steps` is what may be spent, and is counted down. MALFORMED: ret_why says
 * what is wrong (a static text); may be NULL. A '^' anchors at `from`. */
enum pattern_result pattern_find(struct str subject, struct str pattern, size_t from, int64_t *steps,
				 struct pattern_match *ret, const char **ret_why);

/* Is the pattern well formed? Checked when rules are loaded. */
bool pattern_check(struct str pattern, const char **ret_why);
