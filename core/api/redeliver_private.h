/* core/api/redeliver_private.h
 *
 * Sending again, as its two files see it: what is read on the API's thread, and what the main thread does
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

/* What an id names: a delivery, or a run that failed. */
struct found {
	struct str id;
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

/* On the thread: collects the ids that the query asks for, and reads the first group. */
void redelivery_collect(struct job *job);

/* On the thread: reads the next group. */
void redelivery_read_group(struct job *job);
