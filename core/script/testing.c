#include "script/testing.h"

#include "script/lua_value.h"
#include "script/prelude.h"
#include "script/require.h"
#include "script/testing_private.h"

#include "format/json.h"

enum {
	TESTS_MAX = 10000,
	NAME_MAX_BYTES = 200,
	DETAIL_MAX = 64 * 1024,
	LOADS_A_TEST = 20,
	ANSWER_VALUES_MAX = 1000000
};

struct declared_test {
	struct str name;
	int line;
};

struct script_tests {
	struct sandbox box;
	struct source_file *sources; /* the test's and the modules', so that places are found */
	size_t n_sources;
	struct script_test_host host;
	struct limits limits;
	struct watchdog *watchdog;
	struct arena names;
	struct declared_test *tests;
	size_t n, capacity;
	struct buf detail;
};

static const char tests_functions; /* registry: the tests' functions by their number */

/* --- what the prelude calls --- */

/* declare_test(name, function) */
static int declare_test(lua_State *L)
{
	struct script_tests *tests = sandbox_of(L)->tests;
	struct str name = sandbox_str(L, 1);
	if (name.n > NAME_MAX_BYTES)
		sandbox_raise(L, "the name of the test is over %d bytes", NAME_MAX_BYTES);
	for (size_t i = 0; i < tests->n; i++)
		if (str_eq(tests->tests[i].name, name))
			sandbox_raise(L, "there is already a test of this name, at line %d",
				      tests->tests[i].line);
	if (tests->n == TESTS_MAX)
		sandbox_raise(L, "a file has at most %d tests", TESTS_MAX);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &tests_functions);
	lua_pushvalue(L, 2);
	lua_rawseti(L, -2, (lua_Integer)tests->n + 1);
	if (tests->n == tests->capacity) {
		tests->capacity = tests->capacity ? 2 * tests->capacity : 16;
		tests->tests = mem_realloc(tests->tests, tests->capacity * sizeof *tests->tests);
	}
	tests->tests[tests->n++] =
		(struct declared_test){arena_copy(&tests->names, name), sandbox_place(L).line};
	return 0;
}

/* test_ask(what, { arguments }): the host's answer. */
static int test_ask(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct script_tests *tests = box->tests;
	struct json_writer writer = {.out = sandbox_text(box)};
	struct str what = sandbox_str(L, 1);
	struct value arguments, answer;
	struct error error;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	box->n_keys = 0;
	if (json_write_lua(L, 2, &writer, &error) ||
	    json_parse(buf_view(writer.out), (struct json_limits){0}, sandbox_arena(box), &arguments, &error))
		sandbox_raise_error(L, &error);
	if (tests->host.ask(tests->host.context, what, &arguments, sandbox_text(box), &error))
		sandbox_raise_error(L, &error);
	if (box->text.overflow)
		sandbox_raise(L, "that is too much at once; ask for the requests to one service");
	if (!box->text.n)
		return 0;
	if (json_parse(buf_view(&box->text), (struct json_limits){.values = ANSWER_VALUES_MAX},
		       sandbox_arena(box), &answer, &error))
		sandbox_raise_error(L, &error);
	value_push(L, &answer, false);
	arena_finish(&box->arena);
	return 1;
}

/* test_fail(message, detail): ends the test. */
static int test_fail(lua_State *L)
{
	struct script_tests *tests = sandbox_of(L)->tests;

	buf_str(&tests->detail, sandbox_str(L, 2));
	lua_settop(L, 1);
	return lua_error(L);
}

void lib_testing_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"declare_test", declare_test},
					     {"test_ask", test_ask},
					     {"test_fail", test_fail},
					     {NULL, NULL}};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lua_pop(L, 1);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &tests_functions);
	for (size_t i = 0; i < test_prelude_n; i++) {
		if (luaL_loadbufferx(L, test_prelude_texts[i].p, test_prelude_texts[i].n, "=[prelude]", "t"))
			lua_error(L);
		lua_call(L, 0, 0);
	}
}

/* --- opening --- */

static int by_path(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	return str_cmp(x->path, y->path);
}

static int run_tests_file(lua_State *L)
{
	run_file(L, lua_touserdata(L, 1));
	return 0;
}

int script_tests_open(const struct source_file *file, const struct source_file *modules, size_t n_modules,
		      const struct limits *limits, const struct script_test_host *host,
		      struct script_tests **ret, struct error *reterr)
{
	struct script_tests *tests = mem_zalloc(sizeof *tests);

	tests->host = *host;
	tests->limits = *limits;
	tests->limits.of[LIMIT_LOAD_TIME] *= LOADS_A_TEST;
	tests->watchdog = watchdog_create(NULL);
	arena_init(&tests->names, TESTS_MAX * (NAME_MAX_BYTES + 64));
	buf_init(&tests->detail, DETAIL_MAX);
	tests->sources = mem_alloc((n_modules + 1) * sizeof *tests->sources);
	if (n_modules)
		memcpy(tests->sources, modules, n_modules * sizeof *modules);
	tests->sources[n_modules] = *file;
	tests->n_sources = n_modules + 1;
	qsort(tests->sources, tests->n_sources, sizeof *tests->sources, by_path);
	if (sandbox_open(&tests->box, tests->sources, tests->n_sources, MODE_TEST, &tests->limits,
			 watchdog_watch(tests->watchdog, NULL), reterr)) {
		script_tests_close(tests);
		return -1;
	}
	tests->box.tests = tests;
	const struct source_file *own = sandbox_file(&tests->box, file->path);
	if (sandbox_call(&tests->box, run_tests_file, (void *)(uintptr_t)own, reterr)) {
		script_tests_close(tests);
		return -1;
	}
	tests->box.loading = NULL;
	*ret = tests;
	return 0;
}

void script_tests_close(struct script_tests *tests)
{
	if (!tests)
		return;
	sandbox_close(&tests->box);
	watchdog_destroy(tests->watchdog);
	arena_finish(&tests->names);
	buf_finish(&tests->detail);
	free(tests->sources);
	free(tests->tests);
	free(tests);
}

size_t script_tests_count(const struct script_tests *tests)
{
	return tests->n;
}

struct str script_test_name(const struct script_tests *tests, size_t i)
{
	return tests->tests[i].name;
}

int script_test_line(const struct script_tests *tests, size_t i)
{
	return tests->tests[i].line;
}

/* --- running --- */

static int run_test(lua_State *L)
{
	size_t i = *(const size_t *)lua_touserdata(L, 1);

	lua_getglobal(L, "run_test");
	lua_rawgetp(L, LUA_REGISTRYINDEX, &tests_functions);
	lua_rawgeti(L, -1, (lua_Integer)i + 1);
	lua_remove(L, -2);
	lua_call(L, 1, 0);
	return 0;
}

int script_test_run(struct script_tests *tests, size_t i, struct str *ret_detail, struct error *reterr)
{
	buf_clear(&tests->detail);
	int result = sandbox_call(&tests->box, run_test, &i, reterr);
	*ret_detail = buf_view(&tests->detail);
	return result;
}
