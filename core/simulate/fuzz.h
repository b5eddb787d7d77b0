/* core/simulate/fuzz.h
 *
 * Do the rules stand events as they come? Events made by chance from the catalogue of tags go through every
 * rule, in a simulation each. One thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/rule.h"

enum fuzz_kind {
	FUZZ_RAISES,       /* the rule failed */
	FUZZ_INVALID_JSON, /* a request whose body is not what its content-type says */
	FUZZ_INVALID_XML,
	FUZZ_INVALID_URL,
	FUZZ_UNRESOLVED, /* a request that holds a tag as it is written: #ani# */
};

const char *fuzz_kind_name(enum fuzz_kind kind); /* "raises", "invalid_json", … */

struct fuzz_finding {
	enum fuzz_kind kind;
	const struct rule *rule;
	struct str service; /* p == NULL of RAISES */
	struct str what;    /* what the rule said, or what is wrong with the request, with the text */
	struct str events;  /* the smallest ones that show it: an array of JSON */
	uint64_t seed;      /* with which --fuzz 1 finds it again */
};

struct fuzz {
	const struct ruleset *ruleset;
	struct str answers; /* the text of the answers; absent: everything is answered with an empty 200 */
	size_t cases;       /* of each rule */
	uint64_t seed;

	/* Each finding once: of its kind, rule, and place or service. It lives for the call. */
	void (*found)(void *context, const struct fuzz_finding *finding);
	void (*progress)(void *context, size_t n_cases); /* NULL: nobody asks */
	void *context;
};

/* How many cases that will be. */
size_t fuzz_cases(const struct fuzz *fuzz);

int fuzz_run(const struct fuzz *fuzz, size_t *ret_findings, struct error *reterr);
