#include "unit.h"

#include "model/rule.h"

static struct value text(enum value_kind kind, const char *z)
{
	struct value value = {.kind = kind};
	value.text = str_of(z);
	return value;
}

#define STRING(z) text(VALUE_STRING, z)
#define NUMBER(z) text(VALUE_NUMBER, z)

static const struct value yes = {.kind = VALUE_TRUE}, no = {.kind = VALUE_FALSE}, null = {.kind = VALUE_NULL};

/* Does the condition hold for an event whose tag x has this value (NULL: lacks it)? */
static bool holds(struct condition condition, const struct value *value)
{
	struct member member = {STR("x"), value ? *value : null};
	struct event event = {.data = {.kind = VALUE_OBJECT, .n = value != NULL, .members = &member}};
	condition.tag = STR("x");
	struct rule rule = {.when = &condition, .n_when = 1};
	const struct condition *failed = NULL;
	bool result = rule_matches(&rule, &event, &failed);
	assert_true(result ? failed == NULL : failed == &condition);
	return result;
}

static bool equal(struct value wanted, struct value value)
{
	struct condition condition = {.kind = CONDITION_ANY_OF, .values = &wanted, .n_values = 1};
	bool result = holds(condition, &value);
	condition.negated = true;
	assert_true(holds(condition, &value) != result);
	return result;
}

static void equality_knows_ids_as_numbers_and_as_texts(void **state)
{
	assert_true(equal(STRING("Sale"), STRING("Sale")));
	assert_false(equal(STRING("Sale"), STRING("sale")));
	assert_false(equal(STRING("Sale"), STRING("Sale ")));
	assert_true(equal(NUMBER("1369310"), STRING("1369310")));
	assert_true(equal(STRING("1369310"), NUMBER("1369310")));
	assert_true(equal(NUMBER("10"), NUMBER("10.0")));
	assert_true(equal(NUMBER("10"), STRING("1e1")));
	assert_true(equal(NUMBER("0.10"), NUMBER("1E-1")));
	assert_true(equal(NUMBER("-0"), NUMBER("0.000")));
	assert_true(equal(NUMBER("1200"), NUMBER("12e2")));
	assert_false(equal(NUMBER("1"), NUMBER("-1")));
	assert_false(equal(NUMBER("12"), NUMBER("1.2")));
	assert_false(equal(NUMBER("12"), NUMBER("120")));
	assert_false(equal(NUMBER("101"), NUMBER("11")));
	assert_false(equal(NUMBER("7"), STRING("007")));
	assert_true(equal(STRING("007"), STRING("007")));
	assert_false(equal(NUMBER("7"), STRING(" 7")));
	assert_false(equal(NUMBER("0"), STRING("")));
	assert_false(equal(NUMBER("0"), STRING("x")));
	assert_false(equal(NUMBER("0"), NUMBER("0e9999999999x")));
}

static void equality_loses_no_digit(void **state)
{
	assert_false(equal(NUMBER("9007199254740993"), NUMBER("9007199254740992")));
	assert_false(equal(NUMBER("9007199254740993"), STRING("9007199254740992.0")));
	assert_true(equal(NUMBER("9007199254740993"), STRING("9007199254740993.0")));
	assert_true(
		equal(NUMBER("202510141102050132120000030797"), STRING("202510141102050132120000030797")));
	assert_false(
		equal(NUMBER("202510141102050132120000030797"), STRING("202510141102050132120000030798")));
	assert_true(equal(NUMBER("1e400"), NUMBER("10e399")));
	assert_false(equal(NUMBER("1e400"), NUMBER("1e401")));
}

static void equality_knows_booleans_and_nothing(void **state)
{
	assert_true(equal(yes, yes));
	assert_true(equal(no, STRING("false")));
	assert_true(equal(STRING("true"), yes));
	assert_false(equal(yes, no));
	assert_false(equal(yes, NUMBER("1")));
	assert_true(equal(STRING(""), STRING("")));
	assert_true(equal(STRING(""), null));
	assert_false(equal(STRING("x"), STRING("")));
	struct value array = {.kind = VALUE_ARRAY};
	assert_false(equal(STRING(""), array));
	assert_false(equal(array, array));
}

static void any_of_several_is_enough(void **state)
{
	struct value wanted[] = {STRING("Sale"), STRING("Upsell")}, sale = STRING("Sale"),
		     upsell = STRING("Upsell"), other = STRING("No");
	struct condition condition = {.kind = CONDITION_ANY_OF, .values = wanted, .n_values = 2};
	assert_true(holds(condition, &sale));
	assert_true(holds(condition, &upsell));
	assert_false(holds(condition, &other));
	assert_false(holds(condition, NULL));
	condition.negated = true;
	assert_true(holds(condition, NULL));
	assert_true(holds(condition, &other));
	assert_false(holds(condition, &sale));
	wanted[1] = STRING("");
	condition.negated = false;
	assert_true(holds(condition, NULL));
}

