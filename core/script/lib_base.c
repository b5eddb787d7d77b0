/* What every file of rules sees beside the libraries: the base functions that are ours, and environments. */
#include "script/duration.h"
#include "script/lexer.h"
#include "script/lua_value.h"
#include "script/sandbox.h"

/* pairs goes in the order of the keys: Lua's own order differs from one state to the next, and a script must
 * declare, and a run do, the same things in the same order each time. */
static int next_sorted(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));

	for (;;) {
		sandbox_check_time(L);
		lua_pushinteger(L, ++i);
		lua_replace(L, lua_upvalueindex(3));
		if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
			return 2;
		lua_pop(L, 2);
	}
}

static int next_raw(lua_State *L)
{
	lua_settop(L, 2);
	return lua_next(L, 1) ? 2 : 0;
}

/* Does Lua's own order do: 1, 2, 3 …? */
static bool is_plain_list(lua_State *L, int index)
{
	lua_Integer expected = 1;

	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		sandbox_check_time(L);
		if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) != expected++) {
			lua_pop(L, 2);
			return false;
		}
	}
	return true;
}

/* Pushes a list of the keys: numbers, texts, then the rest. */
static void push_keys(lua_State *L, int index)
{
	struct sandbox *box = sandbox_of(L);
	size_t others, from = sandbox_sort_keys(L, index, &others);
	lua_Integer n = 0;

	lua_createtable(L, (int)(box->n_keys - from + others), 0);
	for (size_t i = from; i < box->n_keys; i++) {
		sandbox_push_key(L, &box->keys[i]);
		lua_rawseti(L, -2, ++n);
	}
	box->n_keys = from;
	if (!others)
		return;
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		sandbox_check_time(L);
		if (lua_type(L, -2) == LUA_TSTRING || lua_type(L, -2) == LUA_TNUMBER)
			continue;
		lua_pushvalue(L, -2);
		lua_rawseti(L, -4, ++n);
	}
}

static int base_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_pushvalue(L, 1);
		lua_call(L, 1, 3);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	sandbox_of(L)->n_keys = 0;
	if (is_plain_list(L, 1)) {
		lua_pushcfunction(L, next_raw);
		lua_pushvalue(L, 1);
		lua_pushnil(L);
		return 3;
	}
	lua_pushvalue(L, 1);
	push_keys(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_sorted, 3);
	return 1;
}

