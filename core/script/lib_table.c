/* table.insert, remove, move and sort with a bound on what they go through. With holes the length of a list
 * can be anything up to 2^63, and Lua's own functions go through all of it; no hook runs in them. */
#include "script/sandbox.h"

/* The list is the first argument; what the length says is what Lua's own function will go through. */
static void check_list(lua_State *L, const char *what)
{
	if (lua_type(L, 1) == LUA_TTABLE && lua_rawlen(L, 1) > SANDBOX_LIST_MAX)
		sandbox_raise(L, "%s: a list of over %d values, or one with holes", what, SANDBOX_LIST_MAX);
}

/* Calls Lua's own, upvalue 1, with all that there is. */
static int call_own(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int table_insert(lua_State *L)
{
	check_list(L, "table.insert");
	return call_own(L);
}

static int table_remove(lua_State *L)
{
	check_list(L, "table.remove");
	return call_own(L);
}

static int table_concat(lua_State *L)
{
	check_list(L, "table.concat");
	return call_own(L);
}

static int table_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);

	if (to >= from &&
	    (from < -SANDBOX_LIST_MAX || to > SANDBOX_LIST_MAX * 2 || to - from > SANDBOX_LIST_MAX))
		sandbox_raise(L, "table.move: over %d values", SANDBOX_LIST_MAX);
	return call_own(L);
}

/* Lua's own order. As a function that is called it can be interrupted, which Lua's own comparison cannot. */
static int is_less(lua_State *L)
{
	lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
	return 1;
}

static int table_sort(lua_State *L)
{
	check_list(L, "table.sort");
	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_isnoneornil(L, 2)) {
		lua_settop(L, 1);
		lua_pushcfunction(L, is_less);
	}
	return call_own(L);
}

void lib_table_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"insert", table_insert}, {"remove", table_remove}, {"concat", table_concat},
		{"move", table_move},     {"sort", table_sort},     {NULL, NULL},
	};

	lua_getglobal(L, "table");
	for (const luaL_Reg *each = functions; each->name; each++) {
		lua_getfield(L, -1, each->name);
		lua_pushcclosure(L, each->func, 1);
		lua_setfield(L, -2, each->name);
	}
	lua_pop(L, 1);
}
