/* core/simulate/result.h
 *
 * What the rules made of one event: each rule of its campaign, with why it ran or did not, its requests to
 * the byte, and their attempts. Lives in an arena of its own; belongs to whoever took it from the simulation.
 */
#pragma once

#include "base/error.h"
#include "engine/observer.h"
#include "model/rule.h"

struct result_attempt {
	struct result_attempt *next;
	int64_t at_ms; /* wall clock */
	int64_t took_ms;
	int status; /* 0: there was no answer */
	enum failure failure;
	struct str detail; /* may be empty */
	struct str body;   /* of the answer */
};

struct result_delivery {
	struct result_delivery *next;
	const struct service *service;
	struct str id, service_name, verb;
	struct str method, url, body;
	struct header
		*headers; /* as they go out with the first attempt; what the connection adds is not here */
	size_t n_headers;
	bool sent; /* the headers of its first attempt are here */
	enum delivery_state state;
	uint64_t order;  /* in which the requests were made, from 1 */
	int64_t at_ms;   /* wall clock: when it was made */
	int64_t next_ms; /* of the next attempt while it is pending; 0: at once */
	struct result_attempt *attempts, **last_attempt;
	size_t n_attempts;
};

struct result_step {
	struct result_step *next;
	int number;
	struct str what; /* "wait_for post_disposition within 600000 ms" */
	bool over;
	int64_t at_ms; /* when it was over; until then, its deadline */
	bool by_event; /* the awaited event came */
};

struct result_rule {
	const struct rule *rule;
	bool runs;         /* it was begun */
	bool ended, fires; /* ended: outcome and reason are what the run said */
	enum run_outcome outcome;
	struct str reason;   /* may be absent */
	struct error *error; /* why it failed, with its place; NULL: only `reason` is known */
	struct runlog log;
	struct result_delivery *deliveries, **last_delivery;
	struct result_step *steps, **last_step;
};

struct result {
	struct result *next;
	struct arena arena;
	size_t texts;                    /* bytes of it that are texts */
	size_t bytes;                    /* of the bodies of all its requests, kept or not */
	struct event *event;             /* a reference */
	const struct ruleset *ruleset;   /* a reference */
	const struct campaign *campaign; /* NULL: none serves the source */
	struct result_rule *rules;       /* as the campaign's */
	size_t n_rules;
	bool nobody; /* no rule is for such an event, or it is a duplicate; `reason` says which */
	struct str reason;
	bool done; /* nothing of it is under way */
};

/* Every rule that was begun and neither ended nor is `done` waits. */
const char *result_outcome(const struct result *result, const struct result_rule *rule);

/* Why; absent when there is nothing to say. In `text`, or in the result. */
struct str result_reason(const struct result *result, const struct result_rule *rule, struct buf *text);

void result_free(struct result *result); /* NULL is allowed */
