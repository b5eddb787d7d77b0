#include "script_host.h"

#include <dirent.h>
#include <time.h>

/* The scripts of tests/rules/hostile: each says in its first line how it must end. The file that describes
 * them is README.md there. */
struct hostile {
	char name[256];
	struct buf text;
	bool refused, done; /* else it fails */
	char what[128];
	struct limits limits;
};

/* "-- with: max-run-time 5s, max-load-time 5s" in the second line: limits that let it reach the one that it
 * is about, on a slow build too. */
static void read_limits(const char *text, struct limits *limits)
{
	const char *at = strchr(text, '\n');
	char option[32], value[16];
	int n = 0;

	*limits = limits_standard;
	if (sscanf(at ? at : "", "\n-- with:%n", &n) < 0 || !n)
		return;
	for (at += n; sscanf(at, " %31[a-z-] %15[0-9a-zA-Z]%n", option, value, &n) == 2;
	     at += n + (at[n] == ',')) {
		struct error error;
		size_t kind = 0;

		while (kind < LIMITS && strcmp(limit_infos[kind].option, option))
			kind++;
		assert_true(kind < LIMITS);
		assert_int_equal(limit_parse(kind, value, limits, &error), 0);
	}
}

static void expand(struct buf *out, const char *text)
{
	for (const char *at; (at = strchr(text, '@')); text = at + 1) {
		int n = 0, skip = 0;

		buf_add(out, text, (size_t)(at - text));
		if (!strncmp(at, "@NUL@", 5)) {
			buf_char(out, 0);
			at += 4;
		} else if (sscanf(at, "@REPEAT %d%n", &n, &skip) == 1) {
			const char *end = strchr(at + 1, '@');

			assert_non_null(end);
			while (n-- > 0)
				buf_add(out, at + skip, (size_t)(end - at - skip));
			at = end;
		} else {
			buf_char(out, '@');
		}
	}
	buf_str(out, str_of(text));
}

static void read_hostile(const char *name, struct hostile *ret)
{
	static char path[512], text[16384];
	char how[16] = "";
	size_t n;
	FILE *file;

	*ret = (struct hostile){0};
	snprintf(path, sizeof path, "%s/%s", HOSTILE, name);
	snprintf(ret->name, sizeof ret->name, "%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = 0;
	if (sscanf(text, "-- expect: %15s \"%127[^\"]", how, ret->what) < 1)
		fail_msg("%s does not say what to expect", name);
	read_limits(text, &ret->limits);
	ret->refused = !strcmp(how, "refused");
	ret->done = !strcmp(how, "done");
	assert_true(ret->refused || ret->done || !strcmp(how, "failed"));
	buf_init(&ret->text, 2 << 20);
	expand(&ret->text, text);
	buf_str(&ret->text, STR("\nrule 'good' { on = 'post_call', run = function(call) log(call.ani, "
				"('x'):rep(3)) end }"));
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is over its limit is stopped soon after it, whatever it does. */
enum { LATE_MS = 250 };

static bool in_time(const struct hostile *hostile, double took, enum limit_kind kind)
{
	if (took * 1000 < (double)hostile->limits.of[kind] / 1000 + LATE_MS)
		return true;
	print_message("# %s took %.0f ms\n", hostile->name, took * 1000);
	return false;
}

static const char services[] =
	"return { plain = http.service { name = 'Plain', url = 'https://x.example/', method = 'POST' } }";

static bool is_refused(const struct hostile *hostile, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->n_problems; i++) {
		if (strstr(ruleset->problems[i].error.what, hostile->what))
			return !find_campaign(ruleset, "a")->loaded;
	}
	show_problems(ruleset);
	return false;
}

/* Runs the first rule to its end, its steps answered with nothing; then the state must still serve. */
static bool runs_as_told(const struct hostile *hostile, struct ruleset *ruleset)
{
	struct fixture fixture;
	enum script_ending ending;
	double began;
	bool as_told, on_time;

	fixture_init(&fixture, ruleset, "a");
	began = seconds();
	ending = fixture_start(&fixture, 0);
	while (ending == SCRIPT_STEP)
		ending = fixture_go(&fixture, &(struct step_result){0});
	on_time = in_time(hostile, seconds() - began, LIMIT_RUN_TIME);
	as_told = hostile->done ? ending == SCRIPT_DONE
				: ending == SCRIPT_FAILED && strstr(fixture.error.what, hostile->what) &&
					  !strcmp(fixture.error.file, "a.lua") && fixture.error.line >= 4;
	if (!as_told)
		show_ending(&fixture, ending);
	fixture.log.first = NULL;
	fixture.log.last = &fixture.log.first;
	fixture.log.n = 0;
	assert_ending(&fixture, fixture_start(&fixture, 1), SCRIPT_DONE);
	assert_str(log_line(&fixture, 0), "5105550111 xxx");
	assert_true(script_state_memory(fixture.state) <= 16 << 20);
	fixture_finish(&fixture);
	return as_told && on_time;
}

static bool is_harmless(const struct hostile *hostile)
{
	double began = seconds();
	struct source_file files[] = {{STR("a.lua"), buf_view(&hostile->text)},
				      {STR("services/svc.lua"), str_of(services)}};
	struct ruleset *ruleset = script_load(files, 2, 1, &hostile->limits);
	bool ok = in_time(hostile, seconds() - began, LIMIT_LOAD_TIME);

	if (hostile->refused) {
		ok = is_refused(hostile, ruleset) && ok;
		ruleset_unref(ruleset);
		return ok;
	}
	if (ruleset->n_errors) {
		show_problems(ruleset);
		ruleset_unref(ruleset);
		return false;
	}
	return runs_as_told(hostile, ruleset) && ok;
}

static void no_hostile_script_does_harm(void **state)
{
	struct dirent **names;
	int n = scandir(HOSTILE, &names, NULL, alphasort), failures = 0, scripts = 0;

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		struct hostile hostile;
		bool is_script = str_ends(str_of(names[i]->d_name), STR(".lua"));

		if (is_script) {
			scripts++;
			read_hostile(names[i]->d_name, &hostile);
			if (!is_harmless(&hostile)) {
				print_message("# %s must be: %s \"%s\"\n", hostile.name,
					      hostile.refused ? "refused"
					      : hostile.done  ? "done"
							      : "failed",
					      hostile.what);
				failures++;
			}
			buf_finish(&hostile.text);
		}
		free(names[i]);
	}
	free(names);
	assert_true(scripts >= 80);
	assert_int_equal(failures, 0);
}

