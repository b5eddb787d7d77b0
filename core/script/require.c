/* require "services.crm": modules below rules/, each run once a state. */
#include "script/load.h"
#include "script/require.h"

#include "base/suggest.h"

#include <stdio.h>

/* "services/crm.lua" is required as services.crm. */
static struct str module_name(struct arena *arena, struct str path)
{
	char *z = arena_alloc(arena, path.n);
	size_t n = path.n - 4;

	ensure(z);
	for (size_t i = 0; i < n; i++)
		z[i] = path.p[i] == '/' ? '.' : path.p[i];
	return (struct str){z, n};
}

static bool is_module(const struct source_file *file)
{
	return memchr(file->path.p, '/', file->path.n) && str_ends(file->path, STR(".lua"));
}

_Noreturn static void unknown_module(lua_State *L, struct str name)
{
	struct sandbox *box = sandbox_of(L);
	struct str *words, nearest;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, SIZE_MAX / 2);
	words = arena_alloc(&arena, (box->n_files + 1) * sizeof *words);
	ensure(words);
	for (size_t i = 0; i < box->n_files; i++) {
		if (is_module(&box->files[i]))
			words[n++] = module_name(&arena, box->files[i].path);
	}
	nearest = suggest_nearest(name, words, n);
	if (nearest.p)
		sandbox_hint(box, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		sandbox_hint(box, "modules are files below the rules: services/crm.lua is required as "
				  "\"services.crm\"");
	arena_finish(&arena);
	sandbox_raise(L, "there is no module '%.200s'", name.p);
}

static const struct source_file *find_module(lua_State *L, struct str name)
{
	const struct source_file *file;
	char path[512];

	if (name.n == 0 || name.n + 5 > sizeof path || memchr(name.p, '/', name.n) ||
	    memchr(name.p, 0, name.n))
		unknown_module(L, name);
	for (size_t i = 0; i < name.n; i++)
		path[i] = name.p[i] == '.' ? '/' : name.p[i];
	memcpy(path + name.n, ".lua", 5);
	file = sandbox_file(sandbox_of(L), str_of(path));
	if (!file)
		unknown_module(L, name);
	if (!is_module(file)) {
		sandbox_hint(sandbox_of(L), "put what both need into a module, as in services/%.100s.lua",
			     name.p);
		sandbox_raise(L, "'%.100s' is a campaign, not a module", name.p);
	}
	return file;
}

/* "a.lua requires b.lua, which requires a.lua" */
_Noreturn static void circle(lua_State *L, const struct source_file *file)
{
	struct sandbox *box = sandbox_of(L);
	char text[400];
	int n = snprintf(text, sizeof text, STR_FMT, STR_ARG(file->path));

	for (const struct loading *loading = box->loading; loading && n < (int)sizeof text;
	     loading = loading->outer) {
		n += snprintf(text + n, sizeof text - (size_t)n, ", which is required by " STR_FMT,
			      STR_ARG(loading->file->path));
		if (loading->file == file)
			break;
	}
	sandbox_raise(L, "modules require each other in a circle: %s", text);
}

void run_file(lua_State *L, const struct source_file *file)
{
	struct sandbox *box = sandbox_of(L);
	struct loading loading = {.file = file, .outer = box->loading};
	struct part *outer = NULL;

	if (box->loader) {
		box->loader->repeated = box->loader->parts[loader_file_index(box->loader, file)].endless;
		if (box->loader->repeated)
			sandbox_raise(L, "%s", box->loader->repeated->what);
		outer = part_enter(box->loader, file);
	}

	box->loading = &loading;
	if (box->state)
		literals_add(&box->state->literals, file->text);
	sandbox_load_file(L, file);
	lua_call(L, 0, 1);
	box->loading = loading.outer;
	if (box->loader) {
		name_services(L, box->loader, file, lua_gettop(L));
		part_leave(box->loader, file, outer);
	}
}

static bool is_being_loaded(const struct sandbox *box, const struct source_file *file)
{
	for (const struct loading *loading = box->loading; loading; loading = loading->outer) {
		if (loading->file == file)
			return true;
	}
	return false;
}

/* require_module(name): what the module returned. */
static int require_module(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	const struct source_file *file;

	luaL_checktype(L, 1, LUA_TSTRING);
	file = find_module(L, sandbox_str(L, 1));
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_loaded);
	if (lua_rawgetp(L, -1, file) != LUA_TNIL) {
		if (box->loader)
			part_needed(box, file);
		return 1;
	}
	lua_pop(L, 1);
	if (is_being_loaded(box, file))
		circle(L, file);
	if (box->mode == MODE_RUN) {
		sandbox_hint(box, "write local crm = require \"services.crm\" at the top of the file");
		sandbox_raise(L, "a module cannot be loaded in a run");
	}
	luaL_checkstack(L, 16, NULL);
	run_file(L, file);
	if (box->loader)
		part_needed(box, file);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_getglobal(L, "empty_module");
		lua_pushvalue(L, 1);
		lua_call(L, 1, 1);
	}
	lua_getglobal(L, "strict_module");
	lua_pushvalue(L, -2);
	lua_pushvalue(L, 1);
	lua_call(L, 2, 0);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, 2, file);
	return 1;
}

void lib_require_open(lua_State *L)
{
	lua_pushcfunction(L, require_module);
	lua_setglobal(L, "require_module");
}
