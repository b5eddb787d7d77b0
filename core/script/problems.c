#include "script/load.h"

#include "base/suggest.h"
#include "format/template.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROBLEMS_MAX = 200 }; /* of one load of one script: who has that many needs no more to read */

static void add(struct loader *loader, bool warning, const struct error *error)
{
	if (!warning && loader->current)
		loader->current->broken = true;
	if (!warning && loader->part)
		loader->part->broken = true;
	if (loader->problems.n - loader->problems_before < PROBLEMS_MAX)
		*(struct noted_problem *)vec_add(&loader->problems, sizeof(struct noted_problem)) =
			(struct noted_problem){{warning, *error}, loader->part};
}

void problem_add(struct loader *loader, const struct where *where, bool warning, const struct error *error)
{
	struct error marked = *error;

	if (where)
		where_mark(where, &marked);
	add(loader, warning, &marked);
}

void problem_add_in_text(struct loader *loader, const struct where *where, const struct error *error)
{
	struct error marked = *error;

	where_mark_text(where, &marked);
	add(loader, false, &marked);
}

void problem(struct loader *loader, const struct where *where, const char *format, ...)
{
	char text[400];
	struct error error;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error_set(&error, "%s", text);
	problem_add(loader, where, false, &error);
}

void problem_hint(struct loader *loader, const struct where *where, const char *hint, const char *format, ...)
{
	char text[400];
	struct error error;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error_set(&error, "%s", text);
	error_hint(&error, "%s", hint);
	problem_add(loader, where, false, &error);
}

void problem_word(struct loader *loader, const struct where *where, bool warning, struct str word,
		  const struct str *words, size_t n, const char *hint, const char *format, ...)
{
	struct str nearest = suggest_nearest(word, words, n);
	char text[400];
	struct error error;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error_set(&error, "%s", text);
	if (nearest.p)
		error_hint(&error, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else if (hint)
		error_hint(&error, "%s", hint);
	problem_add(loader, where, warning, &error);
}

struct where where_of_call(lua_State *L)
{
	struct place place = sandbox_place(L);

	return (struct where){.file = place.file, .line = place.line};
}

static bool contains(const struct str *words, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(words[i], word))
			return true;
	}
	return false;
}

void check_keys(lua_State *L, struct loader *loader, int index, const struct where *where, const char *what,
		const struct str *words, size_t n)
{
	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		struct where at;
		struct str key;

		if (lua_type(L, -2) != LUA_TSTRING) {
			at = where_index(where, lua_isinteger(L, -2) ? (int)lua_tointeger(L, -2) : 1);
			problem_hint(loader, &at, "write name = value", "a value without a name in %s", what);
			continue;
		}
		key = sandbox_str(L, -2);
		if (contains(words, n, key))
			continue;
		at = where_key(where, key);
		problem_word(loader, &at, false, key, words, n, NULL, "unknown key '%.100s' in %s", key.p,
			     what);
	}
}

void each_text(lua_State *L, struct loader *loader, int index, const struct where *where, const char *what,
	       void (*each)(void *context, struct loader *loader, struct str text, const struct where *where),
	       void *context)
{
	lua_Integer n;

	index = lua_absindex(L, index);
	if (lua_type(L, index) == LUA_TSTRING) {
		each(context, loader, sandbox_str(L, index), where);
		return;
	}
	if (!lua_istable(L, index)) {
		problem(loader, where, "%s is a %s, not a text or a list of texts", what,
			luaL_typename(L, index));
		return;
	}
	n = sandbox_list_length(L, index);
	if (n == 0)
		problem(loader, where, "%s is empty", what);
	for (lua_Integer i = 1; i <= n; i++) {
		struct where at = where_index(where, (int)i);

		sandbox_check(L);
		if (lua_rawgeti(L, index, i) == LUA_TSTRING)
			each(context, loader, sandbox_str(L, -1), &at);
		else
			problem(loader, &at, "%s has a %s in it, not a text", what, luaL_typename(L, -1));
		lua_pop(L, 1);
	}
}

int compile_template(struct loader *loader, struct str text, int context, const struct where *where,
		     struct template *ret)
{
	struct error error;

	loader->allocated += text.n;
	if (!template_compile(text, (enum template_context)context, loader->arena, ret, &error))
		return 0;
	problem_add_in_text(loader, where, &error);
	return -1;
}
