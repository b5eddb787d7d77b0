#include "unit.h"

#include "script/duration.h"
#include "script/lexer.h"
#include "script/literals.h"
#include "script/where.h"

static void assert_strings(const char *source, const char *wanted)
{
	struct lexer lexer;
	struct token token;
	struct buf all;

	buf_init(&all, 1000);
	lexer_init(&lexer, str_of(source), 1);
	while (lexer_next(&lexer, &token)) {
		if (token.kind != TOKEN_STRING)
			continue;
		token_string(&token, &all);
		buf_char(&all, '|');
	}
	assert_string_equal(buf_z(&all), wanted);
	buf_finish(&all);
}

static void strings_mean_what_lua_says(void **state)
{
	assert_strings("x = 'a\\'b' .. \"c\\nd\"", "a'b|c\nd|");
	assert_strings("[[\nline]] [==[a]]b]==]", "line|a]]b|");
	assert_strings("-- 'no'\n--[[ 'no' \n 'no']] 'yes'", "yes|");
	assert_strings("'\\65\\x42\\u{43}\\z   \n  d'", "ABCd|");
	assert_strings("a[b[1]] = 'x'", "x|");
	assert_strings("'open", "open|");
	assert_strings("[[open", "open|");
	assert_strings("'a\\", "a\\|");
}

static void a_key_is_found_where_it_stands(void **state)
{
	static const char text[] = "local x = 1\n"
				   "rule 'a' {\n"
				   "  run = function(call) return { on = 1, b = 2 }, 3 end,\n"
				   "  f(x, y), -- on = 7\n"
				   "  ['when'] = { a = 1,\n"
				   "    bad = 2 },\n"
				   "  on = 'x',\n"
				   "}\n";
	struct source_file file = {STR("a.lua"), STR(text)};
	struct where where = {.file = &file, .line = 2}, at;
	struct error error;

	at = where_key(&where, STR("on"));
	error_set(&error, "x");
	where_mark(&at, &error);
	assert_int_equal(error.line, 7);
	assert_int_equal(error.column, 3);
	assert_string_equal(error.excerpt, "  on = 'x',");
	at = where_key(&where, STR("when"));
	at = where_key(&at, STR("bad"));
	where_mark(&at, &error);
	assert_int_equal(error.line, 6);
	at = where_index(&where, 1);
	where_mark(&at, &error);
	assert_int_equal(error.line, 4);
	at = where_key(&where, STR("none"));
	where_mark(&at, &error);
	assert_int_equal(error.line, 2);
}

static void durations_have_units(void **state)
{
	int64_t ms = 0;

	assert_true(duration_parse(STR("500ms"), &ms) && ms == 500);
	assert_true(duration_parse(STR("10s"), &ms) && ms == 10000);
	assert_true(duration_parse(STR("1.5m"), &ms) && ms == 90000);
	assert_true(duration_parse(STR("1h"), &ms) && ms == 3600000);
	assert_true(duration_of_seconds(0.25, &ms) && ms == 250);
	assert_false(duration_parse(STR("10"), &ms));
	assert_false(duration_parse(STR("s"), &ms));
	assert_false(duration_parse(STR("-1s"), &ms));
	assert_false(duration_parse(STR("1 week"), &ms));
	assert_false(duration_parse(STR("1.2.3s"), &ms));
	assert_false(duration_of_seconds(-1, &ms));
	assert_false(duration_of_seconds(1e300, &ms));
	assert_false(duration_of_seconds(0.0 / 0.0, &ms));
}

static void only_whole_literals_with_tags_are_templates(void **state)
{
	struct literals literals;
	const struct template *template;
	struct error error;

	literals_init(&literals);
	literals_add(&literals, STR("a = '#ani#' b = \"Call \\\"#uii#\\\"\" c = 'plain' d = '#1'"));
	assert_int_equal(literals_template(&literals, STR("#ani#"), PLACE_TEXT, &template, &error), 0);
	assert_non_null(template);
	assert_int_equal(
		literals_template(&literals, STR("Call \"#uii#\""), PLACE_JSON_STRING, &template, &error), 0);
	assert_non_null(template);
	assert_int_equal(literals_template(&literals, STR("#dnis#"), PLACE_TEXT, &template, &error), 0);
	assert_null(template);
	assert_int_equal(literals_template(&literals, STR("#1"), PLACE_TEXT, &template, &error), 0);
	assert_null(template);
	literals_finish(&literals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_mean_what_lua_says),
		cmocka_unit_test(a_key_is_found_where_it_stands),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(only_whole_literals_with_tags_are_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
