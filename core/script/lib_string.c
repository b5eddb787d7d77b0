/* string.find, match, gmatch and gsub over patterns with a bound on the work, and the other functions of
 * string that could run for ever. Their meaning is the manual's (section 6.4). */
#include "script/lua_value.h"
#include "script/sandbox.h"

#include "model/pattern.h"

#include <stdio.h>

/* From Lua's position (1 is the first, negative from the end) to an offset; may pass the end. */
static size_t offset_of(lua_Integer position, size_t n)
{
	if (position > 0)
		return (size_t)position - 1;
	if (position == 0 || position < -(lua_Integer)n)
		return 0;
	return n - (size_t)-position;
}

static void push_capture(lua_State *L, const struct pattern_capture *capture)
{
	if (capture->text.p)
		lua_pushlstring(L, capture->text.p, capture->text.n);
	else
		lua_pushinteger(L, (lua_Integer)capture->position);
}

/* Pushes the captures, or the whole match when there are none. */
static int push_captures(lua_State *L, struct str s, const struct pattern_match *match)
{
	luaL_checkstack(L, PATTERN_CAPTURES_MAX, "too many captures");
	if (!match->n_captures)
		lua_pushlstring(L, s.p + match->start, match->end - match->start);
	for (int i = 0; i < match->n_captures; i++)
		push_capture(L, &match->captures[i]);
	return match->n_captures ? match->n_captures : 1;
}

static bool find(lua_State *L, struct str s, struct str pattern, size_t from, int64_t *steps,
		 struct pattern_match *ret)
{
	const char *why = NULL;

	switch (pattern_find(s, pattern, from, steps, ret, &why)) {
	case PATTERN_YES:
		return true;
	case PATTERN_NO:
		return false;
	case PATTERN_MALFORMED:
		sandbox_raise(L, "the pattern '%.100s' is wrong: %s", pattern.p, why ? why : "malformed");
	case PATTERN_TOO_MUCH_WORK:
		break;
	}
	sandbox_raise(L, "the pattern '%.100s' takes too long on a text of %zu bytes", pattern.p, s.n);
}

static bool is_plain(struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		if (!pattern.p[i] || strchr("^$*+?.([%-", pattern.p[i]))
			return false;
	}
	return true;
}

static int find_or_match(lua_State *L, bool is_find)
{
	int64_t steps = SANDBOX_PATTERN_STEPS;
	struct pattern_match match;
	struct str s, pattern;
	size_t from;

	s.p = luaL_checklstring(L, 1, &s.n);
	pattern.p = luaL_checklstring(L, 2, &pattern.n);
	from = offset_of(luaL_optinteger(L, 3, 1), s.n);
	if (from > s.n) {
		lua_pushnil(L);
		return 1;
	}
	if (is_find && (lua_toboolean(L, 4) || is_plain(pattern))) {
		/* glibc's memmem is linear. */
		const char *p = memmem(s.p + from, s.n - from, pattern.p, pattern.n);

		if (!p) {
			lua_pushnil(L);
			return 1;
		}
		lua_pushinteger(L, p - s.p + 1);
		lua_pushinteger(L, p - s.p + (lua_Integer)pattern.n);
		return 2;
	}
	if (!find(L, s, pattern, from, &steps, &match)) {
		lua_pushnil(L);
		return 1;
	}
	if (!is_find)
		return push_captures(L, s, &match);
	lua_pushinteger(L, (lua_Integer)match.start + 1);
	lua_pushinteger(L, (lua_Integer)match.end);
	return 2 + (match.n_captures ? push_captures(L, s, &match) : 0);
}

static int string_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* Finds the next match that does not end where the last one did. */
static bool find_next(lua_State *L, struct str s, struct str pattern, size_t *from, lua_Integer last,
		      int64_t *steps, struct pattern_match *match)
{
	while (*from <= s.n && find(L, s, pattern, *from, steps, match)) {
		if ((lua_Integer)match->end != last)
			return true;
		*from = match->start + 1;
	}
	return false;
}

/* Upvalues: text, pattern, where to go on, where the last match ended. */
static int gmatch_next(lua_State *L)
{
	int64_t steps = SANDBOX_PATTERN_STEPS;
	struct pattern_match match;
	struct str s = sandbox_str(L, lua_upvalueindex(1)), pattern = sandbox_str(L, lua_upvalueindex(2));
	size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(3));

	if (!find_next(L, s, pattern, &from, lua_tointeger(L, lua_upvalueindex(4)), &steps, &match)) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, (lua_Integer)match.end);
	lua_pushvalue(L, -1);
	lua_replace(L, lua_upvalueindex(3));
	lua_replace(L, lua_upvalueindex(4));
	return push_captures(L, s, &match);
}

static int string_gmatch(lua_State *L)
{
	size_t n;
	lua_Integer from;

	luaL_checklstring(L, 1, &n);
	luaL_checkstring(L, 2);
	from = (lua_Integer)offset_of(luaL_optinteger(L, 3, 1), n);
	lua_settop(L, 2);
	/* In gmatch '^' is a character as any other. */
	if (lua_tostring(L, 2)[0] == '^') {
		lua_pushliteral(L, "%");
		lua_insert(L, 2);
		lua_concat(L, 2);
	}
	lua_pushinteger(L, from);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, gmatch_next, 4);
	return 1;
}

