/* Lua values as JSON text. */
#include "script/event_view.h"
#include "script/lua_value.h"
#include "script/secret.h"

#include "format/json.h"

enum shape { SHAPE_ARRAY, SHAPE_OBJECT, SHAPE_PAIRS };

static int write_value(lua_State *L, struct json_writer *writer, int depth, struct error *reterr);

static int write_string(struct json_writer *writer, struct str s, struct error *reterr)
{
	if (writer->string)
		return writer->string(writer, s, reterr);
	json_write_string(writer->out, s);
	return 0;
}

/* The value on top is one of a list or an object: writes it and takes it off. */
static int write_member(lua_State *L, struct json_writer *writer, struct where_step step, int depth,
			struct error *reterr)
{
	if (writer->depth < WHERE_DEPTH_MAX)
		writer->path[writer->depth] = step;
	writer->depth++;
	if (write_value(L, writer, depth + 1, reterr))
		return -1;
	writer->depth--;
	lua_pop(L, 1);
	return 0;
}

/* Is the value on top { "name", value }? */
static bool is_pair(lua_State *L)
{
	bool name;

	if (!lua_istable(L, -1) || lua_rawlen(L, -1) != 2 || sandbox_has_metatable(L, -1, &sandbox_array_mt))
		return false;
	name = lua_rawgeti(L, -1, 1) == LUA_TSTRING;
	lua_pop(L, 1);
	return name;
}

static bool all_pairs(lua_State *L, lua_Integer n)
{
	for (lua_Integer i = 1; i <= n; i++) {
		bool pair;

		lua_rawgeti(L, -1, i);
		pair = is_pair(L);
		lua_pop(L, 1);
		if (!pair)
			return false;
	}
	return n > 0;
}

static int find_shape(lua_State *L, const struct json_writer *writer, enum shape *ret, lua_Integer *ret_n,
		      struct error *reterr)
{
	bool marked = sandbox_has_metatable(L, -1, &sandbox_array_mt);
	lua_Integer numbered = 0, largest = 0, named = 0;

	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		sandbox_check_time(L);
		if (lua_type(L, -2) == LUA_TSTRING) {
			named++;
		} else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
			numbered++;
			if (lua_tointeger(L, -2) > largest)
				largest = lua_tointeger(L, -2);
		} else {
			const char *type = luaL_typename(L, -2);

			lua_pop(L, 2);
			return error_set(reterr, "a table with a key of type %s cannot be JSON", type);
		}
	}
	if (named && (numbered || marked))
		return error_set(reterr, "a table with both a list and names cannot be JSON");
	if (largest != numbered)
		return error_set(reterr, "a list with holes cannot be JSON: %lld of %lld values are there",
				 (long long)numbered, (long long)largest);
	*ret_n = numbered;
	*ret = named || (!numbered && !marked) ? SHAPE_OBJECT : SHAPE_ARRAY;
	if (*ret == SHAPE_ARRAY && writer->pairs && !marked && all_pairs(L, numbered))
		*ret = SHAPE_PAIRS;
	return 0;
}

static int write_array(lua_State *L, struct json_writer *writer, lua_Integer n, int depth,
		       struct error *reterr)
{
	buf_char(writer->out, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			buf_char(writer->out, ',');
		lua_rawgeti(L, -1, i);
		if (write_member(L, writer, (struct where_step){.index = (int)i}, depth, reterr))
			return -1;
	}
	buf_char(writer->out, ']');
	return 0;
}

static int write_pairs(lua_State *L, struct json_writer *writer, lua_Integer n, int depth,
		       struct error *reterr)
{
	buf_char(writer->out, '{');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			buf_char(writer->out, ',');
		lua_rawgeti(L, -1, i);
		lua_rawgeti(L, -1, 1);
		json_write_string(writer->out, sandbox_str(L, -1));
		lua_pop(L, 1);
		buf_char(writer->out, ':');
		lua_rawgeti(L, -1, 2);
		if (writer->depth < WHERE_DEPTH_MAX)
			writer->path[writer->depth] = (struct where_step){.index = (int)i};
		writer->depth++;
		if (write_member(L, writer, (struct where_step){.index = 2}, depth, reterr))
			return -1;
		writer->depth--;
		lua_pop(L, 1);
	}
	buf_char(writer->out, '}');
	return 0;
}

