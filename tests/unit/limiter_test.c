#include "unit.h"

#include "policy/limiter.h"

enum { SECOND = 1000000 };

static void without_a_rate_everything_goes(void **state)
{
	struct limiter limiter = {0};
	limiter_set(&limiter, 0, SECOND, 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(limiter_take(&limiter, 5), 0);
}

static void calls_go_at_their_rate(void **state)
{
	struct limiter limiter = {0};
	limiter_set(&limiter, 10, SECOND, 1);
	assert_int_equal(limiter_take(&limiter, 1000), 0);
	assert_int_equal(limiter_take(&limiter, 1000), 100000);
	assert_int_equal(limiter_take(&limiter, 51000), 50000);
	assert_int_equal(limiter_take(&limiter, 101000), 0);
	assert_int_equal(limiter_take(&limiter, 101000), 100000);
}

static void a_burst_goes_at_once_and_is_earned_again(void **state)
{
	struct limiter limiter = {0};
	limiter_set(&limiter, 1, SECOND, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(limiter_take(&limiter, 0), 0);
	assert_int_equal(limiter_take(&limiter, 0), SECOND);
	/* One a second from here on. */
	assert_int_equal(limiter_take(&limiter, SECOND), 0);
	assert_int_equal(limiter_take(&limiter, SECOND), SECOND);
	/* Two of rest are two more of the burst, a day of rest is no more than three. */
	assert_int_equal(limiter_take(&limiter, 3 * (int64_t)SECOND), 0);
	assert_int_equal(limiter_take(&limiter, 3 * (int64_t)SECOND), 0);
	assert_int_equal(limiter_take(&limiter, 3 * (int64_t)SECOND), SECOND);
	for (int i = 0; i < 3; i++)
		assert_int_equal(limiter_take(&limiter, 86400 * (int64_t)SECOND), 0);
	assert_int_equal(limiter_take(&limiter, 86400 * (int64_t)SECOND), SECOND);
}

static void asking_takes_nothing(void **state)
{
	struct limiter limiter = {0};
	limiter_set(&limiter, 60, 60 * SECOND, 1);
	assert_int_equal(limiter_wait(&limiter, 0), 0);
	assert_int_equal(limiter_wait(&limiter, 0), 0);
	assert_int_equal(limiter_take(&limiter, 0), 0);
	assert_int_equal(limiter_wait(&limiter, 250000), 750000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_everything_goes),
		cmocka_unit_test(calls_go_at_their_rate),
		cmocka_unit_test(a_burst_goes_at_once_and_is_earned_again),
		cmocka_unit_test(asking_takes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
