/* Events on their way in: to the journal, and from there to the shard of their call. */
#include "engine/replay.h"

/* --- to the shard
 * --------------------------------------------------------------------------------------------------- */

struct arrival {
	struct message message;
	struct shard *shard;
	struct event *event;
	struct ruleset *ruleset;
	struct replay *replay;
};

static void deliver_arrival(struct message *message)
{
	struct arrival *arrival = container_of(message, struct arrival, message);
	struct engine *engine = arrival->shard->engine;
	call_take_event(arrival->shard, arrival->event, arrival->ruleset, arrival->replay);
	free(arrival);
	engine_work(engine, (uint64_t)-1);
}

static struct arrival *arrival_new(struct engine *engine, struct event *event, struct ruleset *ruleset,
				   struct replay *replay)
{
	struct arrival *arrival = mem_zalloc(sizeof *arrival);
	*arrival = (struct arrival){
		.message.deliver = deliver_arrival,
		.shard = engine_shard(engine, str_hash(event->subject)),
		.event = event,
		.ruleset = ruleset,
		.replay = replay,
	};
	return arrival;
}

void intake_dispatch(struct engine *engine, struct event *event, struct ruleset *ruleset,
		     struct replay *replay)
{
	struct arrival *arrival = arrival_new(engine, event, ruleset, replay);
	engine_work(engine, 1);
	shard_post(arrival->shard, &arrival->message);
}

struct batch {
	struct message *first, *last;
};

static void batch_add(struct batch *batch, struct message *message)
{
	message->next = NULL;
	if (batch->last)
		batch->last->next = message;
	else
		batch->first = message;
	batch->last = message;
}

/* All events of the batch that are new; one message list a shard, so that each is woken once. Their work is
 * counted already. */
static void dispatch_batch(struct engine *engine, const struct acceptance *acceptance)
{
	struct batch batches[SHARDS_MAX] = {0};
	for (size_t i = 0; i < acceptance->n; i++) {
		if (acceptance->duplicates[i])
			continue;
		struct arrival *arrival = arrival_new(engine, event_ref(acceptance->events[i]),
						      ruleset_ref(acceptance->ruleset), NULL);
		batch_add(&batches[arrival->shard->index], &arrival->message);
	}
	for (unsigned i = 0; i < engine->n_shards; i++)
		if (batches[i].first &&
		    mailbox_put(&engine->shards[i]->mailbox, batches[i].first, batches[i].last))
			engine->wakes |= (uint64_t)1 << i;
	if (!engine->options.wakes_later)
		engine_wake(engine);
}

/* --- to the journal
 * ------------------------------------------------------------------------------------------------- */

static void answer(struct engine *engine, struct acceptance *acceptance)
{
	size_t duplicates = 0;
	for (size_t i = 0; i < acceptance->n; i++)
		duplicates += acceptance->duplicates[i];
	acceptance->n_duplicates = duplicates;
	if (duplicates)
		engine_work(engine, -(uint64_t)duplicates);
	__atomic_add_fetch(&engine->totals.events, acceptance->n - duplicates, __ATOMIC_RELAXED);
	__atomic_add_fetch(&engine->totals.duplicates, duplicates, __ATOMIC_RELAXED);
	dispatch_batch(engine, acceptance);
	ruleset_unref(acceptance->ruleset);
}

static void answer_refused(struct engine *engine, struct acceptance *acceptance)
{
	acceptance->refused = true;
	acceptance->retry_after_s = 5;
	ruleset_unref(acceptance->ruleset);
	engine_work(engine, -(uint64_t)acceptance->n);
}

struct writing {
	struct journal_events entry;
	struct engine *engine;
	struct acceptance *acceptance;
};

static void deliver_written(struct message *message)
{
	struct writing *writing = container_of(message, struct writing, entry.entry.message);
	struct acceptance *acceptance = writing->acceptance;
	struct engine *engine = writing->engine;
	bool refused = writing->entry.refused;
	if (refused)
		acceptance->error = writing->entry.error;
	free(writing);
	if (refused)
		answer_refused(engine, acceptance);
	else
		answer(engine, acceptance);
	mailbox_post(acceptance->reply_to, &acceptance->message);
}

static void write_events(struct engine *engine, struct acceptance *acceptance)
{
	struct writing *writing = mem_zalloc(sizeof *writing);
	*writing = (struct writing){
		.entry =
			{
				.entry =
					{
						.message.deliver = deliver_written,
						.reply_to = engine->options.mailbox,
						.kind = ENTRY_EVENTS,
					},
				.events = acceptance->events,
				.duplicates = acceptance->duplicates,
				.n = acceptance->n,
			},
		.engine = engine,
		.acceptance = acceptance,
	};
	journal_post(engine->options.journal, &writing->entry.entry);
}

/* Without a journal the last ids are remembered, and numbers are given, here. */
static void number_events(struct engine *engine, struct acceptance *acceptance)
{
	for (size_t i = 0; i < acceptance->n; i++) {
		struct event *event = acceptance->events[i];
		struct str identity[] = {event->source, event->id};
		uint64_t seq = engine->last_seq + 1;
		acceptance->duplicates[i] = window_claim(&engine->seen, window_key(identity, 2), seq) != seq;
		if (!acceptance->duplicates[i])
			event->seq = engine->last_seq = seq;
	}
}

static bool has_no_room(const struct engine *engine, size_t n)
{
	return work_active(&engine->work) + n > engine->options.pending_max ||
	       work_waiting(&engine->work) > engine->options.waiting_max;
}

bool engine_full(const struct engine *engine)
{
	return has_no_room(engine, 1);
}

static bool refuse(struct engine *engine, struct acceptance *acceptance)
{
	if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE)) {
		error_set(&acceptance->error, "the engine is stopping");
	} else if (has_no_room(engine, acceptance->n)) {
		error_set(&acceptance->error,
			  "too much is pending: %zu events and deliveries are not settled",
			  engine_pending(engine));
	} else {
		return false;
	}
	acceptance->refused = true;
	acceptance->retry_after_s = 1;
	return true;
}

bool engine_accept(struct engine *engine, struct acceptance *acceptance)
{
	acceptance->refused = false;
	acceptance->n_duplicates = 0;
	if (refuse(engine, acceptance))
		return true;
	engine_work(engine, acceptance->n);
	/* What the journal says of an event is what it is run by, also if other rules serve before it is
	 * written. */
	acceptance->ruleset = ruleset_ref(engine->ruleset);
	for (size_t i = 0; i < acceptance->n; i++)
		acceptance->events[i]->generation = engine->ruleset->generation;
	if (engine->options.journal) {
		write_events(engine, acceptance);
		return false;
	}
	number_events(engine, acceptance);
	answer(engine, acceptance);
	return true;
}
