/* Runs: coroutines that yield steps. */
#include "script/event_view.h"
#include "script/state.h"

#include <stdio.h>

const char state_runs;

struct script_run *script_run_create(struct script_state *state, const struct rule *rule, struct event *event,
				     struct runlog *log, void *context)
{
	struct script_run *run = mem_zalloc(sizeof *run);

	*run = (struct script_run){
		.state = state,
		.rule = rule,
		.event = event_ref(event),
		.log = log,
		.context = context,
		.serial = ++state->last_run,
	};
	return run;
}

/* The registry holds coroutines under the address of their run. */
static int drop(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_runs);
	lua_pushnil(L);
	lua_rawsetp(L, -2, lua_touserdata(L, 1));
	return 0;
}

enum { WAY_OUT = 64 * 1024 };

/* Lets go of the coroutine. Its memory may be used up, which must not keep it: this needs next to none, and
 * that is given. */
static void end_coroutine(struct script_run *run)
{
	struct sandbox *box = &run->state->box;

	if (run->L) {
		box->reserve = WAY_OUT;
		sandbox_call(box, drop, run, NULL);
		box->reserve = 0;
	}
	run->L = NULL;
	run->over = true;
}

void script_run_destroy(struct script_run *run)
{
	if (!run)
		return;
	end_coroutine(run);
	for (size_t i = 0; i < run->n_events; i++)
		event_unref(run->events[i]);
	free(run->events);
	free(run->step.request);
	event_unref(run->event);
	free(run);
}

void run_keep_event(struct script_run *run, const struct event *event)
{
	if (event == run->event)
		return;
	for (size_t i = 0; i < run->n_events; i++) {
		if (run->events[i] == event)
			return;
	}
	if (run->n_events == run->events_capacity) {
		run->events_capacity = run->events_capacity ? 2 * run->events_capacity : 8;
		run->events = mem_realloc(run->events, run->events_capacity * sizeof *run->events);
	}
	/* Only the count of references changes. */
	run->events[run->n_events++] = event_ref((struct event *)(uintptr_t)event);
}

struct script_run *run_current(lua_State *L, const char *what)
{
	struct script_state *state = sandbox_of(L)->state;

	if (!state || !state->current)
		sandbox_raise(L, "%s works in a run only, not while the rules load", what);
	return state->current;
}

/* Makes the coroutine: run_rule(services of fire, call, event, function) of the prelude. */
static int begin(lua_State *L)
{
	struct script_run *run = lua_touserdata(L, 1);
	lua_State *co;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_runs);
	co = lua_newthread(L);
	lua_rawsetp(L, -2, run);
	lua_getglobal(L, "run_rule");
	lua_createtable(L, (int)run->rule->n_fire, 0);
	for (size_t i = 0; i < run->rule->n_fire; i++) {
		service_push(L, run->rule->fire[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	event_view_push(L, run, run->event, true);
	event_view_push(L, run, run->event, false);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_rules);
	lua_rawgeti(L, -1, (lua_Integer)run->rule->index + 1);
	lua_remove(L, -2);
	lua_xmove(L, co, 5);
	run->L = co;
	return 0;
}

/* A failed step names the place that the message does not: where the run stood. */
static enum script_ending failed(struct script_run *run, int status, struct error *reterr)
{
	enum script_ending ending = SCRIPT_FAILED;

	if (run->skips) {
		error_set(reterr, "%s", run->reason);
		ending = SCRIPT_SKIPPED;
	} else {
		sandbox_error(&run->state->box, run->L, status, reterr);
	}
	free(run->step.request);
	run->step.request = NULL;
	return ending;
}

/* Of all its steps together: what each may take is what those before it have left. */
static bool has_time_left(struct script_run *run, struct error *reterr)
{
	const struct sandbox *box = &run->state->box;
	char limit[32];

	struct place place;

	if (run->used_us < box->limits->of[LIMIT_RUN_TIME])
		return true;
	limit_show(LIMIT_RUN_TIME, box->limits, limit, sizeof limit);
	error_set(reterr, "used up its time of %s%s", limit,
		  run->step.line ? ", in all its steps together" : "");
	error_hint(reterr, "the limit is --%s", limit_infos[LIMIT_RUN_TIME].option);
	place = run->paused_at.file ? run->paused_at : sandbox_place(run->L);
	if (!place.file)
		place = (struct place){sandbox_file(box, run->rule->campaign->file), run->rule->line};
	error_at(reterr, place.file->path, place.line, 0, place.file->text);
	return false;
}

static enum script_ending resume(struct script_run *run, struct script_step *ret_step, struct error *reterr)
{
	struct sandbox *box = &run->state->box;
	enum script_ending ending = SCRIPT_DONE;
	int n = 0, status;

	if (run->began && !has_time_left(run, reterr))
		return SCRIPT_FAILED;
	if (!run->began && sandbox_call(box, begin, run, reterr))
		return SCRIPT_FAILED;
	sandbox_enter(box, run->L, box->limits->of[LIMIT_RUN_TIME] - run->used_us);
	status = lua_resume(run->L, NULL, run->began ? 0 : 4, &n);
	run->began = true;
	run->paused_at = box->paused ? box->paused_at : (struct place){0};
	if (status == LUA_YIELD && box->paused) {
		ending = SCRIPT_PAUSED;
	} else if (status == LUA_YIELD) {
		*ret_step = run->step;
		run->step.request = NULL;
		ending = SCRIPT_STEP;
	} else if (status != LUA_OK) {
		ending = failed(run, status, reterr);
	}
	run->used_us += sandbox_leave(box);
	return ending;
}

enum script_ending script_run_resume(struct script_run *run, const struct step_result *result,
				     struct script_step *ret_step, struct error *reterr)
{
	struct script_state *state = run->state;
	enum script_ending ending;

	ensure(!run->over && !state->current);
	state->current = run;
	state->building = false;
	run->result = result;
	ending = resume(run, ret_step, reterr);
	run->result = NULL;
	state->current = NULL;
	if (ending != SCRIPT_STEP && ending != SCRIPT_PAUSED)
		end_coroutine(run);
	return ending;
}
