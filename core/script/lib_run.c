/* What a run can do, as functions of C below the prelude: steps, log, clock, chance, skip. */
#include "script/event_view.h"
#include "script/lua_value.h"
#include "script/state.h"

#include <stdio.h>

enum { LOG_LINE_MAX = 4000 };

/* The run, if it may wait here. */
static struct script_run *run_that_waits(lua_State *L, const char *what)
{
	struct script_run *run = run_current(L, what);

	if (run->state->building)
		sandbox_raise(L, "%s: a function that builds a request cannot wait", what);
	if (!lua_isyieldable(L)) {
		sandbox_hint(&run->state->box, "collect first what you need, then do it in a loop");
		sandbox_raise(L, "%s: a run cannot wait inside of table.sort or string.gsub", what);
	}
	return run;
}

static int take_step(lua_State *L, struct script_run *run, lua_KFunction done)
{
	run->step.line = sandbox_place(L).line;
	lua_settop(L, 1);
	return lua_yieldk(L, 0, 0, done);
}

static int sent(lua_State *L, int status, lua_KContext context)
{
	struct script_run *run = run_current(L, "send");
	struct str id = run->result ? run->result->delivery : (struct str){0};

	if (id.p)
		lua_pushlstring(L, id.p, id.n);
	else
		lua_pushnil(L);
	return 1;
}

static struct service_box *check_service(lua_State *L, const char *method)
{
	struct service_box *box = service_box_get(L, 1);

	if (!box)
		sandbox_raise(L, "%s is a method of a service: write service:%s(...), with a colon", method,
			      method);
	return box;
}

/* Those that are not active send nothing, and count for nothing. */
static void count_delivery(lua_State *L, struct script_run *run)
{
	if (++run->n_deliveries > run->state->box.limits->of[LIMIT_DELIVERIES])
		sandbox_raise_limit(L, LIMIT_DELIVERIES, "the number of deliveries of this run");
}

/* step_send(service, overrides, fire) */
static int step_send(lua_State *L)
{
	struct service_box *box = check_service(L, "send");
	struct script_run *run = run_that_waits(L, "send");

	lua_settop(L, 3);
	free(run->step.request);
	run->step =
		(struct script_step){.kind = STEP_SEND, .service = box->service, .fire = lua_toboolean(L, 3)};
	if (box->service->active) {
		count_delivery(L, run);
		build_step_request(L, run, box, 1, lua_isnil(L, 2) ? 0 : 2);
	}
	return take_step(L, run, sent);
}

static void push_headers(lua_State *L, const struct answer *answer)
{
	lua_createtable(L, 0, (int)answer->n_headers);
	for (size_t i = 0; i < answer->n_headers; i++) {
		lua_pushlstring(L, answer->headers[i].name.p, answer->headers[i].name.n);
		lua_pushlstring(L, answer->headers[i].value.p, answer->headers[i].value.n);
		lua_rawset(L, -3);
	}
}

/* Gives status, headers, body, failure or nil, detail, attempts; the prelude makes an answer of it. */
static int answered(lua_State *L, int status, lua_KContext context)
{
	struct script_run *run = run_current(L, "call");
	static const struct answer none = {.failure = FAILURE_STOPPED};
	const struct answer *answer = run->result && run->result->answer ? run->result->answer : &none;

	luaL_checkstack(L, 8, NULL);
	lua_pushinteger(L, answer->status);
	push_headers(L, answer);
	lua_pushlstring(L, answer->body.p ? answer->body.p : "", answer->body.n);
	if (answer->failure == FAILURE_NONE)
		lua_pushnil(L);
	else
		lua_pushstring(L, failure_name(answer->failure));
	lua_pushlstring(L, answer->detail, strnlen(answer->detail, sizeof answer->detail));
	lua_pushinteger(L, run->result ? run->result->attempts : 0);
	return 6;
}

/* step_call(service, overrides) */
static int step_call(lua_State *L)
{
	struct service_box *box = check_service(L, "call");
	struct script_run *run = run_that_waits(L, "call");

	lua_settop(L, 2);
	if (!box->service->active) {
		lua_pushinteger(L, 0);
		lua_newtable(L);
		lua_pushliteral(L, "");
		lua_pushliteral(L, "inactive");
		lua_pushliteral(L, "the service is not active");
		lua_pushinteger(L, 0);
		return 6;
	}
	count_delivery(L, run);
	free(run->step.request);
	run->step = (struct script_step){.kind = STEP_CALL, .service = box->service};
	build_step_request(L, run, box, 1, lua_isnil(L, 2) ? 0 : 2);
	return take_step(L, run, answered);
}

static int event_came(lua_State *L, int status, lua_KContext context)
{
	struct script_run *run = run_current(L, "wait_for");

	if (!run->result || !run->result->event) {
		lua_pushnil(L);
		return 1;
	}
	run_keep_event(run, run->result->event);
	event_view_push(L, run, run->result->event, false);
	return 1;
}

