#include "simulate/play.h"

static bool give(const struct play *play, struct simulation *simulation, bool all)
{
	for (struct result *result; (result = simulation_take(simulation, all));)
		if (!play->result(play->context, result))
			return false;
	return true;
}

static bool go_on(const struct play *play, const struct simulation *simulation, size_t n)
{
	if (play->bytes_max && simulation_bytes(simulation) > play->bytes_max)
		return false;
	return !play->progress || play->progress(play->context, n);
}

static bool play_all(const struct play *play, struct simulation *simulation, const struct event_list *events)
{
	for (size_t i = 0; i < events->n; i++) {
		simulation_event(simulation, events->events[i]);
		if (!give(play, simulation, false) || !go_on(play, simulation, i + 1))
			return false;
	}
	simulation_run_out(simulation);
	return give(play, simulation, true);
}

int play_events(const struct play *play, const struct event_list *events, struct error *reterr)
{
	struct simulation_options options = play->simulation;
	struct simulation *simulation;
	ensure(events->n > 0);
	options.start_ms = events->events[0]->arrived_ms;
	options.waits_end_ms = events->events[events->n - 1]->arrived_ms + play->advance_ms;
	if (simulation_create(&options, &simulation, reterr))
		return -1;
	bool all = play_all(play, simulation, events);
	simulation_destroy(simulation);
	return all ? 0 : 1;
}