static void add_template(lua_State *L, luaL_Buffer *out, struct str s, const struct pattern_match *match)
{
	struct str t = sandbox_str(L, 3);

	for (size_t i = 0; i < t.n; i++) {
		int which;

		if (t.p[i] != '%') {
			luaL_addchar(out, t.p[i]);
			continue;
		}
		i++;
		if (i < t.n && t.p[i] == '%') {
			luaL_addchar(out, '%');
			continue;
		}
		if (i >= t.n || t.p[i] < '0' || t.p[i] > '9')
			sandbox_raise(
				L, "gsub: a '%%' in the replacement needs a digit or another '%%' behind it");
		which = t.p[i] - '0';
		if (which == 0 || (which == 1 && !match->n_captures)) {
			luaL_addlstring(out, s.p + match->start, match->end - match->start);
			continue;
		}
		if (which > match->n_captures)
			sandbox_raise(L, "gsub: the pattern has no capture %%%d", which);
		push_capture(L, &match->captures[which - 1]);
		luaL_addvalue(out);
	}
}

/* Adds what stands for the match. */
static void add_replacement(lua_State *L, luaL_Buffer *out, struct str s, const struct pattern_match *match,
			    int type)
{
	if (type == LUA_TSTRING || type == LUA_TNUMBER) {
		add_template(L, out, s, match);
		return;
	}
	if (type == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		lua_call(L, push_captures(L, s, match), 1);
	} else {
		push_captures(L, s, match);
		lua_settop(L, match->n_captures > 1 ? lua_gettop(L) - match->n_captures + 1 : lua_gettop(L));
		lua_gettable(L, 3);
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(out, s.p + match->start, match->end - match->start);
	} else if (lua_isstring(L, -1)) {
		luaL_addvalue(out);
	} else {
		sandbox_raise(L, "gsub: the replacement is a %s, not a text", luaL_typename(L, -1));
	}
}

static int string_gsub(lua_State *L)
{
	int64_t steps = SANDBOX_PATTERN_STEPS;
	struct pattern_match match;
	struct str s, pattern;
	int type = lua_type(L, 3);
	lua_Integer max, n = 0;
	size_t copied = 0, from = 0;
	luaL_Buffer out;

	s.p = luaL_checklstring(L, 1, &s.n);
	pattern.p = luaL_checklstring(L, 2, &pattern.n);
	luaL_argexpected(
		L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
		3, "string/function/table");
	max = luaL_optinteger(L, 4, (lua_Integer)s.n + 1);
	lua_settop(L, 3);
	if (type == LUA_TNUMBER)
		lua_tostring(L, 3);
	luaL_buffinit(L, &out);
	while (n < max && find_next(L, s, pattern, &from, n ? (lua_Integer)copied : -1, &steps, &match)) {
		sandbox_check_time(L);
		luaL_addlstring(&out, s.p + copied, match.start - copied);
		add_replacement(L, &out, s, &match, type);
		copied = from = match.end;
		n++;
		if (pattern.n && pattern.p[0] == '^')
			break;
	}
	luaL_addlstring(&out, s.p + copied, s.n - copied);
	luaL_pushresult(&out);
	lua_pushinteger(L, n);
	return 2;
}

static int string_rep(lua_State *L)
{
	size_t n, separator_n, total;
	const char *s = luaL_checklstring(L, 1, &n), *separator = luaL_optlstring(L, 3, "", &separator_n);
	lua_Integer times = luaL_checkinteger(L, 2);
	luaL_Buffer out;

	if (times <= 0 || n + separator_n == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	if (times > SANDBOX_STRING_MAX || (n + separator_n) > SANDBOX_STRING_MAX / (size_t)times)
		sandbox_raise(L, "string.rep: the text would be over %d MiB", SANDBOX_STRING_MAX >> 20);
	total = (size_t)times * n + (size_t)(times - 1) * separator_n;
	luaL_buffinitsize(L, &out, total);
	while (times-- > 0) {
		luaL_addlstring(&out, s, n);
		if (times)
			luaL_addlstring(&out, separator, separator_n);
	}
	luaL_pushresult(&out);
	return 1;
}

/* Upvalue 1: Lua's own. Values are shown without addresses, and there is no %p. */
static int string_format(lua_State *L)
{
	int n = lua_gettop(L);
	struct str format;

	format.p = luaL_checklstring(L, 1, &format.n);
	for (size_t i = 0; i + 1 < format.n; i++) {
		if (format.p[i] != '%')
			continue;
		for (i++; i < format.n && strchr("-+ #0123456789.", format.p[i]) && format.p[i];)
			i++;
		if (i < format.n && format.p[i] == 'p')
			sandbox_raise(L, "string.format: there is no %%p in rules");
	}
	luaL_checkstack(L, n + 2, NULL);
	lua_pushvalue(L, lua_upvalueindex(1));
	for (int i = 1; i <= n; i++) {
		int type = lua_type(L, i);

		if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL)
			lua_pushvalue(L, i);
		else
			value_push_shown(L, i);
	}
	lua_call(L, n, 1);
	return 1;
}

/* Puts `function` in the place of a function of the library on top, which becomes its upvalue. */
static void wrap(lua_State *L, const char *name, lua_CFunction function)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, function, 1);
	lua_setfield(L, -2, name);
}

void lib_string_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch},
		{"gsub", string_gsub}, {"rep", string_rep},     {NULL, NULL},
	};

	lua_getglobal(L, "string");
	luaL_setfuncs(L, functions, 0);
	wrap(L, "format", string_format);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
}
