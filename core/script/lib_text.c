/* text: what rules do with texts all day, without patterns. Bytes that are not UTF-8 are taken as they are.
 */
#include "script/sandbox.h"

static struct str check_text(lua_State *L, int index, const char *what)
{
	if (lua_type(L, index) != LUA_TSTRING && lua_type(L, index) != LUA_TNUMBER)
		sandbox_raise(L, "text.%s takes a text, not a %s", what, luaL_typename(L, index));
	return sandbox_str(L, index);
}

static void push(lua_State *L, struct str s)
{
	lua_pushlstring(L, s.n ? s.p : "", s.n);
}

static int text_trim(lua_State *L)
{
	push(L, str_trim(check_text(L, 1, "trim")));
	return 1;
}

static struct str check_separator(lua_State *L, const char *what)
{
	struct str separator = check_text(L, 2, what);

	if (!separator.n)
		sandbox_raise(L, "text.%s: the text to look for is empty", what);
	return separator;
}

/* Takes the part before the next separator off the rest; the last part is all that is left. */
static bool next_part(struct str *rest, struct str separator, struct str *ret)
{
	const char *hit = rest->n ? memmem(rest->p, rest->n, separator.p, separator.n) : NULL;

	*ret = *rest;
	if (!hit)
		return false;
	ret->n = (size_t)(hit - rest->p);
	rest->p += ret->n + separator.n;
	rest->n -= ret->n + separator.n;
	return true;
}

/* split(text, separator): a list. */
static int text_split(lua_State *L)
{
	struct str rest = check_text(L, 1, "split"), separator = check_separator(L, "split"), part;
	lua_Integer n = 0;

	lua_newtable(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_array_mt);
	lua_setmetatable(L, -2);
	for (bool more = true; more;) {
		sandbox_check_time(L);
		more = next_part(&rest, separator, &part);
		push(L, part);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

/* replace(text, what, by): every place; nothing in the texts is special. */
static int text_replace(lua_State *L)
{
	struct str rest = check_text(L, 1, "replace"), from = check_separator(L, "replace"),
		   to = check_text(L, 3, "replace"), part;
	luaL_Buffer out;

	luaL_buffinit(L, &out);
	while (next_part(&rest, from, &part)) {
		sandbox_check_time(L);
		luaL_addlstring(&out, part.p, part.n);
		luaL_addlstring(&out, to.p, to.n);
	}
	luaL_addlstring(&out, part.p, part.n);
	luaL_pushresult(&out);
	return 1;
}

static int text_contains(lua_State *L)
{
	struct str s = check_text(L, 1, "contains"), part = check_text(L, 2, "contains");

	lua_pushboolean(L, !part.n || (s.n && memmem(s.p, s.n, part.p, part.n)));
	return 1;
}

static int text_starts_with(lua_State *L)
{
	lua_pushboolean(L, str_starts(check_text(L, 1, "starts_with"), check_text(L, 2, "starts_with")));
	return 1;
}

static int text_ends_with(lua_State *L)
{
	lua_pushboolean(L, str_ends(check_text(L, 1, "ends_with"), check_text(L, 2, "ends_with")));
	return 1;
}

/* cut(text, n): at most n characters, never half of one. */
static int text_cut(lua_State *L)
{
	struct str s = check_text(L, 1, "cut");
	lua_Integer left = luaL_checkinteger(L, 2);
	size_t n = 0;

	for (; n < s.n; n++) {
		bool begins = ((unsigned char)s.p[n] & 0xC0) != 0x80;

		if (begins && left <= 0)
			break;
		left -= begins;
	}
	push(L, (struct str){s.p, n});
	return 1;
}

void lib_text_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"trim", text_trim},
		{"split", text_split},
		{"replace", text_replace},
		{"contains", text_contains},
		{"starts_with", text_starts_with},
		{"ends_with", text_ends_with},
		{"cut", text_cut},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	lua_setglobal(L, "text");
}
