/* Runs that take long: they go on for a slice of time once a turn of the loop, so that what a campaign uses
 * up is not the time of the others. Those of a campaign that is known for it begin so, too. */
#include "engine/run_private.h"

static void slice_due(struct timer *timer)
{
}

/* The loop does not sleep: it looks whether there is something else, and turns again. */
static void set_timer(struct shard *shard)
{
	if (list_empty(&shard->paused) || timer_is_set(&shard->next_slice))
		return;
	shard->next_slice.fire = slice_due;
	timers_set(&shard->timers, &shard->next_slice, clock_mono_us(shard->clock));
}

static void go_on(struct shard *shard)
{
	struct run *run = container_of(list_first(&shard->paused), struct run, in_paused);
	list_remove(&run->in_paused);
	run->state = RUN_RUNNING;
	run_go(run, NULL);
}

bool runs_take_slice(struct shard *shard)
{
	if (list_empty(&shard->paused) || timer_is_set(&shard->next_slice))
		return false;
	int64_t end_us = clock_mono_us(shard->clock) + RUN_SHORT_SLICE_US;
	do
		go_on(shard);
	while (!list_empty(&shard->paused) && clock_mono_us(shard->clock) < end_us);
	set_timer(shard);
	return true;
}

void run_pause(struct run *run)
{
	struct shard *shard = run->call->shard;
	run->state = RUN_PAUSED;
	list_append(&shard->paused, &run->in_paused);
	set_timer(shard);
}
