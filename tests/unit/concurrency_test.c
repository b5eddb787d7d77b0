#include "unit.h"

#include "policy/concurrency.h"

enum { SECOND = 1000000, MS = 1000 };

/* As many answers as may be on the wire, each while all of it is used. */
static void a_round(struct concurrency *c, int64_t took_us, int64_t now_us)
{
	int n = concurrency_limit(c);
	for (int i = 0; i < n; i++)
		concurrency_answered(c, took_us, n, now_us);
}

static void grows_by_one_a_round(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	assert_int_equal(concurrency_limit(&c), 10);
	a_round(&c, 20 * MS, 0);
	assert_int_equal(c.milli, 10956); /* 1/10 + 1/10.1 + … of one */
	for (int i = 0; i < 50; i++)
		a_round(&c, 20 * MS, i * SECOND);
	assert_int_equal(c.milli, 58417); /* a little less than 11 + 50: each grows before it is over */
}

static void does_not_grow_while_little_of_it_is_used(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 1000; i++)
		concurrency_answered(&c, 20 * MS, 4, i * MS);
	assert_int_equal(concurrency_limit(&c), 10);
	concurrency_answered(&c, 20 * MS, 5, 1000 * MS);
	assert_int_equal(c.milli, 10100);
}

static void never_grows_over_200(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 100000; i++)
		concurrency_answered(&c, MS, 200, i);
	assert_int_equal(concurrency_limit(&c), 200);
}

static void shrinks_by_a_tenth_once_a_round_trip(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	concurrency_answered(&c, 20 * MS, 1, 0);
	concurrency_overloaded(&c, 0);
	assert_int_equal(c.milli, 9000);
	concurrency_overloaded(&c, 20 * MS - 1);
	assert_int_equal(c.milli, 9000);
	concurrency_overloaded(&c, 20 * MS);
	assert_int_equal(c.milli, 8100);
}

static void never_shrinks_below_one(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 1000; i++)
		concurrency_overloaded(&c, (int64_t)i * SECOND);
	assert_int_equal(c.milli, 1000);
	assert_int_equal(concurrency_limit(&c), 1);
}

static void shrinks_when_round_trips_rise_to_more_than_twice_the_usual(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 100; i++)
		concurrency_answered(&c, 20 * MS, 1, i * MS);
	assert_int_equal(c.milli, 10000);
	/* Smoothed over sixteen: 20 + 80 * (1 - (15/16)^n) ms goes over 40 with the fifth. */
	for (int i = 0; i < 4; i++)
		concurrency_answered(&c, 100 * MS, 1, (100 + i) * MS);
	assert_int_equal(c.milli, 10000);
	concurrency_answered(&c, 100 * MS, 1, 104 * MS);
	assert_int_equal(c.milli, 9000);
}

static void a_rise_by_a_few_milliseconds_is_noise(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 100; i++)
		concurrency_answered(&c, MS, 1, i * MS);
	for (int i = 0; i < 1000; i++)
		concurrency_answered(&c, 10 * MS, 1, (100 + i) * MS);
	assert_int_equal(c.milli, 10000);
}

static void it_does_not_grow_where_round_trips_double_within_the_noise(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 100; i++)
		concurrency_answered(&c, MS / 2, 1, i * MS);
	for (int i = 0; i < 1000; i++)
		concurrency_answered(&c, 2 * MS, 200, (100 + i) * MS);
	int64_t stays = c.milli;
	assert_in_range(stays, 10000, 12000); /* what it grew by before the smoothed round trip showed it */
	for (int i = 0; i < 1000; i++)
		concurrency_answered(&c, 2 * MS, 200, (1100 + i) * MS);
	assert_int_equal(c.milli, stays);
}

static void what_has_become_slow_for_good_is_the_usual_after_a_while(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 0);
	for (int i = 0; i < 100; i++)
		concurrency_answered(&c, 20 * MS, 1, i * MS);
	for (int i = 0; i < 90; i++)
		concurrency_answered(&c, 100 * MS, 1, (int64_t)(i + 1) * SECOND);
	int64_t shrunk = c.milli;
	assert_true(shrunk < 10000);
	for (int i = 90; i < 100; i++)
		concurrency_answered(&c, 100 * MS, 1, (int64_t)(i + 1) * SECOND);
	assert_true(c.milli >= shrunk);
}

static void a_fixed_number_stays(void **state)
{
	struct concurrency c;
	concurrency_init(&c, 3);
	concurrency_overloaded(&c, 0);
	for (int i = 0; i < 100; i++)
		concurrency_answered(&c, MS, 3, i);
	assert_int_equal(concurrency_limit(&c), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_by_one_a_round),
		cmocka_unit_test(does_not_grow_while_little_of_it_is_used),
		cmocka_unit_test(never_grows_over_200),
		cmocka_unit_test(shrinks_by_a_tenth_once_a_round_trip),
		cmocka_unit_test(never_shrinks_below_one),
		cmocka_unit_test(shrinks_when_round_trips_rise_to_more_than_twice_the_usual),
		cmocka_unit_test(a_rise_by_a_few_milliseconds_is_noise),
		cmocka_unit_test(it_does_not_grow_where_round_trips_double_within_the_noise),
		cmocka_unit_test(what_has_become_slow_for_good_is_the_usual_after_a_while),
		cmocka_unit_test(a_fixed_number_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
