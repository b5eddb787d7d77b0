/* json.encode and json.decode for rules; their names are given in the prelude. */
#include "script/lua_value.h"

#include "format/json.h"

/* json_encode(value, pairs): the text, or nil and what is wrong. */
static int encode(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct json_writer writer = {.out = sandbox_text(box), .pairs = lua_toboolean(L, 2)};
	struct error error;

	lua_settop(L, 1);
	box->n_keys = 0;
	if (json_write_lua(L, 1, &writer, &error)) {
		lua_pushnil(L);
		lua_pushstring(L, error.what);
		return 2;
	}
	lua_pushlstring(L, writer.out->p, writer.out->n);
	return 1;
}

/* json_decode(text): the value, or nil and what is wrong. A null at the top is json.null. */
static int decode(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct value value;
	struct error error;

	luaL_checktype(L, 1, LUA_TSTRING);
	if (json_parse(sandbox_str(L, 1), (struct json_limits){0}, sandbox_arena(box), &value, &error)) {
		lua_pushnil(L);
		lua_pushfstring(L, "%s at line %d, column %d", error.what, error.line, error.column);
		return 2;
	}
	value_push(L, &value, true);
	arena_finish(&box->arena);
	return 1;
}

void lib_json_open(lua_State *L)
{
	lua_pushcfunction(L, encode);
	lua_setglobal(L, "json_encode");
	lua_pushcfunction(L, decode);
	lua_setglobal(L, "json_decode");
	lua_pushlightuserdata(L, LUA_JSON_NULL);
	lua_setglobal(L, "json_null");
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
	lua_setglobal(L, "array_mt");
}
