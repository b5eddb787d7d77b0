#include "script/lexer.h"
#include "script/sandbox.h"
#include "script/prelude.h"
#include "script/state.h"
#include "script/testing_private.h"

#include "format/error_text.h"

#include <lualib.h>

#include <stdarg.h>
#include <stdio.h>

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
	if (n > old_n && sandbox_refuses(box, n - old_n))
		return NULL;
	ret = realloc(p, n);
	if (ret)
		box->memory = box->memory - old_n + n;
	return ret;
}

/* --- Time ------------------------------------------------------------------------------------------------
 */

/* To keep an exact time costs too much for each run of each campaign. One whose runs have taken long is
 * likely to have more of them, until this many stretches did not. */
enum { SUSPICIOUS_STRETCHES = 100 };

/* The one hook of the program: nobody else calls lua_sethook. */
static void hook(lua_State *L, lua_Debug *at)
{
	struct sandbox *box = sandbox_of(L);

	sandbox_check_time(L);
	if (at->event == LUA_HOOKLINE && box->on_line)
		box->on_line(L, at);
	/* Not within a function of C, as table.sort: it pauses after that. */
	if (!box->slice_is_up || at->event != LUA_HOOKCOUNT || !lua_isyieldable(L))
		return;
	box->slice_is_up = 0;
	box->paused = true;
	box->suspicious = SUSPICIOUS_STRETCHES;
	box->paused_at = sandbox_place(L); /* of a run that has paused Lua names the instruction before */
	lua_sethook(L, NULL, 0, 0);
	lua_yield(L, 0); /* which returns here, and takes effect when the hook does */
}

/* In the signal's handler, on the thread that runs the script. This is what lua_sethook may be used for. */
static void time_is_up(void *context)
{
	struct sandbox *box = context;

	if (box->slices.usual_us && !box->slice_is_up) {
		box->slice_is_up = 1;
		watch_extend(box->watch, box->budget_us);
		lua_sethook(box->running, hook, LUA_MASKCOUNT, 1);
		return;
	}
	box->time_is_up = 1;
	lua_sethook(box->running, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

void sandbox_enter(struct sandbox *box, lua_State *L, int64_t budget_us)
{
	box->raised = (struct place){0};
	box->hint[0] = 0;
	box->n_keys = 0;
	box->running = L;
	box->time_is_up = 0;
	box->paused = false;
	box->budget_us = budget_us;
	/* What is no run has no other end than that of its time; nor has what the watchdog sees only then. */
	box->slice_is_up = L == box->L || (!box->suspicious && budget_us <= box->slices.usual_us);
	lua_sethook(L, box->on_line ? hook : NULL, box->on_line ? LUA_MASKLINE : 0, 0);
	if (box->slice_is_up || !box->slices.usual_us) {
		watch_begin(box->watch, budget_us, time_is_up, box);
		return;
	}
	watch_begin(box->watch, box->slices.usual_us, time_is_up, box);
	if (box->suspicious) {
		box->suspicious--;
		watch_alarm(box->watch, box->slices.short_us);
	}
}

int64_t sandbox_leave(struct sandbox *box)
{
	int64_t used_us = watch_end(box->watch);

	/* One large body must not stay with the state for ever. */
	if (box->text.capacity > 64 * 1024)
		buf_finish(&box->text);
	if (box->arena.used)
		arena_finish(&box->arena);
	if (box->keys_capacity > 4096) {
		free(box->keys);
		box->keys = NULL;
		box->keys_capacity = 0;
	}
	return used_us;
}

void sandbox_raise_time(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	char limit[32];

	limit_show(box->time, box->limits, limit, sizeof limit);
	sandbox_hint(box, "a loop without an end, or too much work at once; the limit is --%s",
		     limit_infos[box->time].option);
	sandbox_raise(L, "used up its time of %s", limit);
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
	lib_table_open(L);
	lib_text_open(L);
	lib_json_open(L);
	lib_declare_open(L);
	lib_require_open(L);
	lib_run_open(L);
	lib_secret_open(L);
	lib_auth_open(L);
	lib_mappings_open(L);
	lib_soap_open(L);
	for (size_t i = 0; i < prelude_n; i++) {
		if (luaL_loadbufferx(L, prelude_texts[i].p, prelude_texts[i].n, "=[prelude]", "t"))
			lua_error(L);
		lua_call(L, 0, 0);
	}
	if (sandbox_of(L)->mode == MODE_TEST)
		lib_testing_open(L);
	return 0;
}

const struct source_file *sandbox_file(const struct sandbox *box, struct str path)
{
	size_t i = source_index(box->files, box->n_files, path);

	return i == SIZE_MAX ? NULL : &box->files[i];
}

int sandbox_open(struct sandbox *box, const struct source_file *files, size_t n_files, enum sandbox_mode mode,
		 const struct limits *limits, struct watch *watch, struct error *reterr)
{
	*box = (struct sandbox){.limits = limits,
				.files = files,
				.n_files = n_files,
				.mode = mode,
				.watch = watch,
				.time = LIMIT_LOAD_TIME};
	buf_init(&box->text, 0);
	arena_init(&box->arena, 0);
	box->L = lua_newstate(allocate, box);
	if (!box->L)
		return sandbox_limit_error(box, LIMIT_MEMORY, "memory", reterr);
	*(struct sandbox **)lua_getextraspace(box->L) = box;
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

	/* The way out of a run may be taken by another thread than the watched one, at the end. */
	sandbox_enter(box, L, box->reserve ? INT64_MAX : box->limits->of[box->time]);
	lua_pushcfunction(L, note_place);
	lua_pushcfunction(L, function);
	lua_pushlightuserdata(L, context);
	status = lua_pcall(L, 1, 0, -3);
	if (status != LUA_OK)
		sandbox_error(box, L, status, reterr);
	lua_settop(L, 0);
	sandbox_leave(box);
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

/* An error's text is the script's: without controls, terminated, and not too long. False if nothing is left
 * of it. */
static bool clean(char z[1000], struct str text)
{
	size_t n = 0;

	text = str_trim(text);
	for (; n < 999 && n < text.n; n++)
		z[n] = (unsigned char)text.p[n] < ' ' && text.p[n] != '\n' && text.p[n] != '\t' ? '?'
												: text.p[n];
	z[n] = 0;
	return n > 0;
}

void sandbox_error(struct sandbox *box, lua_State *L, int status, struct error *reterr)
{
	struct place place = box->raised.line ? box->raised : sandbox_place(L);
	struct error error;
	char z[1000];

	if (status == LUA_ERRMEM) {
		sandbox_limit_error(box, LIMIT_MEMORY, "memory", &error);
	} else if (lua_type(L, -1) == LUA_TSTRING) {
		struct str text = split_place(box, sandbox_str(L, -1), &place);

		if (clean(z, text))
			error_set(&error, "%s", z);
		else
			error_set(&error, "the script raised an error without a text");
	} else {
		error_set(&error, "the script raised a %s; error takes a text", luaL_typename(L, -1));
	}
	if (status != LUA_ERRMEM)
		memcpy(error.hint, box->hint, sizeof error.hint);
	if (place.file)
		error_at(&error, place.file->path, place.line, 0, place.file->text);
	error_point(&error);
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
