#include "script/lexer.h"
#include "script/sandbox.h"
#include "script/prelude.h"
#include "script/state.h"

#include "base/clock.h"
#include "base/suggest.h"

#include <lualib.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

const char sandbox_public, sandbox_array_mt, sandbox_condition_mt, sandbox_service_mt, sandbox_event_mt,
	sandbox_missing_mt, sandbox_loaded;

static void *allocate(void *context, void *p, size_t old_n, size_t n)
{
	struct sandbox *box = context;
	void *ret;

	if (!p)
		old_n = 0; /* Lua tells the type of the new object there */
	if (n == 0) {
		free(p);
		box->memory -= old_n;
		return NULL;
	}
	if (n > old_n && box->memory + (n - old_n) > box->memory_max)
		return NULL;
	ret = realloc(p, n);
	if (ret)
		box->memory = box->memory - old_n + n;
	return ret;
}

static int64_t thread_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void check_time(lua_State *L, lua_Debug *unused)
{
	struct sandbox *box = sandbox_of(L);
	int64_t now = thread_cpu_us();

	/* The budget begins with the first look: most runs are over before that, and need no clock at all. */
	if (!box->began_us)
		box->began_us = now;
	if (now - box->began_us > box->budget_us)
		sandbox_raise(L, "used up its time of %d ms", (int)(box->budget_us / 1000));
}

static int setup(lua_State *L)
{
	static const luaL_Reg libraries[] = {{"string", luaopen_string},
					     {"table", luaopen_table},
					     {"math", luaopen_math},
					     {"utf8", luaopen_utf8}};

	lua_pushcfunction(L, luaopen_base);
	lua_call(L, 0, 0);
	for (size_t i = 0; i < countof(libraries); i++) {
		lua_pushcfunction(L, libraries[i].func);
		lua_call(L, 0, 1);
		lua_setglobal(L, libraries[i].name);
	}
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_public);
	lua_setglobal(L, "public");
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_loaded);
	lib_base_open(L);
	lib_string_open(L);
	lib_json_open(L);
	lib_declare_open(L);
	lib_require_open(L);
	lib_run_open(L);
	for (size_t i = 0; i < prelude_n; i++) {
		if (luaL_loadbufferx(L, prelude_texts[i].p, prelude_texts[i].n, "=[prelude]", "t"))
			lua_error(L);
		lua_call(L, 0, 0);
	}
	return 0;
}

const struct source_file *sandbox_file(const struct sandbox *box, struct str path)
{
	size_t i = source_index(box->files, box->n_files, path);

	return i == SIZE_MAX ? NULL : &box->files[i];
}

int sandbox_open(struct sandbox *box, const struct source_file *files, size_t n_files, enum sandbox_mode mode,
		 struct error *reterr)
{
	*box = (struct sandbox){
		.memory_max = SANDBOX_MEMORY_MAX, .files = files, .n_files = n_files, .mode = mode};
	box->budget_us = SANDBOX_LOAD_MS * 1000;
	buf_init(&box->text, SANDBOX_TEXT_MAX);
	arena_init(&box->arena, SANDBOX_ARENA_MAX);
	box->L = lua_newstate(allocate, box);
	ensure(box->L);
	*(struct sandbox **)lua_getextraspace(box->L) = box;
	/* Coroutines inherit the hook. */
	lua_sethook(box->L, check_time, LUA_MASKCOUNT, SANDBOX_HOOK_COUNT);
	return sandbox_call(box, setup, NULL, reterr);
}

void sandbox_close(struct sandbox *box)
{
	if (!box->L)
		return;
	lua_close(box->L);
	buf_finish(&box->text);
	arena_finish(&box->arena);
	free(box->keys);
	box->L = NULL;
}

void sandbox_begin(struct sandbox *box)
{
	box->began_us = 0;
	box->raised = (struct place){0};
	box->hint[0] = 0;
	box->n_keys = 0;
}

/* The message handler: the stack that failed is still there. */
static int note_place(lua_State *L)
{
	sandbox_of(L)->raised = sandbox_place(L);
	return 1;
}

