#include "engine/recovery.h"

#include "engine/generation.h"
#include "engine/quarantine.h"
#include "engine/record.h"
#include "engine/replay.h"
#include "engine/rerun.h"
#include "format/exchange_text.h"
#include "policy/retry.h"

#include <stdio.h>

struct kept_ruleset {
	uint32_t generation;
	struct ruleset *ruleset;
	UT_hash_handle hh;
};

struct open_call {
	char *subject;
	UT_hash_handle hh;
};

struct recovery {
	struct engine *engine;
	struct journal_reader *reader;
	struct kept_ruleset *rulesets;
	struct open_call *calls;
	struct event_list events; /* of the row that is read */
	bool event_done;
	struct error error;
	bool failed;
	size_t n_events, n_deliveries;
};

void event_restore(const struct event_row *row, struct event_list *list)
{
	struct event_limits limits = {.data_bytes = SIZE_MAX / 64, .depth = 1000};
	struct error error;
	size_t n = list->n;
	if (events_parse_json(row->json, &limits, row->arrived_ms, list, &error) || list->n != n + 1)
		return;
	struct event *event = list->events[n];
	event->seq = row->seq;
	event->generation = row->generation;
	event->arrived_ms = row->arrived_ms;
}

/* --- the rules of then
 * ---------------------------------------------------------------------------------------------- */

/* NULL when the journal has them no more. */
static struct ruleset *ruleset_of(struct recovery *recovery, uint32_t generation)
{
	struct kept_ruleset *kept;
	if (generation == recovery->engine->ruleset->generation)
		return recovery->engine->ruleset;
	HASH_FIND(hh, recovery->rulesets, &generation, sizeof generation, kept);
	if (!kept) {
		kept = mem_zalloc(sizeof *kept);
		kept->generation = generation;
		if (generation_load(recovery->reader, generation, recovery->engine->ruleset, &kept->ruleset,
				    &recovery->error))
			recovery->failed = true;
		HASH_ADD(hh, recovery->rulesets, generation, sizeof kept->generation, kept);
	}
	return kept->ruleset;
}

/* --- deliveries that nobody waits for
 * ------------------------------------------------------------------------------- */

const struct service *ruleset_service(const struct ruleset *ruleset, struct str name)
{
	for (size_t i = 0; i < ruleset->n_services; i++)
		if (str_eq(ruleset->services[i]->name, name))
			return ruleset->services[i];
	return NULL;
}

/* A service that the rules of today do not know any more still gets what was meant for it. */
static const struct service *service_of(struct delivery *delivery, const struct service *named,
					const struct journal_delivery *row)
{
	if (named)
		return named;
	struct service *service = arena_zalloc(&delivery->arena, sizeof *service);
	service->name = arena_copy(&delivery->arena, row->service);
	service->hash = row->service_hash;
	service->timeout_ms = 30000;
	service->retry = retry_default;
	return service;
}

static enum verb verb_of(struct str name)
{
	if (str_eq(name, STR("fire")))
		return VERB_FIRE;
	return str_eq(name, STR("call")) ? VERB_CALL : VERB_SEND;
}

struct delivery *delivery_restore(struct engine *engine, const struct journal_delivery *row,
				  struct event *event)
{
	struct replay_delivery earlier = {
		.id = row->id,
		.state = row->state,
		.attempts = row->attempts,
		.created_ms = row->created_ms,
		.next_ms = row->next_ms,
		.asked_ms = row->asked_ms,
		.asked_attempts = row->asked_attempts,
		.request = row->request,
		.attempts_json = row->attempts_json,
	};
	const struct service *named = ruleset_service(engine->ruleset, row->service);
	struct service unknown = {.hash = row->service_hash};
	struct delivery *delivery = delivery_new(engine_shard(engine, str_hash(event->subject)),
						 named ? named : &unknown, event, 0);
	delivery->service = service_of(delivery, named, row);
	delivery->unit = unit_ref(named ? named->unit : NULL);
	delivery->campaign = arena_copy(&delivery->arena, row->campaign);
	delivery->rule = arena_copy(&delivery->arena, row->rule);
	delivery->verb = verb_of(row->verb);
	delivery->step = row->step;
	snprintf(delivery->id.z, sizeof delivery->id.z, STR_FMT, STR_ARG(row->id));
	delivery_take_earlier(delivery, &earlier);
	if (delivery->request)
		return delivery;
	delivery_free(delivery);
	return NULL;
}

