#include "script/secret.h"

#include "format/secret_mark.h"

enum { SECRET_TEXT_MAX = 64 * 1024 };

struct secret_box {
	size_t n;
	char text[];
};

static const char secret_mt;

struct str secret_text(lua_State *L, int index)
{
	const struct secret_box *box;

	if (lua_type(L, index) != LUA_TUSERDATA || !sandbox_has_metatable(L, index, &secret_mt))
		return (struct str){0};
	box = lua_touserdata(L, index);
	return (struct str){box->text, box->n};
}

static void push(lua_State *L, struct str text)
{
	struct secret_box *box = lua_newuserdatauv(L, sizeof *box + text.n + 1, 0);

	box->n = text.n;
	memcpy(box->text, text.p, text.n);
	box->text[text.n] = 0;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &secret_mt);
	lua_setmetatable(L, -2);
}

/* declare_secret(name) */
static int declare(lua_State *L)
{
	struct buf *text = sandbox_text(sandbox_of(L));
	struct str name = {0};

	if (lua_type(L, 1) == LUA_TSTRING)
		name = sandbox_str(L, 1);
	if (!name.p || !secret_name_is_good(name)) {
		sandbox_hint(sandbox_of(L),
			     "secret \"crm_password\": up to %d letters, digits, '_', '-' and '.', the name "
			     "of its file",
			     SECRET_NAME_MAX);
		sandbox_raise(L, "this is no name of a secret");
	}
	secret_mark_add(text, ESCAPE_NONE, name);
	push(L, buf_view(text));
	return 1;
}

static struct str part(lua_State *L, int index)
{
	struct str text = secret_text(L, index);

	if (text.p)
		return text;
	if (lua_type(L, index) != LUA_TSTRING && lua_type(L, index) != LUA_TNUMBER)
		sandbox_raise(L, "a secret can be joined to a text, not to a %s", luaL_typename(L, index));
	return sandbox_str(L, index);
}

static int join(lua_State *L)
{
	struct str a = part(L, 1), b = part(L, 2);
	struct buf *text = sandbox_text(sandbox_of(L));

	if (a.n + b.n > SECRET_TEXT_MAX)
		sandbox_raise(L, "a text with a secret in it is over %d KiB", SECRET_TEXT_MAX / 1024);
	buf_str(text, a);
	buf_str(text, b);
	push(L, buf_view(text));
	return 1;
}

static int no_access(lua_State *L)
{
	sandbox_hint(sandbox_of(L), "put it into a header, a parameter, a body or an auth object");
	sandbox_raise(L, "a secret cannot be read by rules");
}

void lib_secret_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"__concat", join},  {"__index", no_access}, {"__newindex", no_access}, {"__len", no_access},
		{"__lt", no_access}, {"__le", no_access},    {"__call", no_access},     {NULL, NULL}};

	luaL_newlib(L, functions);
	lua_pushliteral(L, "secret");
	lua_setfield(L, -2, "__name");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &secret_mt);
	lua_pushcfunction(L, declare);
	lua_setglobal(L, "declare_secret");
}
