/* core/engine/observer.h
 *
 * Somebody who is told what an engine does, at the moment in which it would be written down: a simulation
 * keeps it, where a journal stores it. What is given lives for the call. Called on the thread of the shard
 * where it happens; must not call back.
 */
#pragma once

#include "journal/journal.h"
#include "model/rule.h"
#include "model/runlog.h"

struct delivery;
struct run_record;
struct step_record;

struct engine_observer {
	void *context;

	/* A delivery is on its way to its service. */
	void (*delivery_begun)(void *context, const struct delivery *delivery);

	/* As it stands after an attempt, or at its end; answer NULL: it expired without a new attempt. */
	void (*delivery_stands)(void *context, const struct delivery *delivery, enum delivery_state state,
				int64_t next_ms, const struct answer *answer);

	/* How a run ended. One that only fires is told when it failed, or logged. */
	void (*run_stands)(void *context, const struct event *event, const struct rule *rule,
			   const struct run_record *run);

	/* A wait began, or is over. */
	void (*step_stands)(void *context, const struct event *event, const struct rule *rule,
			    const struct step_record *step);

	/* All runs of the event are over; without a journal: and all its deliveries settled. */
	void (*event_done)(void *context, const struct event *event);
};
