#include "unit.h"

#include "model/limits.h"

static void assert_shown(enum limit_kind kind, const char *text, const char *shown)
{
	struct limits limits = limits_standard;
	struct error error;
	char z[32];
	if (limit_parse(kind, text, &limits, &error))
		fail_msg("%s", error.what);
	limit_show(kind, &limits, z, sizeof z);
	assert_string_equal(z, shown);
}

static void assert_refused(enum limit_kind kind, const char *text, const char *what)
{
	struct limits limits = limits_standard;
	struct error error;
	assert_int_equal(limit_parse(kind, text, &limits, &error), -1);
	assert_string_equal(error.what, what);
	assert_memory_equal(&limits, &limits_standard, sizeof limits);
}

static void reads_times_sizes_and_numbers(void **state)
{
	assert_shown(LIMIT_RUN_TIME, "75ms", "75 ms");
	assert_shown(LIMIT_RUN_TIME, "1s", "1000 ms");
	assert_shown(LIMIT_RUN_TIME, "1500us", "1500 us");
	assert_shown(LIMIT_MEMORY, "32MiB", "32 MiB");
	assert_shown(LIMIT_MEMORY, "1536k", "1536 KiB");
	assert_shown(LIMIT_MEMORY, "1g", "1024 MiB");
	assert_shown(LIMIT_BODY, "1025", "1025 bytes");
	assert_shown(LIMIT_WAITING, "7", "7");
}

static void refuses_the_rest(void **state)
{
	assert_refused(LIMIT_RUN_TIME, "50", "--max-run-time takes a time, as 50ms or 1s, not '50'");
	assert_refused(LIMIT_RUN_TIME, "-1ms", "--max-run-time takes a time, as 50ms or 1s, not '-1ms'");
	assert_refused(LIMIT_MEMORY, "lots", "--max-memory takes a size, as 512KiB or 16MiB, not 'lots'");
	assert_refused(LIMIT_MEMORY, "1KiB", "--max-memory goes from 1 MiB to 1024 MiB");
	assert_refused(LIMIT_MEMORY, "99999999999",
		       "--max-memory takes a size, as 512KiB or 16MiB, not "
		       "'99999999999'");
	assert_refused(LIMIT_DELIVERIES, "10MiB", "--max-deliveries takes a number, not '10MiB'");
	assert_refused(LIMIT_DELIVERIES, "0", "--max-deliveries goes from 1 to 1000");
	assert_refused(LIMIT_DELIVERIES, "", "--max-deliveries takes a number, not ''");
}

/* The table is what --help shows, the struct what is used. */
static void defaults_are_what_they_say(void **state)
{
	for (size_t i = 0; i < LIMITS; i++) {
		struct limits limits = {0};
		struct error error;
		assert_int_equal(limit_parse(i, limit_infos[i].standard_text, &limits, &error), 0);
		assert_int_equal(limits.of[i], limit_infos[i].standard);
		assert_int_equal(limits_standard.of[i], limit_infos[i].standard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_times_sizes_and_numbers),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(defaults_are_what_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
