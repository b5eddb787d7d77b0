/* core/soap/pattern.h
 *
 * Regular expressions of XML Schema (part 2, appendix F), by PCRE2. A compiled pattern is immutable and may
 * be used by any thread. Matching is bounded: a pattern that takes too long on a text counts as not matching.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct pattern_code;

/* Free it with pattern_free. */
int pattern_compile(struct str pattern, struct pattern_code **ret, struct error *reterr);
void pattern_free(struct pattern_code *code); /* NULL is allowed */

/* Does the whole text match? */
bool pattern_matches(const struct pattern_code *code, struct str text);
