#include "script/lua_value.h"

#include "format/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

static bool push_integer(lua_State *L, const char *z)
{
	char *end;
	long long integer;

	errno = 0;
	integer = strtoll(z, &end, 10);
	if (errno || *end)
		return false;
	lua_pushinteger(L, integer);
	return true;
}

static bool push_real(lua_State *L, const char *z)
{
	char *end;
	double number = strtod(z, &end);

	if (*end || !isfinite(number))
		return false;
	lua_pushnumber(L, number);
	return true;
}

static void push_number(lua_State *L, struct str text)
{
	char z[128];
	bool real = false;

	for (size_t i = 0; i < text.n; i++)
		real = real || text.p[i] == '.' || text.p[i] == 'e' || text.p[i] == 'E';
	if (text.n < sizeof z) {
		memcpy(z, text.p, text.n);
		z[text.n] = 0;
		if (real ? push_real(L, z) : push_integer(L, z))
			return;
	}
	lua_pushlstring(L, text.p, text.n);
}

static void push_inner(lua_State *L, const struct value *value)
{
	luaL_checkstack(L, 4, "a value is nested too deeply");
	switch (value->kind) {
	case VALUE_NULL:
		lua_pushlightuserdata(L, LUA_JSON_NULL);
		return;
	case VALUE_FALSE:
	case VALUE_TRUE:
		lua_pushboolean(L, value->kind == VALUE_TRUE);
		return;
	case VALUE_NUMBER:
		push_number(L, value->text);
		return;
	case VALUE_STRING:
		lua_pushlstring(L, value->text.p ? value->text.p : "", value->text.n);
		return;
	case VALUE_ARRAY:
		lua_createtable(L, (int)value->n, 0);
		for (uint32_t i = 0; i < value->n; i++) {
			push_inner(L, &value->items[i]);
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		}
		lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
		lua_setmetatable(L, -2);
		return;
	case VALUE_OBJECT:
		lua_createtable(L, 0, (int)value->n);
		for (uint32_t i = 0; i < value->n; i++) {
			lua_pushlstring(L, value->members[i].key.p, value->members[i].key.n);
			push_inner(L, &value->members[i].value);
			lua_rawset(L, -3);
		}
		return;
	}
}

void value_push(lua_State *L, const struct value *value, bool top_null)
{
	if (!value || (value->kind == VALUE_NULL && !top_null))
		lua_pushnil(L);
	else
		push_inner(L, value);
}

void value_push_shown(lua_State *L, int index)
{
	int type = lua_type(L, index);

	if (type == LUA_TLIGHTUSERDATA)
		lua_pushstring(L, lua_touserdata(L, index) == LUA_JSON_NULL ? "null" : "userdata");
	else if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL)
		luaL_tolstring(L, index, NULL);
	else if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING)
		return;
	else
		lua_pushstring(L, lua_typename(L, type));
}

bool number_write(lua_State *L, int index, struct buf *out)
{
	if (lua_isinteger(L, index)) {
		buf_printf(out, "%" PRId64, (int64_t)lua_tointeger(L, index));
		return true;
	}
	if (!isfinite(lua_tonumber(L, index)))
		return false;
	json_write_double(out, lua_tonumber(L, index));
	return true;
}
