#include "engine/recovery.h"
#include "engine/state_maker.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PENDING_MAX = 100000, WAITING_MAX = 250000 };

struct engine *engine_new(const struct engine_options *options, const struct ruleset *ruleset)
{
	struct engine *engine = mem_zalloc(sizeof *engine);
	engine->options = *options;
	if (!engine->options.pending_max)
		engine->options.pending_max = PENDING_MAX;
	if (!engine->options.waiting_max)
		engine->options.waiting_max = WAITING_MAX;
	engine->log = options->log ? *options->log : (struct log){.fd = -1};
	engine->user_agent = mem_strdup(options->user_agent ? options->user_agent : "switchhook/" VERSION);
	engine->ruleset = ruleset_ref(ruleset);
	window_init(&engine->seen, SEEN_EVENTS);
	engine->feed.mailbox = options->mailbox;
	sem_init(&engine->quiet, 0, 0);
	struct watchdog_options watching = {
		.stall_ms = options->stall_ms, .stalled = shard_stalled, .context = engine};
	engine->watchdog = watchdog_create(&watching);
	return engine;
}

void engine_free(struct engine *engine)
{
	watchdog_destroy(engine->watchdog);
	ruleset_unref(engine->ruleset);
	window_finish(&engine->seen);
	sem_destroy(&engine->quiet);
	free(engine->user_agent);
	free(engine);
}

int engine_create(const struct engine_options *options, const struct ruleset *ruleset, struct engine **ret,
		  struct error *reterr)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int shards = options->shards > 0 ? options->shards : cores > 0 ? (int)cores : 1;
	struct engine *engine = engine_new(options, ruleset);
	if (shard_threads_make(engine, (unsigned)(shards < SHARDS_MAX ? shards : SHARDS_MAX), reterr) ||
	    recover(engine, reterr)) {
		shard_threads_stop(engine);
		engine_free(engine);
		return -1;
	}
	engine->maker = state_maker_start(engine);
	shard_threads_start(engine);
	*ret = engine;
	return 0;
}

struct shard *engine_shard(struct engine *engine, uint64_t hash)
{
	return engine->shards[hash % engine->n_shards];
}

/* --- what is not settled
 * ---------------------------------------------------------------------------------------- */

struct idle_message {
	struct message message;
	struct engine *engine;
};

static void deliver_idle(struct message *message)
{
	struct idle_message *idle = container_of(message, struct idle_message, message);
	struct engine *engine = idle->engine;
	free(idle);
	if (engine->idle)
		engine->idle(engine->idle_context);
}

void engine_work(struct engine *engine, uint64_t change)
{
	uint64_t counts = work_add(&engine->work, change);
	if ((uint32_t)counts != 0)
		return;
	if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE))
		sem_post(&engine->quiet);
	if (counts == 0 && engine->idle_mailbox) {
		struct idle_message *idle = mem_zalloc(sizeof *idle);
		*idle = (struct idle_message){.message.deliver = deliver_idle, .engine = engine};
		mailbox_post(engine->idle_mailbox, &idle->message);
	}
}

void engine_on_idle(struct engine *engine, struct mailbox *reply_to, void (*idle)(void *context),
		    void *context)
{
	engine->idle = idle;
	engine->idle_context = context;
	engine->idle_mailbox = reply_to;
}

size_t engine_pending(const struct engine *engine)
{
	return work_active(&engine->work) + work_waiting(&engine->work);
}

