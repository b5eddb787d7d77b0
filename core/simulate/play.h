/* core/simulate/play.h
 *
 * A list of events through one set of rules, from the first to the last.
 */
#pragma once

#include "format/cloudevents.h"
#include "simulate/simulation.h"

struct play {
	struct simulation_options simulation; /* start_ms and waits_end_ms are set from the events */
	int64_t advance_ms;                   /* how long waits go on after the last event */

	size_t bytes_max; /* of requests and results that are held at once; more is enough. 0: any number */

	/* Each event in the order of arrival, when nothing of it is under way any more, or at the end. The
	 * result is the callee's. False: that is enough. */
	bool (*result)(void *context, struct result *result);
	void *context;

	/* After each event, of which there were so many; NULL: nobody asks. False: that is enough. */
	bool (*progress)(void *context, size_t n_events);
};

/* The events as samples_arrive leaves them; at least one. Returns 1 when a callback had enough. */
int play_events(const struct play *play, const struct event_list *events, struct error *reterr);
