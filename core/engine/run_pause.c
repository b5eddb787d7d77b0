/* Runs that take long: each goes on for a slice of time once a turn of the loop, so that what a campaign uses
 * up is not the time of the others. */
#include "engine/run_private.h"

static void take_slice(struct timer *timer);

/* What others have begun goes through several turns of the loop, each as soon as it can: the event, the
 * request, its socket. In this time it gets through, instead of waiting for a slice at each of them. */
enum { GAP_US = 1000 };

static void set_timer(struct shard *shard)
{
	if (list_empty(&shard->paused) || timer_is_set(&shard->next_slice))
		return;
	shard->next_slice.fire = take_slice;
	timers_set(&shard->timers, &shard->next_slice, clock_mono_us(shard->clock) + GAP_US);
}

static void take_slice(struct timer *timer)
{
	struct shard *shard = container_of(timer, struct shard, next_slice);
	struct list *first = list_first(&shard->paused);
	if (!first)
		return;
	struct run *run = container_of(first, struct run, in_paused);
	list_remove(first);
	run->state = RUN_RUNNING;
	run_go(run, NULL);
	set_timer(shard);
}

void run_pause(struct run *run)
{
	struct shard *shard = run->call->shard;
	run->state = RUN_PAUSED;
	list_append(&shard->paused, &run->in_paused);
	set_timer(shard);
}