static void bytecode_is_refused(void **state)
{
	struct ruleset *ruleset = load_rules("a.lua", "\33Lua\x54", NULL);

	assert_error(ruleset, "a.lua", 0, "attempt to load a binary chunk", "");
	ruleset_unref(ruleset);
}

static void a_loop_at_load_is_an_error(void **state)
{
	struct ruleset *ruleset =
		load_rules("a.lua", "serves '/q'\nwhile true do end", "b.lua", "serves '/r'", NULL);

	assert_error(ruleset, "a.lua", 2, "used up its time of 500 ms", "");
	assert_true(find_campaign(ruleset, "b")->loaded);
	ruleset_unref(ruleset);
	ruleset = load_rules("a.lua", "serves '/q'\nlocal t = {} while true do t = { t } end", NULL);
	assert_int_equal(ruleset->n_errors, 1);
	assert_non_null(strstr(ruleset->problems[0].error.what, "used up its memory of 16 MiB"));
	ruleset_unref(ruleset);
}

/* Each campaign would wait for it as long as the first. */
static void a_module_that_never_ends_is_run_once(void **state)
{
	static const char *const text = "serves '/q%c' local m = require 'services.m'";
	char a[64], b[64], c[64], d[64], e[64];
	char *const texts[] = {a, b, c, d, e};
	int64_t before = clock_thread_cpu_us() / 1000;
	struct ruleset *ruleset;

	for (size_t i = 0; i < countof(texts); i++)
		snprintf(texts[i], sizeof a, text, (char)('a' + i));
	ruleset = load_rules("a.lua", a, "b.lua", b, "c.lua", c, "d.lua", d, "e.lua", e, "f.lua",
			     "serves '/f' local o = require 'services.o'", "services/m.lua",
			     "local o = require 'services.o'\nwhile true do end", "services/o.lua",
			     "return {}", NULL);
	assert_in_range(clock_thread_cpu_us() / 1000 - before, 400, 1200);
	assert_int_equal(ruleset->n_errors, 1);
	assert_error(ruleset, "services/m.lua", 2, "used up its time of 500 ms", "");
	for (size_t i = 0; i < countof(texts); i++)
		assert_false(find_campaign(ruleset, (char[]){(char)('a' + i), 0})->loaded);
	assert_true(find_campaign(ruleset, "f")->loaded);
	ruleset_unref(ruleset);
}

