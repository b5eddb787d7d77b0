#include "unit.h"

#include "base/timers.h"

static int fired[64], n_fired;

struct numbered {
	struct timer timer;
	int number;
};

static void note(struct timer *timer)
{
	fired[n_fired++] = container_of(timer, struct numbered, timer)->number;
}

static void fires_in_order_of_time_then_of_setting(void **state)
{
	struct timers timers;
	struct numbered t[20];
	timers_init(&timers);
	n_fired = 0;
	for (int i = 0; i < 20; i++) {
		t[i] = (struct numbered){.timer.fire = note, .number = i};
		timers_set(&timers, &t[i].timer, (i * 7) % 5 * 100);
	}
	timers_cancel(&timers, &t[5].timer);
	timers_set(&timers, &t[0].timer, 250);
	assert_int_equal(timers_next_us(&timers), 0);
	timers_run(&timers, 250);
	const int expected[] = {10, 15, 3, 8, 13, 18, 1, 6, 11, 16, 0};
	assert_int_equal(n_fired, countof(expected));
	assert_memory_equal(fired, expected, sizeof expected);
	assert_false(timer_is_set(&t[10].timer));
	assert_true(timer_is_set(&t[4].timer));
	assert_int_equal(timers_next_us(&timers), 300);
	timers_run(&timers, 1000);
	assert_int_equal(timers_next_us(&timers), INT64_MAX);
	timers_finish(&timers);
}

static struct timers shared;
static struct numbered second = {.timer.fire = note, .number = 2};

static void set_second(struct timer *timer)
{
	note(timer);
	timers_set(&shared, &second.timer, 0);
}

static void a_callback_may_set_a_timer_that_is_due(void **state)
{
	struct numbered first = {.timer.fire = set_second, .number = 1};
	timers_init(&shared);
	n_fired = 0;
	timers_set(&shared, &first.timer, 5);
	timers_run(&shared, 5);
	assert_int_equal(n_fired, 2);
	timers_finish(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_order_of_time_then_of_setting),
		cmocka_unit_test(a_callback_may_set_a_timer_that_is_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