static int write_object(lua_State *L, struct json_writer *writer, int depth, struct error *reterr)
{
	struct sandbox *box = sandbox_of(L);
	size_t from = sandbox_sort_keys(L, -1, NULL), end = box->n_keys;

	buf_char(writer->out, '{');
	for (size_t i = from; i < end; i++) {
		struct str key = box->keys[i].s;

		if (i > from)
			buf_char(writer->out, ',');
		json_write_string(writer->out, key);
		buf_char(writer->out, ':');
		lua_pushlstring(L, key.p, key.n);
		lua_rawget(L, -2);
		if (write_member(L, writer, (struct where_step){.key = key}, depth, reterr))
			return -1;
	}
	box->n_keys = from;
	buf_char(writer->out, '}');
	return 0;
}

static int write_table(lua_State *L, struct json_writer *writer, int depth, struct error *reterr)
{
	enum shape shape = SHAPE_OBJECT;
	lua_Integer n = 0;

	sandbox_check_time(L);
	if (depth >= sandbox_of(L)->limits->of[LIMIT_JSON_DEPTH]) {
		error_set(reterr, "nested over %d levels deep, or a table that holds itself",
			  (int)sandbox_of(L)->limits->of[LIMIT_JSON_DEPTH]);
		error_hint(reterr, "the limit is --%s", limit_infos[LIMIT_JSON_DEPTH].option);
		return -1;
	}
	luaL_checkstack(L, 8, NULL);
	if (find_shape(L, writer, &shape, &n, reterr))
		return -1;
	if (shape == SHAPE_OBJECT)
		return write_object(L, writer, depth, reterr);
	if (shape == SHAPE_PAIRS)
		return write_pairs(L, writer, n, depth, reterr);
	return write_array(L, writer, n, depth, reterr);
}

/* The value on top. */
static int write_value(lua_State *L, struct json_writer *writer, int depth, struct error *reterr)
{
	const struct event *event;

	/* Shared tables can make a small value an endless text: what is full stays full. */
	if (writer->out->overflow)
		return sandbox_full(sandbox_of(L), reterr);
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		buf_str(writer->out, STR("null"));
		return 0;
	case LUA_TBOOLEAN:
		buf_str(writer->out, lua_toboolean(L, -1) ? STR("true") : STR("false"));
		return 0;
	case LUA_TNUMBER:
		if (number_write(L, -1, writer->out))
			return 0;
		return error_set(reterr, "NaN and infinite numbers cannot be JSON");
	case LUA_TSTRING:
		return write_string(writer, sandbox_str(L, -1), reterr);
	case LUA_TLIGHTUSERDATA:
		buf_str(writer->out, STR("null"));
		return 0;
	case LUA_TTABLE:
		return write_table(L, writer, depth, reterr);
	case LUA_TUSERDATA:
		event = event_view_get(L, -1);
		if (event) {
			json_write(writer->out, &event->data);
			return 0;
		}
		if (writer->string && secret_text(L, -1).p) {
			json_write_string(writer->out, secret_text(L, -1));
			return 0;
		}
		return error_set(reterr, "a %s cannot be JSON", secret_text(L, -1).p ? "secret" : "service");
	default:
		return error_set(reterr, "a %s cannot be JSON", luaL_typename(L, -1));
	}
}

int json_write_lua(lua_State *L, int index, struct json_writer *writer, struct error *reterr)
{
	struct sandbox *box = sandbox_of(L);
	size_t keys = box->n_keys;
	int top = lua_gettop(L), ret;

	writer->depth = 0;
	lua_pushvalue(L, index);
	ret = write_value(L, writer, 0, reterr);
	if (!ret && writer->out->overflow)
		ret = sandbox_full(box, reterr);
	box->n_keys = keys;
	if (writer->depth > WHERE_DEPTH_MAX)
		writer->depth = WHERE_DEPTH_MAX;
	lua_settop(L, top);
	return ret;
}
