#include "script/event_view.h"
#include "script/lua_value.h"

#include "base/suggest.h"
#include "format/secret_mark.h"
#include "format/template.h"
#include "model/tag.h"

struct view {
	const struct event *event;
	uint64_t run; /* serial */
	bool is_call;
};

void event_view_push(lua_State *L, struct script_run *run, const struct event *event, bool is_call)
{
	struct view *view = lua_newuserdatauv(L, sizeof *view, is_call ? 1 : 0);

	*view = (struct view){event, run->serial, is_call};
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_event_mt);
	lua_setmetatable(L, -2);
}

static struct view *view_at(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TUSERDATA || !sandbox_has_metatable(L, index, &sandbox_event_mt))
		return NULL;
	return lua_touserdata(L, index);
}

const struct event *event_view_get(lua_State *L, int index)
{
	struct script_state *state = sandbox_of(L)->state;
	struct view *view = view_at(L, index);

	return view && state && state->current && state->current->serial == view->run ? view->event : NULL;
}

/* The view of a method or an access, checked. */
static struct view *view_check(lua_State *L, int index)
{
	struct view *view = view_at(L, index);

	if (!view)
		sandbox_raise(L, "this takes the call; write call:fill(...), with a colon");
	if (!event_view_get(L, index))
		sandbox_raise(L, "this event belongs to a run that is over");
	return view;
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str nearest_tag(const struct campaign *campaign, struct str name)
{
	size_t n;
	const struct str *catalogue = tag_catalogue(&n);
	struct str words[2];
	size_t n_words = 0;

	words[n_words] = suggest_nearest(name, campaign->tags, campaign->n_tags);
	n_words += words[n_words].p != NULL;
	words[n_words] = suggest_nearest(name, catalogue, n);
	n_words += words[n_words].p != NULL;
	return suggest_nearest(name, words, n_words);
}

void tag_check(lua_State *L, const struct campaign *campaign, struct str name, bool carried)
{
	struct sandbox *box = sandbox_of(L);
	struct str nearest;

	if (tag_is_known(name) ||
	    (campaign->n_tags && bsearch(&name, campaign->tags, campaign->n_tags, sizeof name, compare)))
		return;
	nearest = nearest_tag(campaign, name);
	if (carried)
		sandbox_hint(box, "this event carries it: declare it with tags { \"%.*s\" }",
			     (int)(name.n < 100 ? name.n : 100), name.p);
	else if (nearest.p)
		sandbox_hint(box, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		sandbox_hint(box, "a tag of your own is declared with tags { \"name\" }");
	sandbox_raise(L, "unknown tag '%.100s'", name.p);
}

static bool push_envelope(lua_State *L, const struct event *event, struct str name)
{
	struct str text;

	if (str_eq(name, STR("type")))
		text = event->type;
	else if (str_eq(name, STR("time")))
		text = event->time;
	else if (str_eq(name, STR("source")))
		text = event->source;
	else if (str_eq(name, STR("id")))
		text = event->id;
	else if (str_eq(name, STR("subject")))
		text = event->subject;
	else
		return false;
	lua_pushlstring(L, text.p ? text.p : "", text.n);
	return true;
}

/* call:fill "text with #tags#" */
static int call_fill(lua_State *L)
{
	struct script_run *run = run_current(L, "call:fill");
	struct view *view = view_check(L, 1);
	struct buf *out = sandbox_text(&run->state->box);
	const struct template *literal = NULL;
	struct template compiled;
	struct error error;
	struct str text;

	text.p = luaL_checklstring(L, 2, &text.n);
	if (literals_template(&run->state->literals, text, PLACE_TEXT, &literal, &error))
		sandbox_raise_error(L, &error);
	if (!literal) {
		if (literal_compile(text, PLACE_TEXT, sandbox_arena(&run->state->box), &compiled, &error))
			sandbox_raise_error(L, &error);
		literal = &compiled;
	}
	if (template_has_secrets(literal))
		sandbox_raise(L, "call:fill: a secret cannot be read by rules");
	if (template_fill(literal, view->event, false, STR("call:fill"), out, run->log, &error))
		sandbox_raise_error(L, &error);
	lua_pushlstring(L, out->p ? out->p : "", out->n);
	return 1;
}

static bool push_call_member(lua_State *L, struct script_run *run, struct str name)
{
	if (str_eq(name, STR("fill")))
		lua_pushcfunction(L, call_fill);
	else if (str_eq(name, STR("segments")))
		call_push_segments(L, run);
	else if (str_eq(name, STR("history")))
		call_push_history(L, run);
	else
		return false;
	return true;
}

static int view_index(lua_State *L)
{
	struct view *view = view_check(L, 1);
	struct script_run *run = sandbox_of(L)->state->current;
	const struct value *value;
	struct str name;

	if (lua_type(L, 2) != LUA_TSTRING)
		sandbox_raise(L, "tags have names; this is a %s", luaL_typename(L, 2));
	name = sandbox_str(L, 2);
	if (view->is_call ? push_call_member(L, run, name) : push_envelope(L, view->event, name))
		return 1;
	value = event_tag(view->event, name);
	tag_check(L, run->rule->campaign, name, value != NULL);
	value_push(L, value, false);
	return 1;
}

static int view_assign(lua_State *L)
{
	sandbox_hint(sandbox_of(L), "keep it in a local variable");
	sandbox_raise(L, "an event cannot be changed");
}

static int next_tag(lua_State *L)
{
	struct view *view = view_check(L, lua_upvalueindex(1));
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
	const struct member *member;

	while (i < view->event->data.n) {
		member = &view->event->data.members[i++];
		if (member->value.kind == VALUE_NULL)
			continue;
		lua_pushinteger(L, i);
		lua_replace(L, lua_upvalueindex(2));
		lua_pushlstring(L, member->key.p, member->key.n);
		value_push(L, &member->value, false);
		return 2;
	}
	lua_pushnil(L);
	return 1;
}

/* for tag, value in pairs(call): in the order of the event. */
static int view_pairs(lua_State *L)
{
	view_check(L, 1);
	lua_settop(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_tag, 2);
	return 1;
}

void event_view_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"__index", view_index}, {"__newindex", view_assign}, {"__pairs", view_pairs}, {NULL, NULL}};

	luaL_newlib(L, functions);
	lua_pushliteral(L, "event");
	lua_setfield(L, -2, "__name");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_event_mt);
}
