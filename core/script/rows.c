#include "script/rows.h"

size_t rows_count(lua_State *L, int index)
{
	size_t n = 0;

	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		sandbox_check_time(L);
		n++;
	}
	return n;
}

/* The entry of a list on top becomes its name and value. */
static int open_pair(lua_State *L, int i, struct rows_item *ret, struct error *reterr)
{
	if (!lua_istable(L, -1) || rows_count(L, -1) > 2 || lua_rawlen(L, -1) < 1) {
		error_set(reterr, "row %d is no pair of a name and a value", i);
		error_hint(reterr, "write { \"name\", \"#tag#\" }");
		return -1;
	}
	if (lua_rawgeti(L, -1, 1) != LUA_TSTRING) {
		error_set(reterr, "the name of row %d is a %s, not a text", i, luaL_typename(L, -1));
		return -1;
	}
	*ret = (struct rows_item){.name = sandbox_str(L, -1), .index = i};
	lua_rawgeti(L, -2, 2);
	return 0;
}

static int each_of_list(lua_State *L, int index, int n,
			int (*each)(void *context, lua_State *L, const struct rows_item *item), void *context,
			struct where_step *ret_bad, struct error *reterr)
{
	int top = lua_gettop(L), ret = 0;

	for (int i = 1; i <= n && !ret; i++) {
		struct rows_item item;

		lua_rawgeti(L, index, i);
		ret = open_pair(L, i, &item, reterr);
		if (ret)
			*ret_bad = (struct where_step){.index = i};
		else
			ret = each(context, L, &item);
		lua_settop(L, top);
	}
	return ret;
}

static int each_by_name(lua_State *L, int index,
			int (*each)(void *context, lua_State *L, const struct rows_item *item), void *context)
{
	struct sandbox *box = sandbox_of(L);
	size_t from = sandbox_sort_keys(L, index, NULL), end = box->n_keys;
	int top = lua_gettop(L), ret = 0;

	for (size_t i = from; i < end && !ret; i++) {
		struct rows_item item = {.name = box->keys[i].s};

		lua_pushlstring(L, item.name.p, item.name.n);
		lua_rawget(L, index);
		ret = each(context, L, &item);
		lua_settop(L, top);
	}
	box->n_keys = from;
	return ret;
}

int rows_each(lua_State *L, int index, int (*each)(void *context, lua_State *L, const struct rows_item *item),
	      void *context, struct where_step *ret_bad, struct error *reterr)
{
	size_t list = 0, named = 0;

	luaL_checkstack(L, 12, NULL);
	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		sandbox_check_time(L);
		list += lua_type(L, -2) != LUA_TSTRING;
		named += lua_type(L, -2) == LUA_TSTRING;
	}
	if (list && (named || lua_rawlen(L, index) != list)) {
		*ret_bad = (struct where_step){.index = 1};
		error_set(reterr, "rows are a list of pairs, or names with values, not both");
		error_hint(reterr, "write { { \"name\", \"#tag#\" }, … } or { name = \"#tag#\", … }");
		return -1;
	}
	if (list)
		return each_of_list(L, index, (int)list, each, context, ret_bad, reterr);
	return each_by_name(L, index, each, context);
}