static void ranges_hold_their_ends_and_read_durations(void **state)
{
	struct condition at_least = {.kind = CONDITION_AT_LEAST, .low = 10};
	struct condition at_most = {.kind = CONDITION_AT_MOST, .high = 10};
	struct condition between = {.kind = CONDITION_BETWEEN, .low = 10, .high = 20};
	struct value nine = NUMBER("9.99"), ten = STRING("10"), twenty = STRING("00:20"), more = NUMBER("21"),
		     word = STRING("ten");
	assert_true(!holds(at_least, &nine) && holds(at_least, &ten) && holds(at_least, &more));
	assert_true(holds(at_most, &nine) && holds(at_most, &ten) && !holds(at_most, &more));
	assert_true(!holds(between, &nine) && holds(between, &ten) && holds(between, &twenty) &&
		    !holds(between, &more));
	assert_true(!holds(at_least, &word) && !holds(at_most, &word) && !holds(at_most, NULL) &&
		    !holds(at_most, &null));
	at_most.negated = true;
	assert_true(holds(at_most, NULL) && holds(at_most, &word) && holds(at_most, &more) &&
		    !holds(at_most, &ten));
}

static void patterns_absence_and_presence(void **state)
{
	struct condition matches = {.kind = CONDITION_MATCHES, .pattern = STR("^%d+$")};
	struct condition absent = {.kind = CONDITION_ABSENT}, present = {.kind = CONDITION_PRESENT};
	struct value digits = STRING("123"), number = NUMBER("123"), word = STRING("12x"), empty = STRING(""),
		     array = {.kind = VALUE_ARRAY};
	assert_true(holds(matches, &digits) && holds(matches, &number));
	assert_true(!holds(matches, &word) && !holds(matches, &empty) && !holds(matches, NULL) &&
		    !holds(matches, &array));
	matches.negated = true;
	assert_true(!holds(matches, &digits) && holds(matches, &word) && holds(matches, NULL));
	assert_true(holds(absent, NULL) && holds(absent, &null) && holds(absent, &empty) &&
		    !holds(absent, &word));
	assert_true(!holds(present, NULL) && !holds(present, &empty) && holds(present, &no) &&
		    holds(present, &array));
}

static void a_pattern_that_costs_too_much_fires_nothing(void **state)
{
	char *spaces = mem_zalloc(40002);
	memset(spaces, ' ', 40000);
	spaces[40000] = 'x';
	struct value value = STRING(spaces);
	struct condition matches = {.kind = CONDITION_MATCHES, .pattern = STR("%s+$")};
	assert_false(holds(matches, &value));
	matches.negated = true;
	assert_false(holds(matches, &value));
	free(spaces);
}

static void names_the_first_condition_that_fails(void **state)
{
	struct value one = NUMBER("1");
	struct condition when[] = {{.tag = STR("a"), .kind = CONDITION_PRESENT},
				   {.tag = STR("b"), .kind = CONDITION_ANY_OF, .values = &one, .n_values = 1},
				   {.tag = STR("c"), .kind = CONDITION_PRESENT}};
	struct member members[] = {{STR("a"), yes}, {STR("b"), NUMBER("2")}};
	struct event event = {.data = {.kind = VALUE_OBJECT, .n = 2, .members = members}};
	struct rule rule = {.when = when, .n_when = 3};
	const struct condition *failed = NULL;
	assert_false(rule_matches(&rule, &event, &failed));
	assert_ptr_equal(failed, &when[1]);
	rule.n_when = 0;
	assert_true(rule_matches(&rule, &event, &failed));
}

static void explains_with_the_value(void **state)
{
	struct member members[] = {
		{STR("sess_duration"), NUMBER("4")},
		{STR("agent_disposition"), STRING("No \"Sale\"")},
		{STR("note"), STRING("\xC3\xAB"
				     "234567890123456789012345678901234567890123456789012345678\xC3\xAB"
				     "X")},
		{STR("lines"), STRING("a\nb")},
		{STR("null"), null},
		{STR("flag"), yes},
		{STR("list"), {.kind = VALUE_ARRAY, .n = 3}},
	};
	struct event event = {.data = {.kind = VALUE_OBJECT, .n = countof(members), .members = members}};
	static const struct {
		const char *tag, *shown, *expected;
		bool negated;
	} cases[] = {
		{"sess_duration", "at_least(10)", "sess_duration is 4, not at_least(10)", false},
		{"agent_id", "{ \"Sale\" }", "agent_id is absent, not { \"Sale\" }", false},
		{"agent_disposition", "\"Sale\"", "agent_disposition is \"No \"Sale\"\", not \"Sale\"",
		 false},
		{"note", "\"x\"",
		 "note is \"\xC3\xAB"
		 "234567890123456789012345678901234567890123456789012345678…\", not \"x\"",
		 false},
		{"lines", "1", "lines is \"a b\", not 1", false},
		{"null", "1", "null is null, not 1", false},
		{"flag", "not_(true)", "flag is true, which not_(true) rules out", true},
		{"list", "1", "list is a list of 3, not 1", false},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct condition condition = {.tag = str_of(cases[i].tag),
					      .kind = CONDITION_AT_LEAST,
					      .low = 10,
					      .negated = cases[i].negated,
					      .shown = str_of(cases[i].shown)};
		struct buf out;
		buf_init(&out, 500);
		condition_explain(&condition, &event, &out);
		assert_string_equal(buf_z(&out), cases[i].expected);
		buf_finish(&out);
	}
}

