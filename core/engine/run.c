#include "engine/run_private.h"

#include <stdio.h>

/* --- what a rule may ask
 * -------------------------------------------------------------------------------------------- */

static size_t host_history(void *context, const struct event *const **ret)
{
	struct run *run = context;
	call_load_history(run->call);
	*ret = run->call->events;
	return run->visible;
}

static int64_t host_now_ms(void *context)
{
	return ((struct run *)context)->now_ms;
}

/* SplitMix64, seeded by what the run is: the same chance when it is run again. */
static uint64_t host_random(void *context)
{
	struct run *run = context;
	uint64_t z = run->random += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void host_log(void *context, struct str line)
{
	struct run *run = context;
	runlog_add(&run->log, STR_FMT, STR_ARG(line));
}

const struct script_host run_host = {host_history, host_now_ms, host_random, host_log};

/* --- beginning and end
 * ---------------------------------------------------------------------------------------------- */

static void run_free(struct run *run)
{
	timers_cancel(&run->call->shard->timers, &run->timer);
	list_remove(&run->in_call);
	list_remove(&run->in_paused);
	if (run->state == RUN_WAITS_FOR_ANSWER || run->state == RUN_WAITS_FOR_EVENT ||
	    run->state == RUN_SLEEPS)
		unit_waiting(run->unit, -1);
	script_run_destroy(run->script);
	if (run->home)
		campaign_state_leave(run->home);
	arena_finish(&run->arena);
	event_unref(run->awaited);
	event_unref(run->event);
	unit_unref(run->unit);
	replay_unref(run->replay);
	free(run->call_answer);
	free(run);
}

static void count_run(const struct call *call, const struct rule *rule, enum run_outcome outcome)
{
	struct tally *tally = &call->shard->tally;
	tally_add(tally_row(tally, TALLY_RUNS, rule->campaign->name), outcome, 1);
}

void run_end(struct run *run, enum run_outcome outcome, struct str reason)
{
	struct call *call = run->call;
	struct engine *engine = engine_of(call);
	count_run(call, run->rule, outcome);
	log_lines(call, run->event, run->rule, &run->log);
	record_run(call->shard, run->event, run->rule,
		   &(struct run_record){outcome, reason, &run->log, run->generation, run->error});
	event_release(engine, run->event);
	run_free(run);
	call_release(call);
	engine_work(engine, (uint64_t)-1);
}

struct str failure_reason(char text[REASON_MAX], const struct error *error)
{
	if (error->file[0])
		snprintf(text, REASON_MAX, "%s:%d: %s", error->file, error->line, error->what);
	else
		snprintf(text, REASON_MAX, "%s", error->what);
	return str_of(text);
}

void run_failed(struct run *run, const struct error *error)
{
	char text[REASON_MAX];
	log_failure(run->call, run->event, run->rule, error);
	run->error = error;
	run_end(run, OUTCOME_FAILED, failure_reason(text, error));
}

/* Neither goes on, nor is it tried again: what it would do is not what it did. */
static void run_diverged(struct run *run, const struct error *error)
{
	log_failure(run->call, run->event, run->rule, error);
	run_end(run, OUTCOME_DIVERGED, str_of(error->what));
}

void run_begin_waiting(struct run *run, enum run_state state)
{
	run->state = state;
	unit_waiting(run->rule->campaign->unit, 1);
	engine_work(engine_of(run->call), WORK_WAITING - 1);
}

void run_end_waiting(struct run *run, int64_t now_ms)
{
	timers_cancel(&run->call->shard->timers, &run->timer);
	run->state = RUN_RUNNING;
	run->now_ms = now_ms;
	unit_waiting(run->rule->campaign->unit, -1);
	engine_work(engine_of(run->call), 1 - WORK_WAITING);
}

void run_begin(struct run *run)
{
	struct error error;
	run->state = RUN_RUNNING;
	if (!run->rule->needs_lua) {
		char text[REASON_MAX];
		if (fire_all(run->call, run->event, run->rule, &run->log, run->replay, &error))
			run_end(run, OUTCOME_DONE, (struct str){0});
		else {
			run->error = &error;
			run_end(run, OUTCOME_FAILED, failure_reason(text, &error));
		}
		return;
	}
	if (campaign_state_enter(run, &error)) {
		run_failed(run, &error);
		return;
	}
	struct script_state *state = campaign_state_script(run->home);
	if (!state)
		run->state = RUN_PAUSED;
	else if (script_state_is_slow(state))
		run_pause(run);
	else
		run_go(run, NULL);
}

/* A rule that only fires needs no run of its own. */
static void fire_at_once(struct call *call, struct event *event, const struct rule *rule,
			 const struct replay *replay)
{
	struct arena arena;
	struct runlog log;
	struct error error;
	char text[REASON_MAX];
	arena_init(&arena, RUN_WARNINGS_MAX * RUN_LINE_MAX);
	runlog_init(&log, &arena, RUN_WARNINGS_MAX);
	bool all = fire_all(call, event, rule, &log, replay, &error);
	count_run(call, rule, all ? OUTCOME_DONE : OUTCOME_FAILED);
	if (!all)
		record_run(
			call->shard, event, rule,
			&(struct run_record){OUTCOME_FAILED, failure_reason(text, &error), &log, 0, &error});
	else if (log.n)
		record_run(call->shard, event, rule, &(struct run_record){OUTCOME_DONE, {0}, &log, 0, NULL});
	log_lines(call, event, rule, &log);
	arena_finish(&arena);
}

/* How many of the call's events there were up to this one. */
static size_t place_of(const struct call *call, const struct event *event)
{
	for (size_t i = call->n_events; i > 0; i--)
		if (call->events[i - 1]->seq == event->seq)
			return i;
	return call->n_events;
}

void run_start(struct call *call, struct event *event, const struct rule *rule, struct replay *replay)
{
	engine_count(&engine_of(call)->totals.runs);
	const struct replay_run *rerun = replay_find_run(replay, rule);
	if (!rule->needs_lua && !rule->has_once && !rerun) {
		fire_at_once(call, event, rule, replay);
		return;
	}
	struct run *run = mem_zalloc(sizeof *run);
	list_init(&run->in_paused);
	run->call = call;
	run->event = event_ref(event);
	run->unit = unit_ref(rule->campaign->unit);
	run->rule = rule;
	run->replay = replay_ref(replay);
	run->generation = rerun ? rerun->generation : 0;
	run->asked_ms = run_asked_ms(event, rerun);
	run->again = rerun && rerun->outcome == OUTCOME_AGAIN;
	run->rerender = rerun && rerun->generation != event->generation;
	run->state = RUN_CLAIMING;
	run->visible = place_of(call, event);
	run->now_ms = event->arrived_ms;
	struct str seed[] = {event->source, event->id, rule->campaign->name, rule->name};
	run->random = window_key(seed, countof(seed)).low;
	size_t lines = (size_t)rule->campaign->unit->limits.of[LIMIT_LOG_LINES] + RUN_WARNINGS_MAX;
	arena_init(&run->arena, lines * RUN_LINE_MAX);
	runlog_init(&run->log, &run->arena, lines);
	list_append(&call->runs, &run->in_call);
	engine_work(engine_of(call), 1);
	event_hold(event);
	if (rule->has_once)
		run_claim(run);
	else
		run_begin(run);
}

/* --- going on
 * ------------------------------------------------------------------------------------------------------- */

/* So that one campaign's waiting runs do not fill the engine, nor its memory. */
static bool may_wait(const struct run *run, const struct script_step *step, struct error *reterr)
{
	const struct unit *unit = run->rule->campaign->unit;
	char limit[32];
	if (step->kind == STEP_SEND || unit_waiting(unit, 0) < unit->limits.of[LIMIT_WAITING])
		return true;
	limit_show(LIMIT_WAITING, &unit->limits, limit, sizeof limit);
	error_set(reterr, "the number of runs of this campaign that wait is at its limit of %s", limit);
	error_hint(reterr, "the limit is --%s", limit_infos[LIMIT_WAITING].option);
	return false;
}

/* A call of a service that is not active would wait for ever. */
static bool step_is_possible(struct run *run, struct script_step *step, struct error *reterr)
{
	if (++run->n_steps > RUN_STEPS_MAX) {
		error_set(reterr, "the run has done %d steps, more than a run may", RUN_STEPS_MAX);
	} else if (step->kind == STEP_CALL && !step->request) {
		error_set(reterr, "the service '" STR_FMT "' is not active and cannot be called",
			  STR_ARG(step->service->name));
	} else if (may_wait(run, step, reterr)) {
		return true;
	}
	error_at(reterr, run->unit->file.path, step->line, 0, run->unit->file.text);
	free(step->request);
	return false;
}

/* One step of the script. False: the run waits, or is over and freed. */
static bool run_on(struct run *run, const struct step_result *result, struct delivery_id *id,
		   struct step_result *ret_next)
{
	struct script_step step = {0};
	struct error error = {0};
	switch (script_run_resume(run->script, result, &step, &error)) {
	case SCRIPT_DONE:
		run_end(run, OUTCOME_DONE, (struct str){0});
		return false;
	case SCRIPT_SKIPPED:
		run_end(run, OUTCOME_SKIPPED, str_of(error.what));
		return false;
	case SCRIPT_FAILED:
		run_failed(run, &error);
		return false;
	case SCRIPT_PAUSED:
		run_pause(run);
		return false;
	case SCRIPT_STEP:
		break;
	}
	if (!step_is_possible(run, &step, &error)) {
		run_failed(run, &error);
		return false;
	}
	switch (run_step(run, &step, id, ret_next, &error)) {
	case STEP_ANSWERED:
		return true;
	case STEP_DIVERGED:
		run_diverged(run, &error);
		return false;
	case STEP_WAITS:
		return false;
	}
	return false;
}

void run_go(struct run *run, const struct step_result *result)
{
	struct step_result answered;
	struct delivery_id id;
	struct shard *shard = run->call->shard;
	shard_work_begin(shard, run->event, run->rule);
	if (!run->script)
		run->script = script_run_create(campaign_state_script(run->home), run->rule, run->event,
						&run->log, run);
	while (run_on(run, result, &id, &answered))
		result = &answered;
	shard_work_end(shard);
}

void runs_offer(struct call *call, const struct event *event)
{
	for (struct list *item = call->runs.next, *next; item != &call->runs; item = next) {
		struct run *run = container_of(item, struct run, in_call);
		next = item->next;
		if (run->state == RUN_WAITS_FOR_EVENT && run_awaits(run, event))
			run_wait_over(run, (struct event *)(uintptr_t)event);
	}
}

void runs_shift(struct call *call, size_t n)
{
	for (struct list *item = call->runs.next; item != &call->runs; item = item->next)
		container_of(item, struct run, in_call)->visible += n;
}

void runs_abandon(struct call *call)
{
	for (struct list *item; (item = list_first(&call->runs));)
		run_free(container_of(item, struct run, in_call));
}
