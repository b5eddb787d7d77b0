#include "engine/record.h"
#include "engine/recovery.h"
#include "engine/replay.h"

static struct call *call_find(struct shard *shard, struct str subject)
{
	struct call *call;
	HASH_FIND(hh, shard->calls, subject.p, subject.n, call);
	return call;
}

static void remember(struct call *call, struct event *event)
{
	if (call->n_events == CALL_HISTORY_MAX)
		return;
	if (call->n_events == call->capacity) {
		call->capacity = call->capacity ? call->capacity * 2 : 4;
		call->events = mem_realloc(call->events, call->capacity * sizeof *call->events);
	}
	call->events[call->n_events++] = event_ref(event);
}

static void forget_events(struct call *call)
{
	for (size_t i = 0; i < call->n_events && !call->packed; i++)
		event_unref((struct event *)(uintptr_t)call->events[i]);
	free(call->events);
	call->events = NULL;
	call->n_events = call->capacity = 0;
}

static void call_free(struct call *call)
{
	struct shard *shard = call->shard;
	if (!list_empty(&call->in_idle)) {
		list_remove(&call->in_idle);
		shard->n_idle_calls--;
		shard->n_idle_events -= call->n_events;
	}
	HASH_DEL(shard->calls, call);
	forget_events(call);
	free(call->packed);
	free(call);
}

/* --- while nothing happens
 * -------------------------------------------------------------------------------------- */

struct packed_event {
	uint64_t seq;
	int64_t arrived_ms;
	uint32_t generation;
	uint32_t n; /* bytes of JSON that follow */
};

/* Without a journal the history of an idle call stands here alone. Few calls come back, so it is kept as
 * text: a third of the memory, and the rest is used again by the next event while it is still in the
 * processor's cache. */
static void pack(struct call *call)
{
	size_t size = 0;
	for (size_t i = 0; i < call->n_events; i++)
		size += sizeof(struct packed_event) + call->events[i]->json.n;
	char *packed = mem_alloc(size), *at = packed;
	for (size_t i = 0; i < call->n_events; i++) {
		const struct event *event = call->events[i];
		struct packed_event head = {event->seq, event->arrived_ms, event->generation,
					    (uint32_t)event->json.n};
		memcpy(at, &head, sizeof head);
		memcpy(at + sizeof head, event->json.p, event->json.n);
		at += sizeof head + event->json.n;
	}
	size_t n = call->n_events;
	forget_events(call);
	call->n_events = n;
	call->packed = packed;
}

static void unpack(struct call *call)
{
	struct event_list list = {0};
	const char *at = call->packed;
	for (size_t i = 0; i < call->n_events; i++) {
		struct packed_event head;
		memcpy(&head, at, sizeof head);
		struct event_row row = {.seq = head.seq,
					.generation = head.generation,
					.arrived_ms = head.arrived_ms,
					.json = {at + sizeof head, head.n}};
		event_restore(&row, &list);
		at += sizeof head + head.n;
	}
	call->n_events = 0;
	for (size_t i = 0; i < list.n; i++)
		remember(call, list.events[i]);
	event_list_finish(&list);
	free(call->packed);
	call->packed = NULL;
}

static void call_wake(struct call *call)
{
	if (list_empty(&call->in_idle))
		return;
	list_remove(&call->in_idle);
	call->shard->n_idle_calls--;
	call->shard->n_idle_events -= call->n_events;
	if (call->packed)
		unpack(call);
}

void call_release(struct call *call)
{
	struct shard *shard = call->shard;
	if (call->busy || !list_empty(&call->runs) || !list_empty(&call->in_idle))
		return;
	call->idle_since_us = clock_mono_us(shard->clock);
	list_append(&shard->idle_calls, &call->in_idle);
	shard->n_idle_calls++;
	shard->n_idle_events += call->n_events;
	if (!shard->engine->options.journal && !shard->engine->options.keep_history && call->n_events)
		pack(call);
}

/* The oldest go first. A call may come back after that, with a history that begins anew. */
static void trim_idle(struct shard *shard)
{
	int64_t now = clock_mono_us(shard->clock);
	size_t max = shard->engine->options.journal ? IDLE_EVENTS_CACHED : IDLE_EVENTS_MAX;
	if (shard->engine->options.keep_history)
		return;
	for (struct list *item; (item = list_first(&shard->idle_calls));) {
		struct call *call = container_of(item, struct call, in_idle);
		if (shard->n_idle_events <= max && now - call->idle_since_us < IDLE_CALL_MS * 1000LL)
			return;
		call_free(call);
	}
}

