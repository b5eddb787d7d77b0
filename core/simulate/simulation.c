#include "simulate/simulation.h"

#include "engine/record.h"
#include "engine/solo.h"
#include "engine/verdict.h"
#include "script/coverage.h"
#include "soap/client.h"

#include <stdio.h>

enum {
	RESULT_ARENA_MAX = 1 << 30, /* never reached: the texts are bounded, and the rest is small */
	RESULT_TEXTS_MAX = 64 << 20,
	SOAP_ANSWER_MAX = 1 << 20,
	REASON_MAX = 4096,
	RESULT_LOG_MAX = 200,
};

/* Longer than any schedule of attempts: a bound, not a figure. */
static const int64_t RUN_OUT_US = (int64_t)400 * 24 * 3600 * 1000000;

struct entry {
	struct result result;
	uint64_t seq;
	UT_hash_handle hh;
};

struct simulation {
	struct simulation_options options;
	struct engine_observer observer;
	struct solo solo;
	struct ruleset *ruleset;
	struct entry *open; /* by seq: those that are not done */
	struct result *first, **last;
	uint64_t n_deliveries;
	size_t bytes;
};

/* --- what the engine tells --- */

static struct result *result_of(struct simulation *simulation, const struct event *event)
{
	struct entry *entry;
	HASH_FIND(hh, simulation->open, &event->seq, sizeof event->seq, entry);
	return entry ? &entry->result : NULL;
}

static struct result_rule *rule_of(struct simulation *simulation, const struct event *event,
				   const struct rule *rule)
{
	struct result *result = result_of(simulation, event);
	return result && rule->campaign == result->campaign ? &result->rules[rule->index] : NULL;
}

static struct result_rule *rule_named(struct result *result, struct str name)
{
	for (size_t i = 0; i < result->n_rules; i++)
		if (str_eq(result->rules[i].rule->name, name))
			return &result->rules[i];
	return NULL;
}

static struct result_delivery *delivery_in(struct simulation *simulation, const struct delivery *delivery,
					   struct result **ret_result)
{
	struct result *result = result_of(simulation, delivery->event);
	struct result_rule *rule = result ? rule_named(result, delivery->rule) : NULL;
	*ret_result = result;
	for (struct result_delivery *item = rule ? rule->deliveries : NULL; item; item = item->next)
		if (str_eq(item->id, str_of(delivery->id.z)))
			return item;
	return NULL;
}

static void *take(struct result *result, size_t n)
{
	void *p = arena_zalloc(&result->arena, n);
	ensure(p);
	return p;
}

/* A rule may send a hundred bodies of the largest size; what is past the bound is not kept. */
static struct str copy(struct result *result, struct str s)
{
	if (s.n > RESULT_TEXTS_MAX - result->texts)
		return STR("(too large to be kept)");
	result->texts += s.n;
	struct str ret = arena_copy(&result->arena, s);
	ensure(ret.p);
	return ret;
}