static bool take_event(void *context, const struct event_row *row)
{
	struct recovery *recovery = context;
	event_restore(row, &recovery->events);
	recovery->event_done = row->done;
	return false;
}

static struct event *event_of(struct recovery *recovery, uint64_t seq)
{
	struct event_query query = {.after_seq = seq - 1, .limit = 1};
	struct event *event = NULL;
	if (journal_read_events(recovery->reader, &query, take_event, recovery, &recovery->error))
		recovery->failed = true;
	else if (recovery->events.n == 1 && recovery->events.events[0]->seq == seq)
		event = event_ref(recovery->events.events[0]);
	event_list_finish(&recovery->events);
	return event;
}

/* The calls of an event that is not done are left to their runs, which are run again and make them anew.
 * Those of one that is done were asked for again by an operator. */
static bool take_pending(void *context, const struct journal_delivery *row)
{
	struct recovery *recovery = context;
	struct event *event = event_of(recovery, row->seq);
	struct delivery *delivery = NULL;
	if (event && (recovery->event_done || !str_eq(row->verb, STR("call"))))
		delivery = delivery_restore(recovery->engine, row, event);
	event_unref(event);
	if (delivery) {
		delivery_resume(delivery);
		recovery->n_deliveries++;
	}
	return !recovery->failed;
}

/* --- events that are not done
 * --------------------------------------------------------------------------------------- */

/* Those that an operator had run again, each with the rules that it was given. */
static void dispatch_reruns(struct recovery *recovery, struct event *event, const struct replay *known)
{
	for (size_t i = 0; i < known->n_runs; i++) {
		const struct replay_run *run = &known->runs[i];
		struct ruleset *ruleset = ruleset_of(recovery, run->generation);
		const struct rule *rule = ruleset ? ruleset_rule(ruleset, run->campaign, run->rule) : NULL;
		struct replay *replay =
			rule ? replay_read(recovery->reader, event->seq, &recovery->error) : NULL;
		if (!rule)
			log_error(&recovery->engine->log,
				  "a run cannot be run again: its rules are not in the journal any more",
				  "event", LOG_STR(event->id), "campaign", LOG_STR(run->campaign), "rule",
				  LOG_STR(run->rule));
		else if (!replay)
			recovery->failed = true;
		if (!replay)
			continue;
		event_hold(event);
		rerun_dispatch(recovery->engine, event_ref(event), ruleset_ref(ruleset), rule, replay);
	}
}

static void dispatch_again(struct recovery *recovery, struct event *event)
{
	struct ruleset *ruleset = ruleset_of(recovery, event->generation);
	int over = quarantine(recovery->engine, recovery->reader, event, ruleset, &recovery->error);
	struct replay *replay = over ? NULL : replay_read(recovery->reader, event->seq, &recovery->error);
	if (!replay) {
		recovery->failed |= over <= 0;
		return;
	}
	if (!ruleset)
		log_error(&recovery->engine->log,
			  "an unfinished event cannot go on: its rules are not in the journal any more",
			  "event", LOG_STR(event->id));
	recovery->n_events++;
	dispatch_reruns(recovery, event, replay);
	intake_dispatch(recovery->engine, event_ref(event), ruleset ? ruleset_ref(ruleset) : NULL, replay);
}

static bool take_event_of_call(void *context, const struct event_row *row)
{
	struct recovery *recovery = context;
	size_t n = recovery->events.n;
	event_restore(row, &recovery->events);
	if (recovery->events.n > n)
		recovery->events.events[n]->open = !row->done;
	return true;
}

/* First the whole history of the call, because a run that is run again may have been given any of it; then
 * what is open. */