/* step_wait(type, milliseconds, session, seen) */
static int step_wait(lua_State *L)
{
	struct script_run *run = run_that_waits(L, "wait_for");
	struct str type;

	type.p = luaL_checklstring(L, 1, &type.n);
	if (type.n >= sizeof run->wait_type)
		sandbox_raise(L, "wait_for: the type of the event is over %zu bytes",
			      sizeof run->wait_type - 1);
	memcpy(run->wait_type, type.p, type.n + 1);
	free(run->step.request);
	run->step = (struct script_step){
		.kind = STEP_WAIT_FOR,
		.type = {run->wait_type, type.n},
		.wait_ms = luaL_checkinteger(L, 2),
		.session = lua_toboolean(L, 3),
		.seen = lua_toboolean(L, 4),
	};
	return take_step(L, run, event_came);
}

static int slept(lua_State *L, int status, lua_KContext context)
{
	return 0;
}

/* step_sleep(milliseconds) */
static int step_sleep(lua_State *L)
{
	struct script_run *run = run_that_waits(L, "sleep");

	free(run->step.request);
	run->step = (struct script_step){.kind = STEP_SLEEP, .wait_ms = luaL_checkinteger(L, 1)};
	return take_step(L, run, slept);
}

/* skip_run(reason): ends the run. Nothing catches it, since rules have no pcall. */
static int skip_run(lua_State *L)
{
	struct script_run *run = run_current(L, "skip");

	snprintf(run->reason, sizeof run->reason, "%s", luaL_checkstring(L, 1));
	run->skips = true;
	lua_pushliteral(L, "skipped");
	return lua_error(L);
}

/* log(...) */
static int run_log(lua_State *L)
{
	struct script_run *run = run_current(L, "log");
	int n = lua_gettop(L);
	struct buf *line;

	if (++run->n_log_lines > run->state->box.limits->of[LIMIT_LOG_LINES])
		sandbox_raise_limit(L, LIMIT_LOG_LINES, "the number of log lines of this run");
	/* Each becomes text first: what follows must not be disturbed by Lua. */
	for (int i = 1; i <= n; i++) {
		value_push_shown(L, i);
		lua_replace(L, i);
	}
	line = sandbox_text(&run->state->box);
	for (int i = 1; i <= n && line->n < LOG_LINE_MAX; i++) {
		struct str s = sandbox_str(L, i);

		if (i > 1)
			buf_char(line, ' ');
		buf_add(line, s.p, s.n < LOG_LINE_MAX ? s.n : LOG_LINE_MAX);
	}
	if (line->n > LOG_LINE_MAX)
		line->n = LOG_LINE_MAX;
	run->state->host->log(run->context, buf_view(line));
	return 0;
}

/* now(): seconds */
static int run_now(lua_State *L)
{
	struct script_run *run = run_current(L, "clock.now");

	lua_pushnumber(L, (lua_Number)run->state->host->now_ms(run->context) / 1000);
	return 1;
}

/* math.random as the manual has it, with the run's own chance. */
static int run_random(lua_State *L)
{
	struct script_run *run = run_current(L, "math.random");
	uint64_t chance = run->state->host->random(run->context), range;
	lua_Integer low = 1, high;

	switch (lua_gettop(L)) {
	case 0:
		lua_pushnumber(L, (lua_Number)(chance >> 11) * 0x1p-53);
		return 1;
	case 1:
		high = luaL_checkinteger(L, 1);
		if (high == 0) {
			lua_pushinteger(L, (lua_Integer)chance);
			return 1;
		}
		break;
	default:
		low = luaL_checkinteger(L, 1);
		high = luaL_checkinteger(L, 2);
	}
	if (low > high)
		sandbox_raise(L, "math.random: the interval is empty");
	range = (uint64_t)high - (uint64_t)low + 1;
	lua_pushinteger(L, (lua_Integer)((uint64_t)low + (range ? chance % range : chance)));
	return 1;
}

static int service_index(lua_State *L)
{
	struct service_box *box = service_box_get(L, 1);
	struct str name = {0};

	if (lua_type(L, 2) == LUA_TSTRING)
		name = sandbox_str(L, 2);
	if (box && str_eq(name, STR("name")) && box->service->name.p) {
		lua_pushlstring(L, box->service->name.p, box->service->name.n);
		return 1;
	}
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	if (name.p)
		sandbox_hint_member(L, lua_upvalueindex(1), name);
	sandbox_raise(L, "a service has no '%.100s'", name.p ? name.p : "?");
}

static int service_assign(lua_State *L)
{
	sandbox_hint(sandbox_of(L), "give what differs to send or call: service:send { ... }");
	sandbox_raise(L, "a service cannot be changed");
}

void lib_run_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"step_send", step_send},   {"step_call", step_call}, {"step_wait", step_wait},
		{"step_sleep", step_sleep}, {"skip_run", skip_run},   {"log", run_log},
		{"now", run_now},           {"random", run_random},   {NULL, NULL},
	};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lua_newtable(L);
	lua_pushliteral(L, "service");
	lua_setfield(L, -2, "__name");
	lua_newtable(L); /* the methods, which the prelude adds */
	lua_pushvalue(L, -1);
	lua_setfield(L, -4, "service_methods");
	lua_pushcclosure(L, service_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, service_assign);
	lua_setfield(L, -2, "__newindex");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_service_mt);
	lua_pop(L, 1);
	event_view_open(L);
}
