/* Deliveries: from the run that wants one to its last attempt, and the answer back. */
#include "engine/attempt.h"
#include "engine/record.h"
#include "engine/replay.h"

#include "format/cloudevents.h"
#include "format/exchange_text.h"
#include "format/trace.h"
#include "policy/retry.h"
#include "soap/client.h"

#include <stdio.h>

enum { ATTEMPTS_LOG_MAX = 4 << 20, DELIVERY_ARENA_MAX = 64 * 1024 };

struct delivery_id delivery_id(const struct event *event, const struct rule *rule, int step)
{
	struct delivery_id id;
	struct str parts[] = {event->source,
			      event->id,
			      rule->campaign->name,
			      rule->name,
			      {(const char *)&step, sizeof step}};
	struct window_key key = window_key(parts, countof(parts));
	snprintf(id.z, sizeof id.z, "msg_%016llx%016llx", (unsigned long long)key.high,
		 (unsigned long long)key.low);
	return id;
}

struct delivery *delivery_new(struct shard *home, const struct service *service, struct event *event,
			      int64_t now_ms)
{
	struct delivery *delivery = mem_zalloc(sizeof *delivery);
	delivery->home = home;
	delivery->shard = engine_shard(home->engine, service->hash);
	delivery->service = service;
	delivery->event = event_ref(event);
	delivery->created_ms = now_ms;
	buf_init(&delivery->attempts_log, ATTEMPTS_LOG_MAX);
	arena_init(&delivery->arena, DELIVERY_ARENA_MAX);
	list_init(&delivery->in_lane);
	list_init(&delivery->in_outlet);
	list_init(&delivery->in_service);
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	event_unref(delivery->event);
	unit_unref(delivery->unit);
	buf_finish(&delivery->attempts_log);
	arena_finish(&delivery->arena);
	attempt_finish(delivery);
	free(delivery->request);
	free(delivery->answer);
	free(delivery);
}

/* At its service's shard. */
static void enter(struct delivery *delivery)
{
	struct tally *tally = &delivery->shard->tally;
	delivery->tally = tally_row(tally, TALLY_DELIVERIES, delivery->service->name);
	tally_add(delivery->tally, TALLY_PENDING, 1);
	outlet_enter(delivery);
}

static void deliver_here(struct message *message)
{
	enter(container_of(message, struct delivery, message));
}

void delivery_resume(struct delivery *delivery)
{
	struct shard *shard = delivery->shard;
	delivery->message.deliver = deliver_here;
	engine_work(shard->engine, 1);
	if (shard == delivery->home)
		enter(delivery);
	else
		shard_post_from(delivery->home, shard, &delivery->message);
}

void delivery_ask_again(struct delivery *delivery)
{
	delivery->next_ms = 0;
	delivery->asked_ms = clock_wall_ms(delivery->home->clock);
	delivery->asked_attempts = delivery->attempts;
}

/* A request that cannot be read back is sent as it was built anew: the run is the same. */
void delivery_take_earlier(struct delivery *delivery, const struct replay_delivery *earlier)
{
	struct str log = earlier->attempts_json;
	struct request *request = request_from_text(earlier->request);
	if (request) {
		free(delivery->request);
		delivery->request = request;
	}
	delivery->recorded = true;
	delivery->attempts = earlier->attempts;
	delivery->created_ms = earlier->created_ms;
	delivery->next_ms = earlier->next_ms;
	delivery->asked_ms = earlier->asked_ms;
	delivery->asked_attempts = earlier->asked_attempts;
	if (earlier->state != DELIVERY_PENDING)
		delivery_ask_again(delivery);
	if (log.n > 2)
		buf_add(&delivery->attempts_log, log.p, log.n - 1);
}

