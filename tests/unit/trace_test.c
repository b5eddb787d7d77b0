#include "unit.h"

#include "format/trace.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void passes_a_trace_on_under_a_parent_of_its_own(void **state)
{
	char out[TRACEPARENT_SIZE];
	assert_str(traceparent_child(STR(GOOD), 0xabc, out),
		   "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000abc-01");
	/* A later version is answered in ours. */
	assert_str(traceparent_child(STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"), 1,
				     out),
		   "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-00");
}

static void takes_what_the_standard_takes(void **state)
{
	assert_true(traceparent_valid(STR(GOOD)));
	assert_true(traceparent_valid(STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what")));
	assert_true(traceparent_valid(STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
}

static void refuses_everything_else(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		GOOD "-more",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01",
		"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
	};
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(traceparent_valid(str_of(bad[i])));
	assert_false(traceparent_valid((struct str){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_a_trace_on_under_a_parent_of_its_own),
		cmocka_unit_test(takes_what_the_standard_takes),
		cmocka_unit_test(refuses_everything_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