static void strange_declarations_are_only_errors(void **state)
{
	static const char *const lines[] = {
		"rule(nil)(nil)",
		"rule(7, 7)",
		"rule('x', { on = {}, run = function() end })",
		"rule('x', { on = { {} }, run = function() end })",
		"rule('x', { on = 'post_call', run = print })",
		"rule('x', { on = 'post_call', fire = {} })",
		"rule('x', { on = 'post_call', fire = { {} } })",
		"rule('x', { on = 'post_call', fire = at_least(1) })",
		"rule('x', { on = 'post_call', fire = 7, when = 7, once = 7 })",
		"rule('x', { on = 'post_call', run = function() end, when = { 1 } })",
		"rule('x', { on = 'post_call', run = function() end, when = { ani = between(1) } })",
		"rule('x', { on = 'post_call', run = function() end, when = { ani = at_least(0 / 0) } })",
		"local c = at_least(1) c.kind = 7 rule('x', { on = 'post_call', run = function() end, when = "
		"{ ani = c } })",
		"local c = not_(1) c[1] = c rule('x', { on = 'post_call', run = function() end, when = { ani "
		"= c } })",
		"rule('x', { [{}] = 1, [1.5] = 2, on = 'post_call', run = function() end })",
		"rule(('x'):rep(1000), { on = 'post_call', run = function() end })",
		"serves(7)",
		"serves {}",
		"serves { '' }",
		"serves { {} }",
		"tags { 'a b' }",
		"tags { 1 }",
		"http.service(7)",
		"http.service()",
		"http.service { name = '', url = 'http://x/' }",
		"http.service { name = 'a\\nb', url = 'http://x/' }",
		"http.service { name = ('x'):rep(1000), url = 'http://x/' }",
		"http.service { name = 's', url = 'http://x/', timeout = 0 / 0 }",
		"http.service { name = 's', url = 'http://x/', timeout = -1 }",
		"http.service { name = 's', url = 'http://x/', json = { 0 / 0 } }",
		"local t = {} t.t = t http.service { name = 's', url = 'http://x/', json = t }",
		"http.service { name = 's', url = 'http://x/', json = { [true] = 1 } }",
		"http.service { name = 's', url = 'http://x/', json = ('['):rep(1000) }",
		"http.service { name = 's', url = 'http://x/', json = { a = '#x|nope#' } }",
		"http.service { name = 's', url = 'http://x/', xml = '<a>#x#' }",
		"http.service { name = 's', url = 'http://x/', headers = { { 'a' , {} } } }",
		"http.service { name = 's', url = 'http://x/', headers = { { } } }",
		"http.service { name = 's', url = 'http://x/', headers = { { 'a', 'b', 'c' } } }",
		"http.service { name = 's', url = 'http://x/', params = 7 }",
		"http.service { name = 's', url = 'http://x/', params = { [''] = 7 } }",
		"http.service { name = 's', url = 'nowhere' }",
		"http.service { name = 's', url = 'file:///etc/passwd' }",
		"require()",
		"require(7)",
		"require ''",
		"require '...'",
		"require 'services..svc'",
		"require 'a\\0b'",
		"require(('x'):rep(100000))",
		"library('x', {})",
		"local x = tostring(nil) .. nil",
		"absent.x.y = 1",
		"return setmetatable",
		"goto nowhere",
		"\"",
		"[[",
		"--[[",
		"serves '/a' serves '/b'",
	};

	for (size_t i = 0; i < countof(lines); i++) {
		char text[2000];
		struct ruleset *ruleset;

		snprintf(text, sizeof text, "serves '/q'\n%s", lines[i]);
		ruleset = load_rules("a.lua", text, NULL);
		if (!ruleset->n_errors)
			print_message("# no error: %s\n", lines[i]);
		assert_true(ruleset->n_errors > 0);
		for (size_t j = 0; j < ruleset->n_problems; j++) {
			assert_string_equal(ruleset->problems[j].error.file, "a.lua");
			assert_in_range(ruleset->problems[j].error.line, 1, 3);
		}
		assert_false(find_campaign(ruleset, "a")->loaded);
		ruleset_unref(ruleset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_hostile_script_does_harm),
		cmocka_unit_test(bytecode_is_refused),
		cmocka_unit_test(a_loop_at_load_is_an_error),
		cmocka_unit_test(a_module_that_never_ends_is_run_once),
		cmocka_unit_test(strange_declarations_are_only_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
