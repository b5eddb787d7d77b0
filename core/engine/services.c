#include "engine/services.h"

#include "base/suggest.h"
#include "engine/outlet.h"
#include "engine/recovery.h"

/* --- how they are --- */

static int64_t wall_of(const struct shard *shard, int64_t at_us, int64_t now_us)
{
	return clock_wall_ms(shard->clock) + (at_us - now_us) / 1000;
}

static struct service_status status_of(const struct outlet *outlet)
{
	const struct shard *shard = outlet->shard;
	int64_t now_us = clock_mono_us(shard->clock);
	const struct breaker *breaker = &outlet->breaker;
	struct service_status status = {
		.service = outlet->service,
		.name = outlet->name,
		.paused = outlet->paused,
		.breaker = breaker->state,
		.concurrency = concurrency_limit(&outlet->concurrency),
		.n_on_wire = outlet->n_on_wire,
		.n_pending = outlet->n_deliveries,
		.n_delivered = outlet->n_delivered,
		.n_failed = outlet->n_failed,
	};
	if (breaker->state == BREAKER_OPEN)
		status.breaker_until_ms = wall_of(shard, breaker->until_us, now_us);
	if (outlet->resume_us > now_us)
		status.resume_ms = wall_of(shard, outlet->resume_us, now_us);
	if (outlet->failing.failing)
		status.failing_since_ms = wall_of(shard, outlet->failing.since_us, now_us);
	/* They came in order, but for a few that were sent again by hand. */
	if (!list_empty(&outlet->deliveries))
		status.oldest_ms =
			container_of(outlet->deliveries.next, struct delivery, in_service)->created_ms;
	recent_read(&outlet->recent, now_us, &status.recent);
	return status;
}

static int by_service(const void *a, const void *b)
{
	uint64_t x = ((const struct service_status *)a)->service,
		 y = ((const struct service_status *)b)->service;
	return (x > y) - (x < y);
}

static void deliver_answered(struct message *message)
{
	struct services_question *question = container_of(message, struct services_question, message);
	question->answered(question);
}

static void deliver_question(struct message *message)
{
	struct services_question *question = container_of(message, struct services_question, message);
	struct engine *engine = question->engine;
	const struct shard *shard = engine->shards[question->next++];
	size_t n = question->n + HASH_COUNT(shard->outlets);
	question->statuses = mem_realloc(question->statuses, (n + 1) * sizeof *question->statuses);
	for (const struct outlet *outlet = shard->outlets; outlet; outlet = outlet->hh.next)
		question->statuses[question->n++] = status_of(outlet);
	if (question->next < engine->n_shards) {
		shard_post(engine->shards[question->next], &question->message);
		return;
	}
	qsort(question->statuses, question->n, sizeof *question->statuses, by_service);
	question->message.deliver = deliver_answered;
	mailbox_post(question->reply_to, &question->message);
}

void engine_ask_services(struct engine *engine, struct services_question *question)
{
	question->engine = engine;
	question->next = 0;
	question->statuses = NULL;
	question->n = 0;
	question->message.deliver = deliver_question;
	shard_post(engine->shards[0], &question->message);
}

/* --- pausing --- */

struct pausing {
	struct message message;
	struct journal_service row;
	struct service_pause pause;
	struct shard *shard;
	char *name;
	uint64_t service;
};

static void pausing_end(struct pausing *pausing)
{
	if (pausing->pause.done)
		pausing->pause.done(pausing->pause.context);
	free(pausing->name);
	free(pausing);
}

static void deliver_paused(struct message *message)
{
	pausing_end(container_of(message, struct pausing, message));
}

static void deliver_written(struct message *message)
{
	struct journal_service *row = container_of(message, struct journal_service, entry.message);
	pausing_end(container_of(row, struct pausing, row));
}

static void record_pause(struct pausing *pausing)
{
	struct shard *shard = pausing->shard;
	struct journal *journal = shard->engine->options.journal;
	if (!journal) {
		pausing->message.deliver = deliver_paused;
		if (pausing->pause.reply_to)
			mailbox_post(pausing->pause.reply_to, &pausing->message);
		else
			pausing_end(pausing);
		return;
	}
	pausing->row = (struct journal_service){
		.entry = {.message.deliver = deliver_written,
			  .reply_to = pausing->pause.reply_to,
			  .kind = ENTRY_SERVICE},
		.name = str_of(pausing->name),
		.paused_ms = pausing->pause.paused ? clock_wall_ms(shard->clock) : 0,
	};
	journal_post(journal, &pausing->row.entry);
}

static struct pausing *pausing_new(struct shard *shard, uint64_t service, const struct service_pause *pause)
{
	struct pausing *pausing = mem_zalloc(sizeof *pausing);
	pausing->pause = *pause;
	pausing->shard = shard;
	pausing->service = service;
	pausing->name = mem_strndup(pause->name.p, pause->name.n);
	return pausing;
}

static void set_paused(struct outlet *outlet, bool paused)
{
	outlet->paused = paused;
	/* Who resumes a service wants to see it tried. */
	if (!paused && outlet->breaker.state == BREAKER_OPEN)
		outlet->breaker.until_us = clock_mono_us(outlet->shard->clock);
	if (!paused)
		outlet->resume_us = 0;
	outlet_queue(outlet);
}

static void deliver_pause(struct message *message)
{
	struct pausing *pausing = container_of(message, struct pausing, message);
	struct outlet *outlet = outlet_of(pausing->shard, pausing->service, str_of(pausing->name));
	bool changes = outlet->paused != pausing->pause.paused;
	if (changes)
		log_info(&pausing->shard->engine->log,
			 pausing->pause.paused ? "a service is paused" : "a service is resumed", "service",
			 pausing->name);
	set_paused(outlet, pausing->pause.paused);
	record_pause(pausing);
}

void outlet_pause(struct outlet *outlet, bool paused)
{
	struct service_pause pause = {.name = str_of(outlet->name), .paused = paused};
	set_paused(outlet, paused);
	record_pause(pausing_new(outlet->shard, outlet->service, &pause));
}

void outlet_restore_paused(struct engine *engine, struct str name)
{
	uint64_t service = str_hash(name);
	outlet_of(engine_shard(engine, service), service, name)->paused = true;
}

static int no_such_service(const struct ruleset *ruleset, struct str name, struct error *reterr)
{
	struct str *names = mem_zalloc((ruleset->n_services + 1) * sizeof *names);
	for (size_t i = 0; i < ruleset->n_services; i++)
		names[i] = ruleset->services[i]->name;
	struct str near = suggest_nearest(name, names, ruleset->n_services);
	free(names);
	error_set(reterr, "the rules have no service '%.*s'", name.n < 128 ? (int)name.n : 128, name.p);
	if (near.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	return -1;
}

int engine_pause_service(struct engine *engine, const struct service_pause *pause, struct error *reterr)
{
	const struct service *service = ruleset_service(engine->ruleset, pause->name);
	if (!service)
		return no_such_service(engine->ruleset, pause->name, reterr);
	struct pausing *pausing = pausing_new(engine_shard(engine, service->hash), service->hash, pause);
	pausing->message.deliver = deliver_pause;
	shard_post(pausing->shard, &pausing->message);
	return 0;
}
