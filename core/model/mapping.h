/* core/model/mapping.h
 *
 * Mapping replacements: values that are sent as other values. Immutable; lives in the arena of a ruleset.
 */
#pragma once

#include "base/base.h"

enum { MAPPINGS_MAX = 10000 };

struct mapping {
	struct str original, replacement;
};

struct mappings {
	const struct mapping *pairs; /* sorted by original */
	size_t n;
};

/* The replacement, or the value itself. `mappings` may be NULL. */
struct str mapped(const struct mappings *mappings, struct str value);
