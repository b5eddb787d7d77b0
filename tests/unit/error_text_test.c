#include "unit.h"

#include "format/error_text.h"

static int column_of(const char *what, const char *line)
{
	struct error error;
	error_set(&error, "%s", what);
	error_at(&error, STR("a.lua"), 1, 0, str_of(line));
	error_point(&error);
	return error.column;
}

static void points_at_what_the_message_names(void **state)
{
	assert_int_equal(column_of("unknown tag 'anni'", "\tlocal x = call.anni"), 17);
	assert_int_equal(column_of("attempt to index a nil value (local 'x')", "x.y = 1"), 1);
	assert_int_equal(column_of("bad argument #1 to 'rep' (number expected)", "s:rep('x')"), 3);
	assert_int_equal(column_of("rep: 'nope' of 'here'", "a = here"), 5);
	assert_int_equal(column_of("'}' expected (to close '{' at line 3) near 'fire'", "  fire = s.a }"), 3);
}

static void points_nowhere_when_that_is_not_one_place(void **state)
{
	assert_int_equal(column_of("unknown tag 'ani'", "call.ani = call.ani"), 0);
	assert_int_equal(column_of("unknown tag 'ani'", "call.animal"), 0);
	assert_int_equal(column_of("no word", "call.ani"), 0);
	assert_int_equal(column_of("an open 'quote", "call.ani"), 0);
	assert_int_equal(column_of("an empty ''", "call.ani"), 0);
	assert_int_equal(column_of("'}' expected near '<\\226>'", "x = “a” }"), 0);
}

static void writes_all_members(void **state)
{
	struct error error;
	struct buf out;
	error_set(&error, "what \"is\"");
	buf_init(&out, 4096);
	error_write_members(&out, &error);
	assert_string_equal(buf_z(&out),
			    "\"file\":null,\"line\":null,\"column\":null,\"what\":\"what \\\"is\\\"\","
			    "\"hint\":null,\"excerpt\":null");
	error_at(&error, STR("a.lua"), 2, 3, STR("one\ntwo\n"));
	error_hint(&error, "hint");
	buf_clear(&out);
	error_write_members(&out, &error);
	assert_string_equal(buf_z(&out),
			    "\"file\":\"a.lua\",\"line\":2,\"column\":3,\"what\":\"what \\\"is\\\"\","
			    "\"hint\":\"hint\",\"excerpt\":\"two\"");
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_at_what_the_message_names),
		cmocka_unit_test(points_nowhere_when_that_is_not_one_place),
		cmocka_unit_test(writes_all_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
