/* json.encode and json.decode for rules; their names are given in the prelude. */
#include "script/lua_value.h"

#include "format/json.h"

/* Leaves nil, what is wrong, and the hint or nil. */
static int give_error(lua_State *L, const struct error *error)
{
	lua_pushnil(L);
	if (error->line)
		lua_pushfstring(L, "%s at line %d, column %d", error->what, error->line, error->column);
	else
		lua_pushstring(L, error->what);
	if (error->hint[0])
		lua_pushstring(L, error->hint);
	else
		lua_pushnil(L);
	return 3;
}

/* json_encode(value, pairs): the text, or nil, what is wrong, and a hint. */
static int encode(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct json_writer writer = {.out = sandbox_json(box), .pairs = lua_toboolean(L, 2)};
	struct error error;

	lua_settop(L, 1);
	box->n_keys = 0;
	if (json_write_lua(L, 1, &writer, &error))
		return give_error(L, &error);
	lua_pushlstring(L, writer.out->p, writer.out->n);
	return 1;
}

/* json_decode(text): the value, or nil, what is wrong, and a hint. A null at the top is json.null. */
static int decode(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct value value;
	struct error error;

	struct json_limits limits = {.depth = (size_t)box->limits->of[LIMIT_JSON_DEPTH]};
	struct str text;

	luaL_checktype(L, 1, LUA_TSTRING);
	text = sandbox_str(L, 1);
	if (text.n > (size_t)box->limits->of[LIMIT_JSON_SIZE]) {
		sandbox_limit_error(box, LIMIT_JSON_SIZE, "the JSON text", &error);
		return give_error(L, &error);
	}
	if (json_parse(text, limits, sandbox_arena(box), &value, &error))
		return give_error(L, &error);
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