static int recover_call(struct recovery *recovery, struct str subject)
{
	struct event_query all = {.call = subject};
	struct event_list *list = &recovery->events;
	if (journal_read_events(recovery->reader, &all, take_event_of_call, recovery, &recovery->error))
		return -1;
	bool *open = mem_zalloc(list->n * sizeof *open);
	for (size_t i = 0; i < list->n; i++) {
		open[i] = list->events[i]->open;
		list->events[i]->open = 0;
		intake_dispatch(recovery->engine, event_ref(list->events[i]), NULL, NULL);
	}
	for (size_t i = 0; i < list->n && !recovery->failed; i++)
		if (open[i])
			dispatch_again(recovery, list->events[i]);
	free(open);
	event_list_finish(list);
	return recovery->failed ? -1 : 0;
}

static bool note_call(void *context, const struct event_row *row)
{
	struct recovery *recovery = context;
	struct open_call *call;
	event_restore(row, &recovery->events);
	if (recovery->events.n == 1) {
		struct str subject = recovery->events.events[0]->subject;
		HASH_FIND(hh, recovery->calls, subject.p, subject.n, call);
		if (!call) {
			call = mem_zalloc(sizeof *call);
			call->subject = mem_strndup(subject.p, subject.n);
			HASH_ADD_KEYPTR(hh, recovery->calls, call->subject, subject.n, call);
		}
	}
	event_list_finish(&recovery->events);
	return true;
}

static int recover_events(struct recovery *recovery)
{
	struct event_query open = {.only_open = true};
	if (journal_read_events(recovery->reader, &open, note_call, recovery, &recovery->error))
		return -1;
	for (struct open_call *call = recovery->calls; call; call = call->hh.next)
		if (recover_call(recovery, str_of(call->subject)))
			return -1;
	return 0;
}

static bool take_once(void *context, const struct journal_once *row)
{
	struct engine *engine = context;
	struct window_key key = {row->key[0], row->key[1]};
	window_claim(&engine_shard(engine, key.low)->once, key, row->seq);
	return true;
}

/* Deliveries before events: what is pending was first in its lane. */
static bool take_paused(void *context, const struct journal_service *row)
{
	outlet_restore_paused(context, row->name);
	return true;
}

static int recover_all(struct recovery *recovery)
{
	struct engine *engine = recovery->engine;
	struct delivery_query pending = {
		.state = DELIVERY_PENDING, .oldest_first = true, .with_request = true};
	if (journal_read_once(recovery->reader, (size_t)ONCE_KEYS * engine->n_shards, take_once, engine,
			      &recovery->error) ||
	    journal_read_services(recovery->reader, take_paused, engine, &recovery->error) ||
	    journal_read_deliveries(recovery->reader, &pending, take_pending, recovery, &recovery->error) ||
	    recovery->failed)
		return -1;
	return recover_events(recovery);
}

static void finish(struct recovery *recovery)
{
	struct kept_ruleset *kept, *next_kept;
	struct open_call *call, *next_call;
	HASH_ITER(hh, recovery->rulesets, kept, next_kept)
	{
		HASH_DEL(recovery->rulesets, kept);
		ruleset_unref(kept->ruleset);
		free(kept);
	}
	HASH_ITER(hh, recovery->calls, call, next_call)
	{
		HASH_DEL(recovery->calls, call);
		free(call->subject);
		free(call);
	}
	journal_reader_close(recovery->reader);
}

int recover(struct engine *engine, struct error *reterr)
{
	struct recovery recovery = {.engine = engine};
	if (!engine->options.journal)
		return 0;
	if (journal_reader_open(engine->options.journal, &recovery.reader, reterr))
		return -1;
	int result = recover_all(&recovery);
	finish(&recovery);
	if (result) {
		*reterr = recovery.error;
		error_prefix(reterr, "the journal cannot be read");
		return -1;
	}
	if (recovery.n_events || recovery.n_deliveries) {
		char events[32], deliveries[32];
		snprintf(events, sizeof events, "%zu", recovery.n_events);
		snprintf(deliveries, sizeof deliveries, "%zu", recovery.n_deliveries);
		log_info(&engine->log, "going on with what was unfinished", "events", events, "deliveries",
			 deliveries);
	}
	return 0;
}
