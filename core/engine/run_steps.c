/* What a run does, step by step; and what it did, when it is run again. */
#include "engine/run_private.h"

#include "format/exchange_text.h"

#include <stdio.h>

enum { SHOWN_MAX = 200 };

/* --- sends and calls
 * ------------------------------------------------------------------------------------------------ */

/* The same request as the first time? Otherwise the rule depends on something that was not recorded. */
static bool same_request(const struct replay_delivery *earlier, const struct request *request, int number,
			 struct error *reterr)
{
	struct buf now;
	buf_init(&now, earlier->request.n + SHOWN_MAX);
	request_to_text(&now, request);
	bool same = !now.overflow && str_eq(buf_view(&now), earlier->request);
	if (!same)
		error_set(reterr, "step %d was \"%.*s\" and is now \"%.*s\"", number,
			  (int)(earlier->request.n < SHOWN_MAX ? earlier->request.n : SHOWN_MAX),
			  earlier->request.p, (int)(now.n < SHOWN_MAX ? now.n : SHOWN_MAX), buf_z(&now));
	buf_finish(&now);
	return same;
}

static enum step_outcome step_request(struct run *run, const struct script_step *step, struct delivery_id *id,
				      struct step_result *ret_result, struct error *reterr)
{
	bool call = step->kind == STEP_CALL;
	if (!step->request)
		return STEP_ANSWERED;
	*id = delivery_id(run->event, run->rule, run->n_steps);
	ret_result->delivery = str_of(id->z);
	const struct replay_delivery *earlier = replay_find_delivery(run->replay, id);
	if (earlier && !same_request(earlier, step->request, run->n_steps, reterr)) {
		if (!run->rerender) {
			free(step->request);
			return STEP_DIVERGED;
		}
		earlier = NULL;
	}
	bool answered = earlier && call && earlier->state != DELIVERY_PENDING &&
			!(run->again && earlier->state != DELIVERY_DELIVERED);
	struct answer *answer = answered ? replay_answer(earlier, &run->now_ms) : NULL;
	if (answer) {
		free(step->request);
		free(run->call_answer);
		run->call_answer = answer;
		ret_result->answer = answer;
		ret_result->attempts = earlier->attempts;
		return STEP_ANSWERED;
	}
	if (earlier && !call) { /* it is on its way by itself, or there already */
		free(step->request);
		return STEP_ANSWERED;
	}
	if (call)
		run_begin_waiting(run, RUN_WAITS_FOR_ANSWER);
	delivery_start(&(struct delivery_order){
		.home = run->call->shard,
		.rule = run->rule,
		.event = run->event,
		.service = step->service,
		.verb = call         ? VERB_CALL
			: step->fire ? VERB_FIRE
				     : VERB_SEND,
		.step = run->n_steps,
		.id = *id,
		.asked_ms = run->now_ms > run->asked_ms ? run->now_ms : run->asked_ms,
		.request = step->request,
		.caller = call ? run : NULL,
		.earlier = earlier,
	});
	return call ? STEP_WAITS : STEP_ANSWERED;
}

void run_answered(struct run *run, const struct answer *answer, int attempts, int64_t at_ms)
{
	ensure(run->state == RUN_WAITS_FOR_ANSWER);
	run_end_waiting(run, at_ms);
	run_go(run, &(struct step_result){.answer = answer, .attempts = attempts});
}

/* --- waits
 * ----------------------------------------------------------------------------------------------------------
 */

static bool same_session(const struct event *a, const struct event *b)
{
	const struct value *x = event_tag(a, STR("session_id")), *y = event_tag(b, STR("session_id"));
	struct buf p, q;
	buf_init(&p, 256);
	buf_init(&q, 256);
	bool same = value_plain(x, &p) && value_plain(y, &q) && p.n > 0 && str_eq(buf_view(&p), buf_view(&q));
	buf_finish(&p);
	buf_finish(&q);
	return same;
}

bool run_awaits(const struct run *run, const struct event *event)
{
	return str_eq(run->waits_for, event->type) && (!run->own_session || same_session(run->event, event));
}

/* The event that a wait can take at once. What arrived while the run did something else counts as next:
 * whether it came a moment before or after the wait began must not matter, nor could it be repeated after a
 * crash. */
static const struct event *arrived_already(const struct run *run, bool seen)
{
	struct call *call = run->call;
	if (seen)
		call_load_history(call);
	for (size_t i = run->visible; i < call->n_events; i++)
		if (run_awaits(run, call->events[i]))
			return call->events[i];
	for (size_t i = seen ? run->visible : 0; i > 0; i--)
		if (call->events[i - 1]->seq != run->event->seq && run_awaits(run, call->events[i - 1]))
			return call->events[i - 1];
	return NULL;
}

/* From now on the run knows of the call's events up to this one. */
static void has_seen(struct run *run, const struct event *event)
{
	for (size_t i = run->visible; i < run->call->n_events; i++)
		if (run->call->events[i]->seq == event->seq)
			run->visible = i + 1;
}

static void describe(struct run *run, const struct script_step *step)
{
	if (step->kind == STEP_SLEEP)
		snprintf(run->fingerprint, sizeof run->fingerprint, "sleep %lld ms",
			 (long long)step->wait_ms);
	else
		snprintf(run->fingerprint, sizeof run->fingerprint, "wait_for %.100s within %lld ms%s%s",
			 step->type.p, (long long)step->wait_ms, step->session ? ", session" : "",
			 step->seen ? ", seen" : "");
}