static int base_next(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (is_plain_list(L, 1)) {
		lua_pushvalue(L, 2);
		return lua_next(L, 1) ? 2 : (lua_pushnil(L), 1);
	}
	push_keys(L, 1);
	for (lua_Integer i = 1;; i++) {
		sandbox_check_time(L);
		if (!lua_isnil(L, 2)) {
			bool here;

			if (lua_rawgeti(L, 3, i) == LUA_TNIL)
				return luaL_error(L, "next: that is no key of the table");
			here = lua_rawequal(L, -1, 2);
			lua_pop(L, 1);
			if (!here)
				continue;
			i++;
		}
		if (lua_rawgeti(L, 3, i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		lua_rawget(L, 1);
		return 2;
	}
}

/* Without the addresses that Lua shows: they tell of the process, and differ each time. */
static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	value_push_shown(L, 1);
	return 1;
}

/* raise(message[, hint]): for the operator's line. */
static int base_raise(lua_State *L)
{
	struct str hint = {0};

	luaL_checkstring(L, 1);
	if (lua_type(L, 2) == LUA_TSTRING) {
		hint = sandbox_str(L, 2);
		sandbox_hint(sandbox_of(L), STR_FMT, STR_ARG(hint));
	}
	lua_settop(L, 1);
	return lua_error(L);
}

/* raise_unknown(message, word, table): with the nearest key of the table as the hint. */
static int base_raise_unknown(lua_State *L)
{
	luaL_checkstring(L, 1);
	if (lua_type(L, 2) == LUA_TSTRING)
		sandbox_hint_member(L, 3, sandbox_str(L, 2));
	lua_settop(L, 1);
	return lua_error(L);
}

/* duration(x): milliseconds, or nil. */
static int base_duration(lua_State *L)
{
	int64_t ms;
	bool ok = false;

	if (lua_type(L, 1) == LUA_TNUMBER)
		ok = duration_of_seconds(lua_tonumber(L, 1), &ms);
	else if (lua_type(L, 1) == LUA_TSTRING)
		ok = duration_parse(sandbox_str(L, 1), &ms);
	if (ok)
		lua_pushinteger(L, ms);
	else
		lua_pushnil(L);
	return 1;
}

static int base_mode(lua_State *L)
{
	lua_pushboolean(L, sandbox_of(L)->mode == MODE_RUN);
	return 1;
}

/* A global that a file assigns belongs to that file, while it loads. */
static int environment_assign(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);

	if (box->mode == MODE_RUN) {
		sandbox_hint(box, "write 'local' before it: what one run keeps, another must not see");
		sandbox_raise(L, "a run cannot set the global '%s'",
			      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
	}
	lua_settop(L, 3);
	lua_rawset(L, lua_upvalueindex(1));
	return 0;
}

void sandbox_push_environment(lua_State *L)
{
	lua_newtable(L); /* the environment: always empty, so that every access is seen */
	lua_createtable(L, 0, 2);
	lua_newtable(L); /* the file's own globals */
	lua_createtable(L, 0, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_public);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__index");
	lua_pushcclosure(L, environment_assign, 1);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
}

struct source_reader {
	struct str rest;
};

/* Lua's parser takes the square of the length for some texts (`a and a and …`), and no hook runs in it. It
 * reads little by little, so that its time is looked at on the way. */
static const char *read_some(lua_State *L, void *context, size_t *ret_n)
{
	struct source_reader *reader = context;
	const char *p = reader->rest.p;

	sandbox_check_time(L);
	*ret_n = reader->rest.n < 256 ? reader->rest.n : 256;
	reader->rest.p += *ret_n;
	reader->rest.n -= *ret_n;
	return p;
}

/* Whoever can name _ENV can put other globals in the place of those that every run of the file sees. */
static void refuse_env(lua_State *L, const struct source_file *file)
{
	struct lexer lexer;
	struct token token;

	if (!memmem(file->text.p, file->text.n, "_ENV", 4))
		return;
	lexer_init(&lexer, file->text, 1);
	while (lexer_next(&lexer, &token)) {
		if (token.kind != TOKEN_NAME || !token_is(&token, "_ENV"))
			continue;
		sandbox_hint(sandbox_of(L),
			     "each file has its own globals; a module returns what others need");
		lua_pushfstring(L, "%s:%d: '_ENV' is not part of rules", file->path.p, token.line);
		lua_error(L);
	}
}

/* What is on top is what Lua says of a file that is no Lua: the slips of those who know other languages. */
static void hint_syntax(lua_State *L)
{
	static const struct {
		const char *part, *hint;
	} slips[] = {
		{"near '!'", "'is not' is written ~=, as in if call.ani ~= \"1\" then, and 'not' is a word"},
		{"'then' expected near '='", "what compares is ==; a single = assigns"},
		{"near '<\\226>'", "quotation marks are plain ones: \" or '"},
		{"'}' expected", "is a comma missing before that, at the end of the entry?"},
		{"unexpected symbol near ','", "is an 'end' missing above it, or a value before it?"},
		{"unexpected symbol near '&'", "'and' is a word in Lua"},
		{"expected near '&'", "'and' is a word in Lua"},
		{"expected near '|'", "'or' is a word in Lua"},
		{"unexpected symbol near '/'", "a comment begins with --"},
		{"unfinished string", "a text ends on its line; [[ … ]] is one of several lines"},
	};
	const char *what = lua_tostring(L, -1);

	for (size_t i = 0; what && i < countof(slips); i++) {
		if (strstr(what, slips[i].part)) {
			sandbox_hint(sandbox_of(L), "%s", slips[i].hint);
			return;
		}
	}
}

void sandbox_load_file(lua_State *L, const struct source_file *file)
{
	struct source_reader reader = {file->text};

	refuse_env(L, file);
	if (str_starts(file->text, STR("\xEF\xBB\xBF"))) {
		reader.rest.p += 3;
		reader.rest.n -= 3;
	}
	lua_pushfstring(L, "@%s", file->path.p);
	if (lua_load(L, read_some, &reader, lua_tostring(L, -1), "t") != LUA_OK) {
		hint_syntax(L);
		lua_error(L);
	}
	sandbox_push_environment(L);
	lua_setupvalue(L, -2, 1);
	lua_remove(L, -2);
}

void lib_base_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"sorted_pairs", base_pairs},
		{"sorted_next", base_next},
		{"shown", base_tostring},
		{"raise", base_raise},
		{"raise_unknown", base_raise_unknown},
		{"duration", base_duration},
		{"is_running", base_mode},
		{NULL, NULL},
	};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lua_pop(L, 1);
}