static void copy_headers(struct result *result, struct result_delivery *item, const struct header *headers,
			 size_t n)
{
	struct header *all = take(result, (item->n_headers + n + 1) * sizeof *all);
	if (item->n_headers)
		memcpy(all, item->headers, item->n_headers * sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[item->n_headers + i] =
			(struct header){copy(result, headers[i].name), copy(result, headers[i].value)};
	item->headers = all;
	item->n_headers += n;
}

static void on_delivery_begun(void *context, const struct delivery *delivery)
{
	struct simulation *simulation = context;
	struct result *result = result_of(simulation, delivery->event);
	struct result_rule *rule = result ? rule_named(result, delivery->rule) : NULL;
	if (!rule)
		return;
	struct result_delivery *item = take(result, sizeof *item);
	item->service = delivery->service;
	item->service_name = delivery->service->name;
	item->id = copy(result, str_of(delivery->id.z));
	item->verb = str_of(verb_name(delivery->verb));
	item->method = copy(result, delivery->request->method);
	item->url = copy(result, delivery->request->url);
	item->body = copy(result, delivery->request->body);
	item->state = DELIVERY_PENDING;
	item->order = ++simulation->n_deliveries;
	item->at_ms = delivery->created_ms;
	result->bytes += delivery->request->body.n;
	simulation->bytes += delivery->request->body.n;
	item->last_attempt = &item->attempts;
	copy_headers(result, item, delivery->request->headers, delivery->request->n_headers);
	*rule->last_delivery = item;
	rule->last_delivery = &item->next;
}

static void on_delivery_stands(void *context, const struct delivery *delivery, enum delivery_state state,
			       int64_t next_ms, const struct answer *answer)
{
	struct result *result;
	struct result_delivery *item = delivery_in(context, delivery, &result);
	if (!item)
		return;
	item->state = state;
	item->next_ms = next_ms;
	if (!answer || (size_t)delivery->attempts == item->n_attempts)
		return;
	struct result_attempt *attempt = take(result, sizeof *attempt);
	*attempt = (struct result_attempt){
		.at_ms = delivery->attempt_at_ms,
		.took_ms = answer->took_us / 1000,
		.status = answer->status,
		.failure = answer->failure,
		.detail = copy(result, str_of(answer->detail)),
		.body = copy(result, answer->body.p ? answer->body : STR("")),
	};
	*item->last_attempt = attempt;
	item->last_attempt = &attempt->next;
	item->n_attempts++;
}

static void on_run_stands(void *context, const struct event *event, const struct rule *rule,
			  const struct run_record *run)
{
	struct result_rule *item = rule_of(context, event, rule);
	struct result *result = result_of(context, event);
	if (!item)
		return;
	/* One rule can fire several services: the first that failed says why. */
	if (!item->ended || item->outcome != OUTCOME_FAILED) {
		item->outcome = run->outcome;
		item->reason = run->reason.p ? copy(result, run->reason) : (struct str){0};
		item->error = run->error ? take(result, sizeof *item->error) : NULL;
		if (item->error)
			*item->error = *run->error;
	}
	item->ended = true;
	runlog_init(&item->log, &result->arena, RESULT_LOG_MAX);
	for (const struct runlog_line *line = run->log ? run->log->first : NULL; line; line = line->next)
		runlog_add(&item->log, STR_FMT, STR_ARG(line->text));
}

static void on_step_stands(void *context, const struct event *event, const struct rule *rule,
			   const struct step_record *record)
{
	struct result_rule *item = rule_of(context, event, rule);
	struct result *result = result_of(context, event);
	if (!item)
		return;
	struct result_step *step = item->steps;
	while (step && step->number != record->number)
		step = step->next;
	if (!step) {
		step = take(result, sizeof *step);
		step->number = record->number;
		step->what = copy(result, record->fingerprint);
		*item->last_step = step;
		item->last_step = &step->next;
	}
	step->over = record->answered;
	step->at_ms = record->at_ms;
	step->by_event = record->awaited_seq != 0;
}

static void on_event_done(void *context, const struct event *event)
{
	struct simulation *simulation = context;
	struct result *result = result_of(simulation, event);
	if (!result)
		return;
	result->done = true;
	HASH_DEL(simulation->open, container_of(result, struct entry, result));
}

/* --- answers --- */

static void answer_with(const struct scripted_answer *scripted, const struct exchange *exchange,
			struct fake_answer *ret)
{
	static const struct {
		enum failure failure;
		const char *detail;
	} failures[] = {
		[ANSWER_TIMEOUT] = {FAILURE_TIMEOUT, ""},
		[ANSWER_RESET] = {FAILURE_RESET, "the connection was reset"},
		[ANSWER_REFUSED] = {FAILURE_CONNECT, "connection refused"},
		[ANSWER_DNS] = {FAILURE_DNS, "the name is not known"},
		[ANSWER_TLS] = {FAILURE_TLS, "the certificate is not trusted"},
	};
	ret->delay_ms = scripted->delay_ms;
	if (scripted->error == ANSWER_TIMEOUT) {
		ret->delay_ms = exchange->timeout_ms + 1; /* the transport makes a time-out of it */
		return;
	}
	if (scripted->error != ANSWER_GIVEN) {
		ret->answer.status = 0;
		ret->answer.failure = failures[scripted->error].failure;
		snprintf(ret->answer.detail, sizeof ret->answer.detail, "%s",
			 failures[scripted->error].detail);
		return;
	}
	ret->answer.status = scripted->status;
	ret->answer.headers = (struct header *)(uintptr_t)scripted->headers;
	ret->answer.n_headers = scripted->n_headers;
	ret->answer.body = scripted->body;
}

/* A SOAP service answers with an envelope of its schema: what is scripted is the operation's output, and what
 * is not is empty. */
static void answer_as_soap(const struct soap_client *soap, struct result *result,
			   const struct exchange *exchange, const struct scripted_answer *scripted,
			   struct fake_answer *ret)
{
	static struct header types[] = {{{"content-type", 12}, {"text/xml; charset=utf-8", 23}}};
	struct buf body;
	struct error error;
	buf_init(&body, SOAP_ANSWER_MAX);
	if (soap_client_answer(soap, exchange->request, scripted ? scripted->output : NULL, &body, &error)) {
		ret->answer.status = 0;
		ret->answer.failure = FAILURE_PROTOCOL;
		snprintf(ret->answer.detail, sizeof ret->answer.detail, "the scripted answer: %.120s",
			 error.what);
	} else {
		ret->answer.body = copy(result, buf_view(&body));
		ret->answer.headers = types;
		ret->answer.n_headers = countof(types);
	}
	buf_finish(&body);
}

/* What stands behind the host, as a sink sees it. */
static struct str path_of(struct str url)
{
	const char *slashes = memmem(url.p, url.n, "://", 3);
	size_t at = slashes ? (size_t)(slashes - url.p) + 3 : 0;
	while (at < url.n && !strchr("/?#", url.p[at]))
		at++;
	if (at == url.n || url.p[at] != '/')
		return STR("/");
	size_t end = at;
	while (end < url.n && url.p[end] != '?' && url.p[end] != '#')
		end++;
	return (struct str){url.p + at, end - at};
}

static bool answer_as_recorded(struct simulation *simulation, const struct delivery *delivery,
			       struct result *result, struct fake_answer *ret)
{
	const struct simulation_options *options = &simulation->options;
	struct answer *then = options->recorded && delivery->caller
				      ? options->recorded(options->context, delivery->event,
							  str_of(delivery->id.z), delivery->attempts)
				      : NULL;
	if (!then)
		return false;
	struct header *headers = take(result, (then->n_headers + 1) * sizeof *headers);
	for (size_t i = 0; i < then->n_headers; i++)
		headers[i] = (struct header){copy(result, then->headers[i].name),
					     copy(result, then->headers[i].value)};
	ret->answer = *then;
	ret->answer.headers = headers;
	ret->answer.body = copy(result, then->body.p ? then->body : STR(""));
	/* Whether a status is a failure is for today's rules to say. */
	if (then->failure == FAILURE_STATUS)
		ret->answer.failure = FAILURE_NONE;
	ret->delay_ms = then->took_us / 1000;
	free(then);
	return true;
}

static void answer(void *context, const struct exchange *exchange, struct fake_answer *ret)
{
	struct simulation *simulation = context;
	const struct delivery *delivery = delivery_of(exchange);
	struct result *result;
	struct result_delivery *item = delivery ? delivery_in(simulation, delivery, &result) : NULL;
	if (item && !item->sent) {
		item->sent = true;
		copy_headers(result, item, exchange->extra, exchange->n_extra);
	}
	if (item && answer_as_recorded(simulation, delivery, result, ret))
		return;
	struct answer_key key = {
		.service = delivery ? delivery->service->name : STR(""),
		.group = delivery ? delivery->service->group : STR(""),
		.method = exchange->request->method,
		.path = path_of(exchange->request->url),
	};
	const struct soap_client *soap = delivery ? delivery->service->soap : NULL;
	if (soap)
		key.operation = soap_client_operation(soap, exchange->request);
	const struct scripted_answer *scripted =
		simulation->options.answers ? answers_take(simulation->options.answers, &key) : NULL;
	if (scripted)
		answer_with(scripted, exchange, ret);
	if (soap && item && (!scripted || scripted->output))
		answer_as_soap(soap, result, exchange, scripted, ret);
}

/* --- events --- */

static void add_rules(struct result *result)
{
	const struct campaign *campaign = result->campaign;
	struct buf reason;
	buf_init(&reason, REASON_MAX);
	result->nobody = !verdict_anybody(campaign, result->event, &reason);
	if (result->nobody)
		result->reason = copy(result, buf_view(&reason));
	result->n_rules = campaign ? campaign->n_rules : 0;
	result->rules = take(result, (result->n_rules + 1) * sizeof *result->rules);
	for (size_t i = 0; i < result->n_rules; i++) {
		struct result_rule *rule = &result->rules[i];
		rule->rule = &campaign->rules[i];
		rule->fires = !rule->rule->needs_lua && !rule->rule->has_once;
		rule->last_delivery = &rule->deliveries;
		rule->last_step = &rule->steps;
		buf_clear(&reason);
		rule->runs = verdict_runs(rule->rule, result->event, &reason);
		if (!rule->runs)
			rule->reason = copy(result, buf_view(&reason));
	}
	buf_finish(&reason);
}

static void cover_rules(struct simulation *simulation, const struct result *result)
{
	for (size_t i = 0; simulation->options.coverage && i < result->n_rules; i++)
		coverage_event(simulation->options.coverage, result->rules[i].rule, result->event);
}

/* The engine writes into an event, and two simulations may have the same one: each has its own head of it. */
static struct event *share(const struct event *event)
{
	struct event *own = event_create(0);
	*own = *event;
	own->refs = 1;
	own->open = 0;
	arena_init(&own->arena, 0);
	return own;
}

static struct entry *entry_new(struct simulation *simulation, const struct event *event)
{
	struct entry *entry = mem_zalloc(sizeof *entry);
	struct result *result = &entry->result;
	arena_init(&result->arena, RESULT_ARENA_MAX);
	result->event = share(event);
	result->ruleset = ruleset_ref(simulation->ruleset);
	result->campaign = ruleset_serving(simulation->ruleset, event->source);
	*simulation->last = result;
	simulation->last = &result->next;
	return entry;
}

/* The engine numbers the events that are new, from 1. The entry must be there before it does. */
void simulation_event(struct simulation *simulation, const struct event *event)
{
	struct solo *solo = &simulation->solo;
	int64_t arrival_us = (event->arrived_ms - solo->base_ms) * 1000;
	if (arrival_us > solo->now_us)
		solo_advance_to(solo, arrival_us);
	struct entry *entry = entry_new(simulation, event);
	struct result *result = &entry->result;
	result->event->arrived_ms = simulation_now_ms(simulation);
	entry->seq = solo->engine->last_seq + 1;
	add_rules(result);
	cover_rules(simulation, result);
	HASH_ADD(hh, simulation->open, seq, sizeof entry->seq, entry);
	if (solo_event(solo, event_ref(result->event)))
		return;
	HASH_DEL(simulation->open, entry);
	result->nobody = result->done = true;
	result->n_rules = 0;
	result->reason = STR("an earlier event had the same source and id: it is a duplicate");
}

void simulation_advance(struct simulation *simulation, int64_t ms)
{
	solo_advance_to(&simulation->solo, simulation->solo.now_us + ms * 1000);
}

void simulation_run_out(struct simulation *simulation)
{
	solo_run_out(&simulation->solo, RUN_OUT_US);
}

/* Of each body there are two: the engine's, while it may still be sent, and the result's. */
size_t simulation_bytes(const struct simulation *simulation)
{
	return 2 * simulation->bytes;
}

int64_t simulation_now_ms(const struct simulation *simulation)
{
	return simulation->solo.base_ms + simulation->solo.now_us / 1000;
}

struct result *simulation_take(struct simulation *simulation, bool all)
{
	struct result *result = simulation->first;
	if (!result || (!result->done && !all))
		return NULL;
	simulation->first = result->next;
	if (!simulation->first)
		simulation->last = &simulation->first;
	if (!result->done)
		HASH_DEL(simulation->open, container_of(result, struct entry, result));
	result->next = NULL;
	simulation->bytes -= result->bytes;
	return result;
}

const struct result *simulation_results(const struct simulation *simulation)
{
	return simulation->first;
}

/* --- beginning and end --- */

int simulation_create(const struct simulation_options *options, struct simulation **ret, struct error *reterr)
{
	struct simulation *simulation = mem_zalloc(sizeof *simulation);
	simulation->options = *options;
	simulation->last = &simulation->first;
	simulation->ruleset = ruleset_ref(options->ruleset);
	simulation->observer = (struct engine_observer){
		.context = simulation,
		.delivery_begun = on_delivery_begun,
		.delivery_stands = on_delivery_stands,
		.run_stands = on_run_stands,
		.step_stands = on_step_stands,
		.event_done = on_event_done,
	};
	struct engine_options engine = {
		.seed = options->seed,
		.observer = &simulation->observer,
		.waits_end_ms = options->waits_end_ms,
		.coverage = options->coverage,
		.keep_history = true,
	};
	solo_init(&simulation->solo, options->start_ms);
	if (solo_begin(&simulation->solo, &engine, options->ruleset, answer, simulation, reterr)) {
		ruleset_unref(simulation->ruleset);
		free(simulation);
		return -1;
	}
	*ret = simulation;
	return 0;
}

void simulation_destroy(struct simulation *simulation)
{
	if (!simulation)
		return;
	for (struct result *result; (result = simulation_take(simulation, true));)
		result_free(result);
	solo_end(&simulation->solo);
	ruleset_unref(simulation->ruleset);
	free(simulation);
}