int sandbox_call(struct sandbox *box, lua_CFunction function, void *context, struct error *reterr)
{
	lua_State *L = box->L;
	int status;

	sandbox_begin(box);
	lua_pushcfunction(L, note_place);
	lua_pushcfunction(L, function);
	lua_pushlightuserdata(L, context);
	status = lua_pcall(L, 1, 0, -3);
	if (status != LUA_OK)
		sandbox_error(box, L, status, reterr);
	lua_settop(L, 0);
	return status == LUA_OK ? 0 : -1;
}

/* --- Places ----------------------------------------------------------------------------------------------
 */

/* A tail call leaves no trace of who made it. While a file is loaded it is, most likely, its last return:
 * `return http.service { … }`. In a run it is somewhere in the rule. */
static struct place lost_place(const struct sandbox *box, struct place next)
{
	const struct loading *loading = box->loading;
	struct lexer lexer;
	struct token token;

	if (loading && next.file != loading->file) {
		next = (struct place){loading->file, 1};
		lexer_init(&lexer, loading->file->text, 1);
		while (lexer_next(&lexer, &token)) {
			if (token_is(&token, "return"))
				next.line = token.line;
		}
	} else if (!next.file && box->state && box->state->current) {
		const struct rule *rule = box->state->current->rule;

		next = (struct place){sandbox_file(box, rule->campaign->file), rule->line};
	}
	return next;
}

struct place sandbox_place(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct place place = {0};
	bool lost = false;
	lua_Debug at;

	for (int level = 0; !place.file && lua_getstack(L, level, &at); level++) {
		lua_getinfo(L, "Slt", &at);
		if (at.source[0] == '@' && at.currentline > 0)
			place = (struct place){sandbox_file(box, str_of(at.source + 1)), at.currentline};
		else
			lost = lost || at.istailcall;
	}
	return lost ? lost_place(box, place) : place;
}

/* The source that Lua names in a message; a long path has only its end there. */
static const struct source_file *named_file(struct sandbox *box, struct str name)
{
	const struct source_file *file = sandbox_file(box, name);

	if (file || !str_starts(name, STR("...")))
		return file;
	name.p += 3;
	name.n -= 3;
	for (size_t i = 0; i < box->n_files; i++) {
		if (str_ends(box->files[i].path, name))
			return &box->files[i];
	}
	return NULL;
}

/* Splits "crm.lua:12: what" in place and what; a message without a place is left as it is. */
static struct str split_place(struct sandbox *box, struct str text, struct place *place)
{
	static const char *const ends[] = {".lua:", "[prelude]:"};
	const char *end = NULL;
	size_t at;
	int line = 0;

	for (size_t i = 0; i < countof(ends) && !end; i++) {
		end = memmem(text.p, text.n < 512 ? text.n : 512, ends[i], strlen(ends[i]));
		if (end)
			end += strlen(ends[i]) - 1;
	}
	if (!end)
		return text;
	for (at = (size_t)(end - text.p) + 1;
	     at < text.n && text.p[at] >= '0' && text.p[at] <= '9' && line < 1 << 24; at++)
		line = line * 10 + (text.p[at] - '0');
	if (at + 1 >= text.n || text.p[at] != ':' || text.p[at + 1] != ' ')
		return text;
	if (text.p[0] != '[') {
		const struct source_file *file =
			named_file(box, (struct str){text.p, (size_t)(end - text.p)});

		if (!file)
			return text;
		*place = (struct place){file, line};
	}
	return (struct str){text.p + at + 2, text.n - at - 2};
}

void sandbox_error(struct sandbox *box, lua_State *L, int status, struct error *reterr)
{
	struct place place = box->raised.line ? box->raised : sandbox_place(L);
	struct error error;

	if (status == LUA_ERRMEM) {
		error_set(&error, "used up its memory of %d MiB", (int)(box->memory_max >> 20));
	} else if (lua_type(L, -1) == LUA_TSTRING) {
		struct str text = split_place(box, sandbox_str(L, -1), &place);

		error_set(&error, STR_FMT, text.n < 1000 ? (int)text.n : 1000, text.p);
	} else {
		error_set(&error, "the script raised a %s; error takes a text", luaL_typename(L, -1));
	}
	memcpy(error.hint, box->hint, sizeof error.hint);
	if (place.file)
		error_at(&error, place.file->path, place.line, 0, place.file->text);
	if (reterr)
		*reterr = error;
}

