/* call.history and call.segments: what the run knows of its call. */
#include "script/event_view.h"
#include "script/lua_value.h"

enum { SESSION_TEXT_MAX = 64 };

void call_push_history(lua_State *L, struct script_run *run)
{
	const struct event *const *events;
	size_t n = run->state->host->history(run->context, &events);

	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		run_keep_event(run, events[i]);
		event_view_push(L, run, events[i], false);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
	lua_setmetatable(L, -2);
}

/* The session of an agent's stay; session 1 is the whole call, and no text means none. */
static struct str session_of(const struct event *event, char z[SESSION_TEXT_MAX])
{
	const struct value *value = event_tag(event, STR("session_id"));
	struct str none = {0};

	if (!value || (value->kind != VALUE_NUMBER && value->kind != VALUE_STRING))
		return none;
	if (value->text.n == 0 || value->text.n > SESSION_TEXT_MAX || str_eq(value->text, STR("1")))
		return none;
	memcpy(z, value->text.p, value->text.n);
	return (struct str){z, value->text.n};
}

/* Later values win, unless they are empty. The segment's table is on top. */
static void merge_tags(lua_State *L, const struct event *event)
{
	for (uint32_t i = 0; i < event->data.n; i++) {
		const struct member *member = &event->data.members[i];

		if (value_is_empty(&member->value))
			continue;
		lua_pushlstring(L, member->key.p, member->key.n);
		value_push(L, &member->value, false);
		lua_rawset(L, -3);
	}
}

/* segment.x for a tag that the segment lacks. Upvalue: none. */
static int segment_index(lua_State *L)
{
	struct script_run *run = run_current(L, "call.segments");

	if (lua_type(L, 2) == LUA_TSTRING)
		tag_check(L, run->rule->campaign, sandbox_str(L, 2), false);
	lua_pushnil(L);
	return 1;
}

/* Pushes a segment's table with its list of events. */
static void push_segment(lua_State *L)
{
	lua_createtable(L, 0, 32);
	lua_newtable(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "events");
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, segment_index);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
}

/* Pushes the segment of the session, made on first sight; `list` and `by_session` are tables. */
static void find_segment(lua_State *L, int list, int by_session, struct str session)
{
	lua_pushlstring(L, session.p, session.n);
	if (lua_rawget(L, by_session) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	push_segment(L);
	lua_pushvalue(L, -1);
	lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
	lua_pushlstring(L, session.p, session.n);
	lua_pushvalue(L, -2);
	lua_rawset(L, by_session);
}

void call_push_segments(lua_State *L, struct script_run *run)
{
	const struct event *const *events;
	size_t n = run->state->host->history(run->context, &events);
	int list, by_session;

	lua_newtable(L);
	list = lua_gettop(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
	lua_setmetatable(L, list);
	lua_newtable(L);
	by_session = lua_gettop(L);
	for (size_t i = 0; i < n; i++) {
		char z[SESSION_TEXT_MAX];
		struct str session = session_of(events[i], z);

		if (!session.p)
			continue;
		find_segment(L, list, by_session, session);
		merge_tags(L, events[i]);
		lua_pushliteral(L, "events");
		lua_rawget(L, -2);
		run_keep_event(run, events[i]);
		event_view_push(L, run, events[i], false);
		lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
		lua_pop(L, 2);
	}
	lua_settop(L, list);
}