void delivery_start(const struct delivery_order *order)
{
	struct shard *home = order->home;
	struct delivery *delivery = delivery_new(home, order->service, order->event, order->asked_ms);
	delivery->unit = unit_ref(order->rule->campaign->unit);
	delivery->campaign = order->rule->campaign->name;
	delivery->rule = order->rule->name;
	delivery->verb = order->verb;
	delivery->step = order->step;
	delivery->id = order->id;
	delivery->request = order->request;
	delivery->caller = order->caller;
	const struct engine_observer *observer = home->engine->options.observer;
	if (order->earlier)
		delivery_take_earlier(delivery, order->earlier);
	else
		event_hold(delivery->event);
	if (observer)
		observer->delivery_begun(observer->context, delivery);
	delivery_resume(delivery);
}

/* --- the end of a delivery
 * ------------------------------------------------------------------------------------------ */

static void give_answer(void *context)
{
	struct delivery *delivery = context;
	struct engine *engine = delivery->home->engine;
	run_answered(delivery->caller, delivery->answer, delivery->attempts, delivery->answered_ms);
	delivery_free(delivery);
	engine_work(engine, (uint64_t)-1);
}

static void deliver_answer(struct message *message)
{
	give_answer(container_of(message, struct delivery, message));
}

const struct answer answer_expired = {.failure = FAILURE_EXPIRED, .detail = "it was too late to send it"};

/* What an attempt that ends a delivery brings to its row and to its caller. */
struct settlement {
	enum delivery_state state;
	const struct answer *attempt; /* of the attempt that has just ended; NULL: there was none */
	const struct answer *answer;  /* the caller's */
	int64_t at_ms;
};

static enum tally_figure figure_of(enum delivery_state state)
{
	return state == DELIVERY_DELIVERED ? TALLY_DELIVERED
	       : state == DELIVERY_DEAD    ? TALLY_DEAD
					   : TALLY_EXPIRED;
}

/* The caller goes on only when the answer is on disk. By mailbox even to its own shard: the run may go on to
 * send, and must not do so in the middle of this. */
static void settle(struct delivery *delivery, const struct settlement *settlement)
{
	struct engine *engine = delivery->shard->engine;
	int64_t expired_ms = settlement->state == DELIVERY_EXPIRED ? settlement->at_ms : 0;
	timers_cancel(&delivery->shard->timers, &delivery->expiry);
	outlet_leave(delivery);
	tally_add(delivery->tally, TALLY_PENDING, -1);
	tally_add(delivery->tally, figure_of(settlement->state), 1);
	if (delivery->caller) {
		delivery->answer = answer_copy(settlement->answer);
		delivery->answered_ms = settlement->at_ms;
		if (!record_delivery(delivery, settlement->state, expired_ms, settlement->attempt,
				     give_answer)) {
			delivery->message.deliver = deliver_answer;
			shard_post(delivery->home, &delivery->message);
		}
		return;
	}
	if (!record_delivery(delivery, settlement->state, expired_ms, settlement->attempt, NULL))
		event_release(engine, delivery->event);
	delivery_free(delivery);
	engine_work(engine, (uint64_t)-1);
}

static void log_dead(const struct delivery *delivery, const struct answer *answer)
{
	char attempts[16], status[16];
	snprintf(attempts, sizeof attempts, "%d", delivery->attempts);
	snprintf(status, sizeof status, "%d", answer->status);
	log_error(&delivery->shard->engine->log, "a delivery is dead", "service",
		  LOG_STR(delivery->service->name), "delivery", delivery->id.z, "campaign",
		  LOG_STR(delivery->campaign), "rule", LOG_STR(delivery->rule), "event",
		  LOG_STR(delivery->event->id), "call", LOG_STR(delivery->event->subject), "attempts",
		  attempts, "failure", failure_name(answer->failure), "status",
		  answer->status ? status : NULL, "detail", answer->detail[0] ? answer->detail : NULL);
}

/* --- attempts
 * ------------------------------------------------------------------------------------------------------- */

static void retry_due(struct timer *timer)
{
	struct delivery *delivery = container_of(timer, struct delivery, retry);
	engine_work(delivery->shard->engine, 1 - WORK_WAITING);
	outlet_again(delivery);
}

