#include "engine/private.h"
#include "engine/state_maker.h"

#include "transport/transport_curl.h"

#include <stdio.h>
#include <uv.h>

/* A shard with a thread and a loop of its own. */
struct shard_thread {
	struct shard shard;
	uv_loop_t loop;
	uv_async_t wake;
	uv_timer_t tick;
	uv_prepare_t prepare;
	uv_check_t check;
	int64_t woke_us; /* 0: not yet */
	uv_thread_t thread;
	struct message end;
	bool started;
};

static struct shard_thread *thread_of(struct engine *engine, unsigned index)
{
	return container_of(engine->shards[index], struct shard_thread, shard);
}

static void wake_loop(void *context)
{
	struct shard_thread *thread = context;
	uv_async_send(&thread->wake);
}

static void woken(uv_async_t *async)
{
	struct shard_thread *thread = async->data;
	shard_work_begin(&thread->shard, NULL, NULL);
	mailbox_drain(&thread->shard.mailbox);
	shard_wake_others(&thread->shard);
	shard_work_end(&thread->shard);
}

static void ticked(uv_timer_t *timer)
{
}

static void after_sleep(uv_check_t *check)
{
	struct shard_thread *thread = check->data;
	thread->woke_us = clock_mono_us(thread->shard.clock);
}

/* Once a turn, before the loop goes to sleep: what is due, what may be sent, and how long to sleep. */
static void before_sleep(uv_prepare_t *prepare)
{
	struct shard_thread *thread = prepare->data;
	struct shard *shard = &thread->shard;
	shard_work_begin(shard, NULL, NULL);
	timers_run(&shard->timers, clock_mono_us(shard->clock));
	outlet_send_ready(shard);
	shard_wake_others(shard);
	if (runs_take_slice(shard)) {
		outlet_send_ready(shard);
		shard_wake_others(shard);
	}
	shard_work_end(shard);
	int64_t next = timers_next_us(&shard->timers), now_us = clock_mono_us(shard->clock);
	if (thread->woke_us)
		histogram_add(&shard->tally.turns, now_us - thread->woke_us);
	campaign_states_count(shard, now_us);
	if (next == INT64_MAX) {
		uv_timer_stop(&thread->tick);
		return;
	}
	int64_t wait_us = next - now_us;
	uv_update_time(&thread->loop);
	uv_timer_start(&thread->tick, ticked, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
}

static void run_thread(void *context)
{
	struct shard_thread *thread = context;
	char name[16];
	snprintf(name, sizeof name, "shard %u", thread->shard.index);
	pthread_setname_np(pthread_self(), name);
	thread->shard.watch = watchdog_watch(thread->shard.engine->watchdog, &thread->shard);
	blackbox_shard(thread->shard.engine->options.blackbox, thread->shard.index);
	uv_run(&thread->loop, UV_RUN_DEFAULT);
}

static void deliver_end(struct message *message)
{
	uv_stop(&container_of(message, struct shard_thread, end)->loop);
}

static int make_one(struct engine *engine, unsigned index, struct error *reterr)
{
	struct shard_thread *thread = mem_zalloc(sizeof *thread);
	struct transport_curl_options options = {
		.user_agent = engine->user_agent,
		.ca_file = engine->options.ca_file,
		.files_folder = engine->options.rules_folder,
		.egress = &engine->options.egress,
		.proxy = engine->options.proxy,
	};
	engine->shards[index] = &thread->shard;
	shard_init(&thread->shard, engine, index, clock_system(), engine->options.seed + index);
	mailbox_init(&thread->shard.mailbox, wake_loop, thread);
	ensure(uv_loop_init(&thread->loop) == 0);
	ensure(uv_async_init(&thread->loop, &thread->wake, woken) == 0);
	uv_timer_init(&thread->loop, &thread->tick);
	uv_prepare_init(&thread->loop, &thread->prepare);
	uv_prepare_start(&thread->prepare, before_sleep);
	uv_check_init(&thread->loop, &thread->check);
	uv_check_start(&thread->check, after_sleep);
	thread->wake.data = thread->prepare.data = thread->check.data = thread;
	if (transport_curl_create(&thread->loop, thread->shard.clock, &thread->shard.timers, &options,
				  &thread->shard.transport, reterr))
		return -1;
	return 0;
}

static void end_one(struct shard_thread *thread)
{
	if (!thread->started)
		return;
	thread->end.deliver = deliver_end;
	shard_post(&thread->shard, &thread->end);
	uv_thread_join(&thread->thread);
}

static void close_one(struct shard_thread *thread)
{
	shard_abandon(&thread->shard);
	transport_destroy(thread->shard.transport);
	uv_close((uv_handle_t *)&thread->wake, NULL);
	uv_close((uv_handle_t *)&thread->tick, NULL);
	uv_close((uv_handle_t *)&thread->prepare, NULL);
	uv_close((uv_handle_t *)&thread->check, NULL);
	while (uv_loop_alive(&thread->loop))
		uv_run(&thread->loop, UV_RUN_DEFAULT);
	ensure(uv_loop_close(&thread->loop) == 0);
	shard_finish(&thread->shard);
	mailbox_finish(&thread->shard.mailbox);
	free(thread);
}

int shard_threads_make(struct engine *engine, unsigned n, struct error *reterr)
{
	while (engine->n_shards < n)
		if (make_one(engine, engine->n_shards++, reterr))
			return -1;
	return 0;
}

void shard_threads_start(struct engine *engine)
{
	for (unsigned i = 0; i < engine->n_shards; i++) {
		struct shard_thread *thread = thread_of(engine, i);
		ensure(uv_thread_create(&thread->thread, run_thread, thread) == 0);
		thread->started = true;
	}
}

/* What the shards sent each other, and what the journal answers, is put where it belongs, now that no thread
 * runs; there it is abandoned. What would be written from here on is not: it is done again at the next start.
 */
static void settle_mailboxes(struct engine *engine)
{
	journal_close(engine->options.journal);
	engine->options.journal = NULL;
	for (bool more = true; more;) {
		more = engine->options.mailbox && mailbox_drain(engine->options.mailbox) > 0;
		for (unsigned i = 0; i < engine->n_shards; i++)
			more |= mailbox_drain(&engine->shards[i]->mailbox) > 0;
	}
}

void shard_threads_stop(struct engine *engine)
{
	for (unsigned i = 0; i < engine->n_shards; i++)
		end_one(thread_of(engine, i));
	state_maker_stop(engine->maker);
	engine->maker = NULL;
	settle_mailboxes(engine);
	for (unsigned i = 0; i < engine->n_shards; i++)
		close_one(thread_of(engine, i));
	engine->n_shards = 0;
}
