#include "unit.h"

#include "base/error.h"

static void shows_the_line_of_the_source(void **state)
{
	struct error error;
	error_set(&error, "unknown key '%s'", "metod");
	error_hint(&error, "did you mean '%s'?", "method");
	error_at(&error, STR("services/crm.lua"), 2, 5, STR("return {\n  metod = 1\r\n}"));
	assert_string_equal(error.what, "unknown key 'metod'");
	assert_string_equal(error.excerpt, "  metod = 1");
	error_at(&error, STR("a.lua"), 9, 0, STR("one\ntwo"));
	assert_string_equal(error.excerpt, "");
	error_prefix(&error, "in %s", "rule");
	assert_string_equal(error.what, "in rule: unknown key 'metod'");
}

static void cuts_on_whole_characters(void **state)
{
	struct error error;
	char text[600];
	memset(text, 'a', sizeof text);
	for (size_t i = 401; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[599] = 0;
	error_set(&error, "%s", text);
	size_t n = strlen(error.what);
	assert_true(n >= 508 && n < 512);
	assert_int_equal((unsigned char)error.what[n - 1], 0xa9);
	assert_int_equal((unsigned char)error.what[n - 2], 0xc3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_line_of_the_source),
		cmocka_unit_test(cuts_on_whole_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
