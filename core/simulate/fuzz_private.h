/* core/simulate/fuzz_private.h
 *
 * One case of fuzzing: a few events of one call.
 */
#pragma once

#include "simulate/fuzz.h"

enum { FUZZ_EVENTS_MAX = 4, FUZZ_TAGS_MAX = 512 };

struct fuzz_tag {
	struct str name, json;
	bool plain; /* its value cannot become simpler */
};

struct fuzz_event {
	struct str type, id;
	struct fuzz_tag *tags;
	size_t n_tags;
};

struct fuzz_case {
	struct arena *arena;
	uint64_t chance;
	const struct rule *rule;
	struct str source;
	struct fuzz_event events[FUZZ_EVENTS_MAX];
	size_t n_events;
};

/* Makes the case from its seed. */
void fuzz_case_make(struct fuzz_case *made, const struct rule *rule, uint64_t seed, struct arena *arena);

/* Its events as a JSON array. */
void fuzz_case_write(const struct fuzz_case *made, struct buf *out);