static struct call *call_of_event(struct shard *shard, struct event *event)
{
	struct call *call = call_find(shard, event->subject);
	if (call) {
		call_wake(call);
		return call;
	}
	call = mem_zalloc(sizeof *call + event->subject.n);
	call->shard = shard;
	memcpy(call + 1, event->subject.p, event->subject.n);
	call->subject = (struct str){(const char *)(call + 1), event->subject.n};
	list_init(&call->runs);
	list_init(&call->in_idle);
	HASH_ADD_KEYPTR(hh, shard->calls, call->subject.p, call->subject.n, call);
	return call;
}

static void start_runs(struct call *call, struct event *event, const struct ruleset *ruleset,
		       struct replay *replay)
{
	const struct campaign *campaign = ruleset_serving(ruleset, event->source);
	for (size_t i = 0; campaign && i < campaign->n_rules; i++) {
		const struct rule *rule = &campaign->rules[i];
		const struct condition *failed;
		if (rule_wants(rule, event->type) && rule_matches(rule, event, &failed) &&
		    !replay_find_run(replay, rule))
			run_start(call, event, rule, replay);
	}
}

void call_take_event(struct shard *shard, struct event *event, struct ruleset *ruleset, struct replay *replay)
{
	shard_work_begin(shard, ruleset ? event : NULL, NULL);
	struct call *call = call_of_event(shard, event);
	call->busy = true;
	if (!replay) { /* else the history has it already, and so has every run that waits for it */
		remember(call, event);
		runs_offer(call, event);
	}
	if (ruleset) {
		event_hold(event);
		start_runs(call, event, ruleset, replay);
		event_release(shard->engine, event);
	}
	call->busy = false;
	call_release(call);
	trim_idle(shard);
	shard_work_end(shard);
	event_unref(event);
	ruleset_unref(ruleset);
	replay_unref(replay);
}

/* The event is the call's own where it has it: what holds one holds the other. */
static struct event *event_of_call(struct call *call, struct event *event)
{
	call_load_history(call);
	for (size_t i = 0; i < call->n_events; i++)
		if (call->events[i]->seq == event->seq)
			return (struct event *)(uintptr_t)call->events[i];
	remember(call, event);
	return event;
}

void call_run_again(struct shard *shard, struct event *event, const struct rule *const *rules, size_t n,
		    struct replay *replay)
{
	struct call *call = call_of_event(shard, event);
	call->busy = true;
	struct event *own = event_of_call(call, event);
	event_hold(own);
	for (size_t i = 0; i < n; i++)
		run_start(call, own, rules[i], replay);
	event_release(shard->engine, own);
	call->busy = false;
	call_release(call);
	trim_idle(shard);
}

/* --- what came before
 * -------------------------------------------------------------------------------------------- */

struct loading {
	struct event_list list;
	uint64_t before; /* the first event that is here already */
};

static bool load_row(void *context, const struct event_row *row)
{
	struct loading *loading = context;
	if (row->seq >= loading->before)
		return false;
	event_restore(row, &loading->list);
	return true;
}

static void prepend(struct call *call, struct event_list *list)
{
	size_t room = CALL_HISTORY_MAX - call->n_events;
	size_t skip = list->n > room ? list->n - room : 0, n = list->n - skip;
	if (call->n_events + n > call->capacity) {
		call->capacity = call->n_events + n;
		call->events = mem_realloc(call->events, call->capacity * sizeof *call->events);
	}
	memmove(call->events + n, call->events, call->n_events * sizeof *call->events);
	for (size_t i = 0; i < n; i++)
		call->events[i] = event_ref(list->events[skip + i]);
	call->n_events += n;
	runs_shift(call, n);
}

struct journal_reader *shard_reader(struct shard *shard)
{
	struct error error;
	if (!shard->reader && journal_reader_open(shard->engine->options.journal, &shard->reader, &error))
		log_error(&shard->engine->log, "the journal cannot be read", "error", error.what);
	return shard->reader;
}

void call_load_history(struct call *call)
{
	struct shard *shard = call->shard;
	struct journal_reader *reader;
	struct loading loading = {.before = call->n_events ? call->events[0]->seq : UINT64_MAX};
	struct event_query query = {.call = call->subject};
	struct error error;
	if (call->loaded || !shard->engine->options.journal)
		return;
	call->loaded = true;
	if (!(reader = shard_reader(shard)))
		return;
	if (journal_read_events(reader, &query, load_row, &loading, &error))
		log_error(&shard->engine->log, "the history of a call cannot be read", "call",
			  LOG_STR(call->subject), "error", error.what);
	else
		prepend(call, &loading.list);
	event_list_finish(&loading.list);
}

void calls_abandon(struct shard *shard)
{
	struct call *call, *next;
	HASH_ITER(hh, shard->calls, call, next)
	{
		runs_abandon(call);
		call_free(call);
	}
}