static void go_on(void *context)
{
	struct run *run = context;
	struct event *event = run->awaited;
	run->awaited = NULL;
	run->state = RUN_RUNNING;
	run_go(run, &(struct step_result){.event = event});
	event_unref(event);
}

/* True: the run goes on once this is on disk. */
static bool record_wait(struct run *run, struct event *event)
{
	struct step_record record = {
		.number = run->n_steps,
		.fingerprint = str_of(run->fingerprint),
		.answered = true,
		.at_ms = run->now_ms,
		.awaited_seq = event ? event->seq : 0,
	};
	if (!record_step(run->call->shard, run->event, run->rule, &record, go_on, run))
		return false;
	run->awaited = event ? event_ref(event) : NULL;
	run->state = RUN_RECORDS;
	return true;
}

void run_wait_over(struct run *run, struct event *event)
{
	if (event)
		has_seen(run, event);
	run_end_waiting(run, clock_wall_ms(run->call->shard->clock));
	if (!record_wait(run, event))
		run_go(run, &(struct step_result){.event = event});
}

static void time_is_up(struct timer *timer)
{
	run_wait_over(container_of(timer, struct run, timer), NULL);
}

/* It never waits longer than the rule said, though the wall clock may have been set back since it began. */
static void wait_until(struct run *run, int64_t deadline_ms, int64_t most_ms, enum run_state state)
{
	struct shard *shard = run->call->shard;
	int64_t wait_ms = deadline_ms - clock_wall_ms(shard->clock);
	if (wait_ms > most_ms)
		wait_ms = most_ms;
	run_begin_waiting(run, state);
	run->timer.fire = time_is_up;
	int64_t end_ms = shard->engine->options.waits_end_ms;
	if (end_ms && deadline_ms > end_ms)
		return;
	timers_set(&shard->timers, &run->timer,
		   clock_mono_us(shard->clock) + (wait_ms > 0 ? wait_ms : 0) * 1000);
}

/* The event that this wait was given when it ran first. */
static const struct event *event_of_seq(const struct call *call, uint64_t seq)
{
	for (size_t i = 0; i < call->n_events; i++)
		if (call->events[i]->seq == seq)
			return call->events[i];
	return NULL;
}

/* A wait that the journal knows to be over. */
static enum step_outcome repeat_wait(struct run *run, const struct replay_step *earlier,
				     struct step_result *ret_result, struct error *reterr)
{
	run->now_ms = earlier->at_ms;
	if (!earlier->awaited_seq)
		return STEP_ANSWERED;
	call_load_history(run->call);
	const struct event *event = event_of_seq(run->call, earlier->awaited_seq);
	if (!event) {
		error_set(reterr, "step %d got event number %llu, which the journal has no more",
			  run->n_steps, (unsigned long long)earlier->awaited_seq);
		return STEP_DIVERGED;
	}
	has_seen(run, event);
	ret_result->event = (struct event *)(uintptr_t)event;
	return STEP_ANSWERED;
}

static enum step_outcome step_wait(struct run *run, const struct script_step *step,
				   struct step_result *ret_result, struct error *reterr)
{
	struct shard *shard = run->call->shard;
	enum run_state state = step->kind == STEP_SLEEP ? RUN_SLEEPS : RUN_WAITS_FOR_EVENT;
	int64_t deadline_ms = clock_wall_ms(shard->clock) + step->wait_ms;
	const struct replay_step *earlier = replay_find_step(run->replay, run->rule, run->n_steps);
	describe(run, step);
	run->waits_for = step->type;
	run->own_session = step->session;
	if (earlier && run->rerender && !str_eq(earlier->fingerprint, str_of(run->fingerprint)))
		earlier = NULL;
	if (earlier && !str_eq(earlier->fingerprint, str_of(run->fingerprint))) {
		error_set(reterr, "step %d was \"" STR_FMT "\" and is now \"%s\"", run->n_steps,
			  STR_ARG(earlier->fingerprint), run->fingerprint);
		return STEP_DIVERGED;
	}
	if (earlier && earlier->answered)
		return repeat_wait(run, earlier, ret_result, reterr);
	if (earlier)
		deadline_ms = earlier->at_ms;
	const struct event *event = step->kind == STEP_SLEEP ? NULL : arrived_already(run, step->seen);
	if (event) {
		has_seen(run, event);
		ret_result->event = (struct event *)(uintptr_t)event;
		return record_wait(run, ret_result->event) ? STEP_WAITS : STEP_ANSWERED;
	}
	struct step_record record = {run->n_steps, str_of(run->fingerprint), false, deadline_ms, 0};
	if (!earlier)
		record_step(shard, run->event, run->rule, &record, NULL, NULL);
	wait_until(run, deadline_ms, step->wait_ms, state);
	return STEP_WAITS;
}

enum step_outcome run_step(struct run *run, const struct script_step *step, struct delivery_id *id,
			   struct step_result *ret_result, struct error *reterr)
{
	*ret_result = (struct step_result){0};
	if (step->kind == STEP_SEND || step->kind == STEP_CALL)
		return step_request(run, step, id, ret_result, reterr);
	return step_wait(run, step, ret_result, reterr);
}
