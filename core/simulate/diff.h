/* core/simulate/diff.h
 *
 * Two versions of the rules over the same events: which requests appear, vanish and change, and in what.
 * Equal changes are one group with a count and an example. One thread.
 */
#pragma once

#include "base/arena.h"
#include "format/cloudevents.h"
#include "simulate/answers.h"
#include "simulate/result.h"

enum diff_kind {
	DIFF_ADDED,   /* a request that only the new rules make */
	DIFF_GONE,    /* one that only the old rules make */
	DIFF_CHANGED, /* both make it, and differ in `place` */
	DIFF_OUTCOME, /* no request differs, but how the run ended */
};

const char *diff_kind_name(enum diff_kind kind); /* "added", "gone", "changed", "outcome" */

struct diff_group {
	enum diff_kind kind;
	struct str campaign, rule, service; /* service: p == NULL of OUTCOME */
	struct str place;                   /* of CHANGED: "body.customer.phone" */
	size_t count;                       /* events */

	/* The first event that shows it. What is not there on one side has p == NULL. ADDED and GONE: the
	 * request in one line. */
	struct str event, from, to;
};

struct diff {
	struct arena arena;
	struct diff_group *groups; /* in the order of their first event */
	size_t n_groups, capacity;
	size_t events, events_same;
	void *index; /* of the groups */
};

struct diff_options {
	const struct ruleset *from, *to;
	struct str answers; /* the text of the answers; each side uses its own up */
	uint64_t seed;

	/* After each event, of which there were so many; NULL: nobody asks. False: that is enough, and what
	 * is settled by then is compared. */
	bool (*progress)(void *context, size_t n_events);
	void *context;
	size_t bytes_max; /* of requests and results that one side holds; more is enough, too. 0: any */
};

/* The events as samples_arrive leaves them; at least one. Returns 1 when not all were compared. */
int diff_run(const struct diff_options *options, const struct event_list *events, struct diff *ret,
	     struct error *reterr);
void diff_finish(struct diff *diff);
