/* core/api/redeliver_private.h
 *
 * Sending again, as its files see it: what is read on the API's thread, and what the main thread does
 * with it.
 */
#pragma once

#include "api/api_private.h"
#include "engine/engine.h"

enum {
	IDS_MAX = 10000,
	GROUP_MAX = 64,
	GROUP_BYTES = 8 << 20,
	GROUP_ARENA_MAX = 64 << 20,
};

/* What is asked for at once: a delivery, a run that failed, or the runs that an event lacks. */
struct found {
	struct str id;
	const struct rule *const *rules; /* of runs that are missing */
	size_t n_rules;
	uint64_t seq; /* of their event */
	struct journal_delivery row;
	struct journal_run run;
	bool has_row, has_run, event_done;
	struct event *event;
	struct ruleset *ruleset; /* that the run ran with; NULL: it is not known any more */
};

struct redelivery_job {
	struct job *job;
	struct list in_queue; /* the first is the one that is worked on */
	bool single;
	struct missing *missing; /* NULL: what is on record is sent again */
	struct str *ids;
	size_t n, next; /* next: the first that was not tried */
	bool more;

	struct arena arena; /* of the group's texts */
	struct found group[GROUP_MAX];
	size_t n_group;
	size_t outstanding; /* handed to the engine, not pending on disk yet */

	size_t n_begun;
	struct buf begun, refused; /* items of JSON arrays */
};

/* --- redeliver.c --- */

/* Counts it in the answer as begun, or as what would be. Any thread, one at a time. */
void redelivery_note_begun(struct redelivery_job *redelivery, struct str id);

/* --- redeliver_missing.c --- */

struct missing *missing_new(struct job *job);
void missing_free(struct missing *missing); /* NULL is allowed */

/* Is what was asked for possible? 0, or -1 with job->error and status. */
int missing_check(struct job *job);

/* On the thread: looks at the next events. While there are more to look at `missing_is_collecting`, and it is
 * to be called again; then redelivery_job.n events lack something, and the first group is read. */
void missing_collect(struct job *job);
bool missing_is_collecting(const struct missing *missing);

/* On the thread: the event with this place among those that lack something. */
int missing_read_one(struct job *job, size_t place, struct found *ret);

/* Members of the answer: how many of which rule, what was looked at, and from where to go on. */
void missing_put(const struct job *job, struct buf *out);

/* --- redeliver_read.c --- */

/* On the thread: collects the ids that the query asks for, and reads the first group. */
void redelivery_collect(struct job *job);

/* On the thread: reads the next group. */
void redelivery_read_group(struct job *job);

/* On the thread: found->event, if the journal has it. 0, or -1 with job->error and status. */
int redelivery_read_event(struct job *job, uint64_t seq, struct found *found);
