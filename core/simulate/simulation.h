/* core/simulate/simulation.h
 *
 * What rules make of events, without sending anything: the engine itself (engine/solo.h) on virtual time, its
 * requests answered as scripted, and what it would write to a journal kept as results. One thread.
 *
 * Time goes on to each event's arrival, so that retries and waits happen between the events as they would.
 */
#pragma once

#include "simulate/answers.h"
#include "simulate/result.h"

struct coverage;
struct simulation;

struct simulation_options {
	const struct ruleset *ruleset;
	struct answers *answers;   /* NULL: everything is answered with an empty 200. Used up as it goes */
	uint64_t seed;             /* of jitter */
	int64_t start_ms;          /* wall clock; not after the first event's arrival */
	int64_t waits_end_ms;      /* no wait ends by time after this moment; 0: waits have no such end */
	struct coverage *coverage; /* what of the rules ran is counted here; NULL: it is not counted */

	/* What a call was answered, at this attempt (the first is 1); NULL is returned: `answers` say. The
	 * simulation frees it. The event is its own head, with its own seq. NULL: nothing is known. */
	struct answer *(*recorded)(void *context, const struct event *event, struct str delivery,
				   int attempt);
	void *context;
};

int simulation_create(const struct simulation_options *options, struct simulation **ret,
		      struct error *reterr);
void simulation_destroy(struct simulation *simulation); /* NULL is allowed */

int64_t simulation_now_ms(const struct simulation *simulation); /* wall clock */

/* The event arrives at its arrived_ms, or now if that has passed. It is shared, not copied: it must outlive
 * the simulation and its results. */
void simulation_event(struct simulation *simulation, const struct event *event);

/* Time goes on. */
void simulation_advance(struct simulation *simulation, int64_t ms);

/* About how many bytes its results and requests hold that nobody has taken yet. */
size_t simulation_bytes(const struct simulation *simulation);

/* No more events: requests go on to their last attempt, however long that takes. What is left afterwards
 * waits. */
void simulation_run_out(struct simulation *simulation);

/* The results in the order of the events. Without `all` only while the first is done; NULL: there is none.
 * The caller's to free. */
struct result *simulation_take(struct simulation *simulation, bool all);

/* The first result, still the simulation's; the others follow by `next`. */
const struct result *simulation_results(const struct simulation *simulation);