/* A shard that stops begins no retry: the delivery stays where it is, unsettled. */
/* What waits for its next attempt can be many: all that a service should have had while it was down. Its
 * request is built and its row has the rest, so that of the event only the names are needed. */
static void forget_data(struct delivery *delivery)
{
	const struct engine_options *options = &delivery->shard->engine->options;
	if (!delivery->recorded || delivery->caller || !options->journal || options->observer ||
	    !delivery->event->json.n)
		return;
	struct event *brief = event_brief(delivery->event);
	event_unref(delivery->event);
	delivery->event = brief;
}

void delivery_wait(struct delivery *delivery, int64_t delay_ms)
{
	struct shard *shard = delivery->shard;
	forget_data(delivery);
	delivery->retry.fire = retry_due;
	if (!shard->stopping)
		timers_set(&shard->timers, &delivery->retry, clock_mono_us(shard->clock) + delay_ms * 1000);
	engine_work(shard->engine, WORK_WAITING - 1);
	outlet_rest_behind(delivery);
}

/* --- too late
 * ------------------------------------------------------------------------------------------------------- */

static int64_t expires_ms(const struct delivery *delivery)
{
	int64_t from_ms = delivery->asked_ms ? delivery->asked_ms : delivery->created_ms;
	return delivery->service->expires_ms ? from_ms + delivery->service->expires_ms : INT64_MAX;
}

/* `attempt`: of the attempt that was the last; NULL when it ends while it waits. */
static void expire(struct delivery *delivery, const struct answer *attempt)
{
	struct shard *shard = delivery->shard;
	struct settlement settlement = {DELIVERY_EXPIRED, attempt, &answer_expired,
					clock_wall_ms(shard->clock)};
	if (timer_is_set(&delivery->retry)) {
		timers_cancel(&shard->timers, &delivery->retry);
		engine_work(shard->engine, 1 - WORK_WAITING);
	}
	engine_count(&shard->engine->totals.expired);
	settle(delivery, &settlement);
}

bool delivery_expired(struct delivery *delivery)
{
	if (clock_wall_ms(delivery->shard->clock) < expires_ms(delivery))
		return false;
	expire(delivery, NULL);
	return true;
}

/* What is on the wire may still arrive. The wall clock can have been set back since the timer was. */
static void expiry_due(struct timer *timer)
{
	struct delivery *delivery = container_of(timer, struct delivery, expiry);
	/* What is stranded by a stop is settled after the next start. */
	if (delivery->shard->stopping)
		return;
	if (!delivery->exchange.work && !delivery->preparing && !delivery_expired(delivery))
		delivery_watch_expiry(delivery);
}

void delivery_watch_expiry(struct delivery *delivery)
{
	struct shard *shard = delivery->shard;
	int64_t until_ms = expires_ms(delivery);
	if (until_ms == INT64_MAX || shard->stopping)
		return;
	int64_t wait_ms = until_ms - clock_wall_ms(shard->clock);
	delivery->expiry.fire = expiry_due;
	timers_set(&shard->timers, &delivery->expiry,
		   clock_mono_us(shard->clock) + (wait_ms > 0 ? wait_ms : 0) * 1000);
}

/* --- the end of an attempt
 * ------------------------------------------------------------------------------------------------------- */

static void try_again(struct delivery *delivery, const struct answer *answer, int64_t delay_ms)
{
	int64_t next_ms = clock_wall_ms(delivery->shard->clock) + delay_ms;
	if (next_ms >= expires_ms(delivery)) {
		expire(delivery, answer);
		return;
	}
	record_delivery(delivery, DELIVERY_PENDING, next_ms, answer, NULL);
	delivery_wait(delivery, delay_ms);
}