void sandbox_raise(lua_State *L, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	lua_pushstring(L, text);
	lua_error(L);
	abort();
}

void sandbox_raise_error(lua_State *L, const struct error *error)
{
	memcpy(sandbox_of(L)->hint, error->hint, sizeof error->hint);
	lua_pushstring(L, error->what);
	lua_error(L);
	abort();
}

void sandbox_hint(struct sandbox *box, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(box->hint, sizeof box->hint, format, args);
	va_end(args);
}

/* --- Work memory -----------------------------------------------------------------------------------------
 */

struct arena *sandbox_arena(struct sandbox *box)
{
	arena_finish(&box->arena);
	return &box->arena;
}

struct buf *sandbox_text(struct sandbox *box)
{
	/* One large body must not stay with the state for ever. */
	if (box->text.capacity > 64 * 1024) {
		buf_finish(&box->text);
		buf_init(&box->text, SANDBOX_TEXT_MAX);
	}
	buf_clear(&box->text);
	return &box->text;
}

static void add_key(struct sandbox *box, struct key key)
{
	if (box->n_keys == box->keys_capacity) {
		box->keys_capacity = box->keys_capacity ? 2 * box->keys_capacity : 64;
		box->keys = mem_realloc(box->keys, box->keys_capacity * sizeof *box->keys);
	}
	box->keys[box->n_keys++] = key;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->s.p || y->s.p)
		return x->s.p && y->s.p ? str_cmp(x->s, y->s) : (x->s.p != NULL) - (y->s.p != NULL);
	if (x->is_integer && y->is_integer)
		return (x->integer > y->integer) - (x->integer < y->integer);
	return (x->number > y->number) - (x->number < y->number);
}

size_t sandbox_sort_keys(lua_State *L, int index, size_t *ret_others)
{
	struct sandbox *box = sandbox_of(L);
	size_t from = box->n_keys, others = 0;

	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		if (lua_type(L, -2) == LUA_TSTRING)
			add_key(box, (struct key){.s = sandbox_str(L, -2)});
		else if (lua_type(L, -2) == LUA_TNUMBER)
			add_key(box, (struct key){.is_integer = lua_isinteger(L, -2),
						  .integer = lua_tointeger(L, -2),
						  .number = lua_tonumber(L, -2)});
		else
			others++;
	}
	if (box->n_keys > from)
		qsort(box->keys + from, box->n_keys - from, sizeof *box->keys, compare_keys);
	if (ret_others)
		*ret_others = others;
	return from;
}

void sandbox_push_key(lua_State *L, const struct key *key)
{
	if (key->s.p)
		lua_pushlstring(L, key->s.p, key->s.n);
	else if (key->is_integer)
		lua_pushinteger(L, key->integer);
	else
		lua_pushnumber(L, key->number);
}

void sandbox_hint_member(lua_State *L, int index, struct str word)
{
	struct sandbox *box = sandbox_of(L);
	size_t n = 0, from = box->n_keys;
	struct arena arena;
	struct str *words, nearest;
	int depth = 0, top = lua_gettop(L);

	luaL_checkstack(L, 24, NULL);
	lua_pushvalue(L, index);
	for (int more = 1; more && depth < 4 && lua_istable(L, -1); depth++) {
		sandbox_sort_keys(L, -1, NULL);
		more = luaL_getmetafield(L, -1, "__index") == LUA_TTABLE;
	}
	arena_init(&arena, SIZE_MAX / 2);
	words = arena_alloc(&arena, (box->n_keys - from + 1) * sizeof *words);
	ensure(words);
	for (size_t i = from; i < box->n_keys; i++) {
		if (box->keys[i].s.p && box->keys[i].s.p[0] != '_')
			words[n++] = box->keys[i].s;
	}
	nearest = suggest_nearest(word, words, n);
	if (nearest.p)
		sandbox_hint(box, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	arena_finish(&arena);
	box->n_keys = from;
	lua_settop(L, top);
}

bool sandbox_has_metatable(lua_State *L, int index, const void *which)
{
	bool ret;

	if (!lua_getmetatable(L, index))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, which);
	ret = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return ret;
}
