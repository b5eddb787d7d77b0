/* A list is a table of 1 to n and nothing else, or json.array; everything else is an object. */
#include "script/soap_value.h"

#include "script/lua_value.h"

enum { DEPTH_MAX = 64, NUMBER_MAX = 64 };

static int read_value(lua_State *L, int index, struct soap_texts *texts, int depth, struct value *ret,
		      struct error *reterr);

static int too_large(struct error *reterr)
{
	return error_set(reterr, "the arguments are too large");
}

static int read_number(lua_State *L, int index, struct soap_texts *texts, struct value *ret,
		       struct error *reterr)
{
	struct buf text;
	char room[NUMBER_MAX];
	/* No memory of its own, so that nothing is lost if Lua raises. */
	text = (struct buf){.p = room, .capacity = sizeof room, .max = sizeof room - 1};
	if (!number_write(L, index, &text))
		return error_set(reterr, "a number is NaN or infinite");
	struct str copy = arena_copy(texts->arena, buf_view(&text));
	if (!copy.p)
		return too_large(reterr);
	*ret = (struct value){.kind = VALUE_NUMBER, .text = copy};
	return 0;
}

static size_t count_keys(lua_State *L, int index)
{
	size_t n = 0;
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
		n++;
	return n;
}

static int read_list(lua_State *L, int index, size_t n, struct soap_texts *texts, int depth,
		     struct value *ret, struct error *reterr)
{
	struct value list = {.kind = VALUE_ARRAY, .n = (uint32_t)n};
	list.items = arena_zalloc(texts->arena, (n + 1) * sizeof *list.items);
	if (!list.items)
		return too_large(reterr);
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, index, (lua_Integer)i + 1);
		if (read_value(L, lua_gettop(L), texts, depth + 1, &list.items[i], reterr))
			return -1;
		lua_pop(L, 1);
	}
	*ret = list;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static int read_object(lua_State *L, int index, size_t n, struct soap_texts *texts, int depth,
		       struct value *ret, struct error *reterr)
{
	struct value object = {.kind = VALUE_OBJECT};
	object.members = arena_alloc(texts->arena, (n + 1) * sizeof *object.members);
	if (!object.members)
		return too_large(reterr);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			return error_set(reterr, "a table is either a list or has names; this one has both");
		struct member *member = &object.members[object.n];
		member->key = arena_copy(texts->arena, sandbox_str(L, -2));
		if (!member->key.p)
			return too_large(reterr);
		if (read_value(L, lua_gettop(L), texts, depth + 1, &member->value, reterr))
			return -1;
		object.n++;
	}
	/* What is said of the first wrong one should be the same each time. */
	if (object.n)
		qsort(object.members, object.n, sizeof *object.members, by_key);
	*ret = object;
	return 0;
}

static int read_table(lua_State *L, int index, struct soap_texts *texts, int depth, struct value *ret,
		      struct error *reterr)
{
	size_t n = count_keys(L, index), list = (size_t)lua_rawlen(L, index);
	luaL_checkstack(L, 8, NULL);
	if (sandbox_has_metatable(L, index, &sandbox_array_mt) || (n && n == list))
		return read_list(L, index, list, texts, depth, ret, reterr);
	return read_object(L, index, n, texts, depth, ret, reterr);
}

static int read_value(lua_State *L, int index, struct soap_texts *texts, int depth, struct value *ret,
		      struct error *reterr)
{
	if (depth > DEPTH_MAX)
		return error_set(reterr, "more than %d tables inside of each other", DEPTH_MAX);
	switch (lua_type(L, index)) {
	case LUA_TNIL:
	case LUA_TLIGHTUSERDATA:
		*ret = (struct value){.kind = VALUE_NULL};
		return 0;
	case LUA_TBOOLEAN:
		*ret = (struct value){.kind = lua_toboolean(L, index) ? VALUE_TRUE : VALUE_FALSE};
		return 0;
	case LUA_TNUMBER:
		return read_number(L, index, texts, ret, reterr);
	case LUA_TSTRING:
		if (texts->text)
			return texts->text(texts, L, index, ret, reterr);
		*ret = (struct value){.kind = VALUE_STRING, .text = sandbox_str(L, index)};
		return 0;
	case LUA_TTABLE:
		return read_table(L, index, texts, depth, ret, reterr);
	default:
		if (texts->text)
			return texts->text(texts, L, index, ret, reterr);
		return error_set(reterr, "a %s is no value", luaL_typename(L, index));
	}
}

int soap_value_read(lua_State *L, int index, struct soap_texts *texts, struct value *ret,
		    struct error *reterr)
{
	int top = lua_gettop(L), status;
	luaL_checkstack(L, 3 * DEPTH_MAX + 16, NULL);
	status = read_value(L, lua_absindex(L, index), texts, 0, ret, reterr);
	lua_settop(L, top);
	return status;
}