static void attempt_done(struct exchange *exchange, const struct answer *given)
{
	struct delivery *delivery = container_of(exchange, struct delivery, exchange);
	struct shard *shard = delivery->shard;
	const struct retry_policy *policy = &delivery->service->retry;
	int64_t delay_ms;
	if (attempt_again_with_new_token(delivery, given))
		return;
	struct answer *hidden = attempt_hide(delivery, given), answer = hidden ? *hidden : *given;
	attempt_finish(delivery);
	retry_judge(policy, &answer);
	if (delivery->service->soap)
		soap_client_judge(delivery->service->soap, &answer);
	tally_add(delivery->tally, TALLY_ATTEMPTS, 1);
	if (answer.failure != FAILURE_NONE)
		tally_add(delivery->tally, TALLY_FAILED_ATTEMPTS, 1);
	histogram_add(&delivery->tally->took, answer.took_us);
	outlet_attempt_ended(delivery, &answer);
	struct settlement settlement = {DELIVERY_DELIVERED, &answer, &answer,
					delivery->attempt_at_ms + answer.took_us / 1000};
	switch (retry_decide(policy, delivery->attempts - delivery->asked_attempts, &answer,
			     clock_wall_ms(shard->clock), shard_chance(shard), &delay_ms)) {
	case VERDICT_DELIVERED:
		engine_count(&shard->engine->totals.delivered);
		settle(delivery, &settlement);
		break;
	case VERDICT_RETRY:
		try_again(delivery, &answer, delay_ms);
		break;
	case VERDICT_DEAD:
		engine_count(&shard->engine->totals.dead);
		log_dead(delivery, &answer);
		settlement.state = DELIVERY_DEAD;
		settle(delivery, &settlement);
		break;
	}
	free(hidden);
}

/* Each attempt is a span of its own: to whoever looks at the trace, a retry is another call. */
static void pass_trace_on(struct delivery *delivery)
{
	struct exchange *exchange = &delivery->exchange;
	struct str key[] = {str_of(delivery->id.z),
			    {(const char *)&delivery->attempts, sizeof delivery->attempts}};
	if (!delivery->event->traceparent.p)
		return;
	for (size_t i = 0; i < delivery->request->n_headers; i++)
		if (str_eq(delivery->request->headers[i].name, STR("traceparent")))
			return;
	struct str trace = traceparent_child(delivery->event->traceparent, window_key(key, 2).low | 1,
					     delivery->traceparent);
	exchange->extra[exchange->n_extra++] = (struct header){STR("traceparent"), trace};
}

/* So that rules which send events to an engine, and are set off by them, come to an end. The first delivery
 * of a row says nothing: its webhook-id is enough. */
static void pass_hops_on(struct delivery *delivery)
{
	struct exchange *exchange = &delivery->exchange;
	if (!delivery->event->hops)
		return;
	int n = snprintf(delivery->hops, sizeof delivery->hops, "%d", delivery->event->hops);
	exchange->extra[exchange->n_extra++] =
		(struct header){STR(EVENT_HOPS_HEADER), {delivery->hops, (size_t)n}};
}

void delivery_attempt(struct delivery *delivery)
{
	struct shard *shard = delivery->shard;
	delivery->attempts++;
	delivery->attempt_at_ms = clock_wall_ms(shard->clock);
	engine_count(&shard->engine->totals.attempts);
	delivery->exchange.peer = &delivery->service->peer;
	delivery->exchange.extra[0] = (struct header){STR("webhook-id"), str_of(delivery->id.z)};
	delivery->exchange.n_extra = 1;
	pass_trace_on(delivery);
	pass_hops_on(delivery);
	delivery->exchange.timeout_ms = delivery->service->timeout_ms;
	delivery->exchange.answer_max = delivery->service->debug ? DEBUG_BODY_MAX : ANSWER_BODY_MAX;
	attempt_begin(delivery, attempt_done);
}

const struct delivery *delivery_of(const struct exchange *exchange)
{
	const char *place = (const char *)exchange - offsetof(struct delivery, exchange);
	return exchange->done == attempt_done ? (const struct delivery *)place : NULL;
}