static bool wants(const char *on, const char *type)
{
	struct str pattern = str_of(on);
	struct rule rule = {.on = &pattern, .n_on = 1};
	return rule_wants(&rule, str_of(type));
}

static void a_star_stands_for_any_run_of_characters(void **state)
{
	assert_true(wants("post_call", "post_call") && !wants("post_call", "post_calls"));
	assert_true(wants("*", "") && wants("*", "x") && wants("post_*", "post_call") &&
		    wants("post_*", "post_"));
	assert_true(!wants("post_*", "pre_post_") && wants("*_call", "post_call") &&
		    !wants("*_call", "call_start"));
	assert_true(wants("a*b*c", "a--b--b--c") && !wants("a*b*c", "a--c--b") && wants("**", "x") &&
		    wants("a**", "a"));
	assert_true(!wants("", "x") && wants("", "") && !wants("a.c", "abc") && !wants("A", "a"));
	char type[513], pattern[401];
	memset(type, 'a', 512);
	type[512] = 0;
	for (int i = 0; i < 400; i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[400] = 0;
	assert_true(wants(pattern, type));
	pattern[399] = 'b';
	assert_false(wants(pattern, type));
	struct str on[] = {STR("x"), STR("y*")};
	struct rule rule = {.on = on, .n_on = 2};
	assert_true(rule_wants(&rule, STR("yy")) && !rule_wants(&rule, STR("z")));
}

static void the_most_exact_campaign_serves_a_source(void **state)
{
	struct campaign c[6] = {{.name = STR("0")}, {.name = STR("1")}, {.name = STR("2")},
				{.name = STR("3")}, {.name = STR("4")}, {.name = STR("5")}};
	struct serving serving[] = {
		{STR("/campaigns/1"), false, &c[0]}, {STR("/campaigns/12"), false, &c[1]},
		{STR("/queues/7"), false, &c[2]},    {STR("/queues/72"), true, &c[3]},
		{STR("/queues/"), true, &c[4]},
	};
	struct source_file files[] = {{STR("a.lua"), STR("1")}, {STR("services/b.lua"), STR("2")}};
	struct ruleset ruleset = {.serving = serving,
				  .n_serving = 5,
				  .n_exact = 3,
				  .fallback = &c[5],
				  .files = files,
				  .n_files = 2};
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/campaigns/1")), &c[0]);
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/campaigns/12")), &c[1]);
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/queues/7")), &c[2]);
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/queues/729")), &c[3]);
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/queues/8")), &c[4]);
	assert_ptr_equal(ruleset_serving(&ruleset, STR("/campaigns/123")), &c[5]);
	ruleset.fallback = NULL;
	assert_null(ruleset_serving(&ruleset, STR("")));
	assert_str(ruleset_file(&ruleset, STR("services/b.lua"))->text, "2");
	assert_null(ruleset_file(&ruleset, STR("b.lua")));
}

static void the_last_reference_frees_a_ruleset(void **state)
{
	struct ruleset *ruleset = mem_zalloc(sizeof *ruleset);
	ruleset->refs = 1;
	arena_init(&ruleset->arena, 4096);
	arena_alloc(&ruleset->arena, 100);
	assert_ptr_equal(ruleset_ref(ruleset), ruleset);
	ruleset_unref(ruleset);
	ruleset_unref(ruleset);
	ruleset_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_knows_ids_as_numbers_and_as_texts),
		cmocka_unit_test(equality_loses_no_digit),
		cmocka_unit_test(equality_knows_booleans_and_nothing),
		cmocka_unit_test(any_of_several_is_enough),
		cmocka_unit_test(ranges_hold_their_ends_and_read_durations),
		cmocka_unit_test(patterns_absence_and_presence),
		cmocka_unit_test(a_pattern_that_costs_too_much_fires_nothing),
		cmocka_unit_test(names_the_first_condition_that_fails),
		cmocka_unit_test(explains_with_the_value),
		cmocka_unit_test(a_star_stands_for_any_run_of_characters),
		cmocka_unit_test(the_most_exact_campaign_serves_a_source),
		cmocka_unit_test(the_last_reference_frees_a_ruleset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
