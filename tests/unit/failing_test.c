#include "unit.h"

#include "policy/failing.h"
#include "policy/recent.h"

#define HOUR ((int64_t)3600 * 1000000)

static void tells_each_step_of_the_period_once(void **state)
{
	struct failing failing = {0};
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, HOUR), 0);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 6 * HOUR - 1), 0);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 6 * HOUR), 50);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 6 * HOUR), 0);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 8 * HOUR), 70);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 10 * HOUR), 90);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 11 * HOUR), 100);
	assert_int_equal(failing_note(&failing, false, 10 * HOUR, 99 * HOUR), 0);
}

static void tells_only_the_highest_of_several(void **state)
{
	struct failing failing = {0};
	assert_int_equal(failing_note(&failing, false, HOUR, 0), 0);
	assert_int_equal(failing_note(&failing, false, HOUR, 2 * HOUR), 100);
	assert_int_equal(failing_note(&failing, false, HOUR, 2 * HOUR), 0);
}

static void a_success_begins_anew(void **state)
{
	struct failing failing = {0};
	failing_note(&failing, false, HOUR, 0);
	assert_int_equal(failing_note(&failing, false, HOUR, HOUR / 2), 50);
	assert_int_equal(failing_note(&failing, true, HOUR, HOUR / 2), 0);
	assert_int_equal(failing_note(&failing, false, HOUR, HOUR), 0);
	assert_int_equal(failing_note(&failing, false, HOUR, HOUR * 3 / 2), 50);
}

static void figures_are_of_the_last_attempts(void **state)
{
	struct recent recent = {0};
	struct recent_figures figures;
	recent_read(&recent, 0, &figures);
	assert_int_equal(figures.n, 0);
	for (int i = 1; i <= 100; i++)
		recent_note(&recent, i > 25, i * 1000, 0);
	recent_read(&recent, 0, &figures);
	assert_int_equal(figures.n, 100);
	assert_int_equal(figures.success_percent, 75);
	assert_int_equal(figures.p50_us, 50000);
	assert_int_equal(figures.p99_us, 99000);
	for (int i = 0; i < 256; i++)
		recent_note(&recent, true, 7, 0);
	recent_read(&recent, 0, &figures);
	assert_int_equal(figures.n, 256);
	assert_int_equal(figures.success_percent, 100);
	assert_int_equal(figures.p99_us, 7);
}

static void the_last_minute_goes_by(void **state)
{
	struct recent recent = {0};
	struct recent_figures figures;
	for (int second = 0; second < 120; second++)
		recent_note(&recent, true, 1, (int64_t)second * 1000000);
	recent_read(&recent, (int64_t)119 * 1000000, &figures);
	assert_int_equal(figures.per_minute, 60);
	recent_read(&recent, (int64_t)149 * 1000000, &figures);
	assert_int_equal(figures.per_minute, 30);
	recent_read(&recent, (int64_t)500 * 1000000, &figures);
	assert_int_equal(figures.per_minute, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_each_step_of_the_period_once),
		cmocka_unit_test(tells_only_the_highest_of_several),
		cmocka_unit_test(a_success_begins_anew),
		cmocka_unit_test(figures_are_of_the_last_attempts),
		cmocka_unit_test(the_last_minute_goes_by),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
