#include "script/mappings.h"

#include "script/lua_value.h"

/* Registry: a table of the pairs, and one of the files that declared them. */
static const char pairs_key, files_key;

static struct str text_at(lua_State *L, int index)
{
	struct buf *text = sandbox_text(sandbox_of(L));

	if (lua_type(L, index) != LUA_TNUMBER)
		return lua_type(L, index) == LUA_TSTRING ? sandbox_str(L, index) : (struct str){0};
	return number_write(L, index, text) ? buf_view(text) : (struct str){0};
}

/* Puts the key's and the value's texts, as texts, on the stack; false when one is none. */
static bool push_pair(lua_State *L, int key, int value)
{
	struct str text = text_at(L, key);

	if (!text.p)
		return false;
	lua_pushlstring(L, text.p, text.n);
	text = text_at(L, value);
	if (!text.p)
		return false;
	lua_pushlstring(L, text.p, text.n);
	return true;
}

static void push_table(lua_State *L, const void *key)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* The pair of texts on top is added to the table `all`. */
static void add_pair(lua_State *L, struct loader *loader, const struct where *where, int all)
{
	struct str original = sandbox_str(L, -2);
	struct where at = where_key(where, original);

	lua_pushvalue(L, -2);
	if (lua_rawget(L, all) == LUA_TSTRING && !lua_rawequal(L, -1, -2))
		problem(loader, &at, "'%.100s' is replaced by '%.100s' already", original.p,
			lua_tostring(L, -1));
	lua_pop(L, 1);
	lua_rawset(L, all);
}

/* declare_mappings(table) */
static int declare(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct loader *loader = box->loader;
	struct where where;

	if (box->mode == MODE_RUN)
		sandbox_raise(L, "mappings are declared at the top of a file, not in a run");
	if (!loader)
		return 0;
	where = where_of_call(L);
	lua_settop(L, 1);
	if (!lua_istable(L, 1)) {
		problem_hint(loader, &where, "mappings { Sale = \"S\", [\"No Sale\"] = \"N\" }",
			     "mappings takes a table, not a %s", luaL_typename(L, 1));
		return 0;
	}
	push_table(L, &files_key);
	lua_pushlightuserdata(L, (void *)(uintptr_t)box->loading->file);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	push_table(L, &pairs_key);
	for (lua_pushnil(L); lua_next(L, 1); lua_settop(L, 4)) {
		if (push_pair(L, 4, 5))
			add_pair(L, loader, &where, 3);
		else
			problem(loader, &where, "a mapping is from a text or a number to a text or a number");
	}
	return 0;
}

static void need_files(lua_State *L)
{
	push_table(L, &files_key);
	for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, -1); i <= n; i++) {
		lua_rawgeti(L, -1, i);
		part_needed(sandbox_of(L), lua_touserdata(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

const struct mappings *mappings_declared(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct loader *loader = box->loader;
	struct mappings *mappings;
	struct mapping *pairs;
	size_t from;

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &pairs_key) != LUA_TTABLE) {
		lua_pop(L, 1);
		return NULL;
	}
	from = sandbox_sort_keys(L, -1, NULL);
	mappings = loader_alloc(loader, sizeof *mappings);
	pairs = loader_alloc(loader, (box->n_keys - from) * sizeof *pairs);
	for (size_t i = from; i < box->n_keys; i++) {
		struct str original = box->keys[i].s;

		lua_pushlstring(L, original.p, original.n);
		lua_rawget(L, -2);
		pairs[mappings->n].original = loader_copy(loader, original);
		pairs[mappings->n++].replacement = loader_copy(loader, sandbox_str(L, -1));
		lua_pop(L, 1);
	}
	mappings->pairs = pairs;
	box->n_keys = from;
	lua_pop(L, 1);
	need_files(L);
	return mappings;
}

void lib_mappings_open(lua_State *L)
{
	lua_pushcfunction(L, declare);
	lua_setglobal(L, "declare_mappings");
}