void engine_totals(const struct engine *engine, struct engine_totals *ret)
{
	const uint64_t *from = (const uint64_t *)&engine->totals;
	uint64_t *to = (uint64_t *)ret;
	for (size_t i = 0; i < sizeof *ret / sizeof *to; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void engine_tally(const struct engine *engine, struct tally *to)
{
	for (unsigned i = 0; i < engine->n_shards; i++)
		tally_sum(to, &engine->shards[i]->tally);
}

unsigned engine_shards(const struct engine *engine)
{
	return engine->n_shards;
}

void engine_watch(struct engine *engine, void (*take)(void *context, const struct journal_delivery *row),
		  void *context)
{
	engine->feed.take = take;
	engine->feed.context = context;
	feed_make_room(&engine->feed, 0);
}

uint64_t engine_watch_room(struct engine *engine, int64_t n)
{
	return feed_make_room(&engine->feed, n);
}

struct ruleset *engine_ruleset(struct engine *engine)
{
	return ruleset_ref(engine->ruleset);
}

/* An event that is on its way to a shard brings the rules that it came to, so that those change between two
 * events, and for all shards at once. */
struct ruleset *engine_serve(struct engine *engine, const struct ruleset *ruleset,
			     struct unit *const *retired, size_t n_retired)
{
	struct ruleset *before = engine->ruleset;
	engine->ruleset = ruleset_ref(ruleset);
	for (size_t i = 0; i < n_retired; i++)
		unit_retire(retired[i]);
	for (unsigned i = 0; i < engine->n_shards && n_retired; i++)
		campaign_states_retire(engine->shards[i], retired, n_retired);
	return before;
}

/* --- the end
 * ---------------------------------------------------------------------------------------------------- */

struct stop_message {
	struct message message;
	struct shard *shard;
};

static void deliver_stop(struct message *message)
{
	struct stop_message *stop = container_of(message, struct stop_message, message);
	stop->shard->stopping = true;
	outlets_stop(stop->shard);
	free(stop);
}

struct barrier {
	struct journal_events entry;
	sem_t written;
};

static void post_semaphore(struct message *message)
{
	sem_post(&container_of(message, struct barrier, entry.entry.message)->written);
}

/* Events whose commit is under way are answered, and on their way to their shards, when this returns. */
static void finish_writing(struct engine *engine)
{
	struct barrier barrier = {.entry.entry = {.message.deliver = post_semaphore, .kind = ENTRY_EVENTS}};
	if (!engine->options.journal)
		return;
	sem_init(&barrier.written, 0, 0);
	journal_post(engine->options.journal, &barrier.entry.entry);
	while (sem_wait(&barrier.written))
		; /* a signal */
	sem_destroy(&barrier.written);
	mailbox_drain(engine->options.mailbox);
}

void engine_wake_shards(struct engine *engine, uint64_t *wakes)
{
	for (uint64_t left = *wakes; left; left &= left - 1)
		mailbox_wake(&engine->shards[__builtin_ctzll(left)]->mailbox);
	*wakes = 0;
}

void engine_wake(struct engine *engine)
{
	engine_wake_shards(engine, &engine->wakes);
}

void engine_stop(struct engine *engine, int64_t grace_ms)
{
	__atomic_store_n(&engine->stopping, true, __ATOMIC_RELEASE);
	finish_writing(engine);
	engine_wake(engine);
	for (unsigned i = 0; i < engine->n_shards; i++) {
		struct stop_message *stop = mem_zalloc(sizeof *stop);
		*stop = (struct stop_message){.message.deliver = deliver_stop, .shard = engine->shards[i]};
		shard_post(stop->shard, &stop->message);
	}
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += grace_ms / 1000;
	until.tv_nsec += grace_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	/* The semaphore may have been posted for a moment in which nothing was active; ask again until it is
	 * so. */
	while (work_active(&engine->work) > 0 && sem_timedwait(&engine->quiet, &until) == 0)
		;
	size_t left = engine_pending(engine);
	bool kept = engine->options.journal != NULL;
	shard_threads_stop(engine);
	if (left) {
		char count[32];
		snprintf(count, sizeof count, "%zu", left);
		log_entry(&engine->log, kept ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
			  kept ? "what is unfinished goes on at the next start"
			       : "stopped with unfinished work",
			  "pending", count, NULL);
	}
	engine_free(engine);
}
