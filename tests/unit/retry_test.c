#include "unit.h"

#include "policy/retry.h"

static const struct retry_policy exact = {.n_delays = 3, .delays_ms = {1000, 5000, 25000}};

static struct answer answered(int status)
{
	return (struct answer){.failure = status >= 200 && status < 300 ? FAILURE_NONE : FAILURE_STATUS, .status = status};
}

static void two_hundreds_are_delivered(void **state)
{
	int64_t delay = -1;
	struct answer answer = answered(204);
	assert_int_equal(retry_decide(&exact, 1, &answer, 0, &delay), VERDICT_DELIVERED);
	assert_int_equal(delay, -1);
}

static void failures_wait_longer_each_time_and_then_are_dead(void **state)
{
	int64_t delay;
	struct answer answer = answered(500);
	for (int attempt = 1; attempt <= 3; attempt++) {
		assert_int_equal(retry_decide(&exact, attempt, &answer, 0, &delay), VERDICT_RETRY);
		assert_int_equal(delay, exact.delays_ms[attempt - 1]);
	}
	assert_int_equal(retry_decide(&exact, 4, &answer, 0, &delay), VERDICT_DEAD);
	answer = (struct answer){.failure = FAILURE_CONNECT};
	assert_int_equal(retry_decide(&exact, 3, &answer, 0, &delay), VERDICT_RETRY);
}

static void what_can_never_succeed_is_not_repeated(void **state)
{
	int64_t delay;
	struct answer answer = answered(410);
	assert_int_equal(retry_decide(&exact, 1, &answer, 0, &delay), VERDICT_DEAD);
	answer = answered(422);
	assert_int_equal(retry_decide(&exact, 1, &answer, 0, &delay), VERDICT_RETRY);
	assert_int_equal(retry_decide(&exact, 2, &answer, 0, &delay), VERDICT_DEAD);
	answer = (struct answer){.failure = FAILURE_REFUSED};
	assert_int_equal(retry_decide(&exact, 1, &answer, 0, &delay), VERDICT_DEAD);
	answer = answered(401);
	assert_int_equal(retry_decide(&exact, 3, &answer, 0, &delay), VERDICT_RETRY);
}

static void jitter_stays_within_its_share(void **state)
{
	int64_t delay, low = INT64_MAX, high = 0;
	struct answer answer = answered(500);
	for (uint64_t chance = 0; chance < 5000; chance++) {
		assert_int_equal(retry_decide(&retry_default, 1, &answer, chance, &delay), VERDICT_RETRY);
		low = delay < low ? delay : low;
		high = delay > high ? delay : high;
	}
	assert_int_equal(low, 800);
	assert_int_equal(high, 1200);
}

static void retry_after_lengthens_the_wait_within_an_hour(void **state)
{
	int64_t delay;
	struct header header = {STR("retry-after"), STR("7")};
	struct answer answer = answered(429);
	answer.headers = &header;
	answer.n_headers = 1;
	retry_decide(&exact, 1, &answer, 0, &delay);
	assert_int_equal(delay, 7000);
	header.value = STR("99999999999999999999");
	retry_decide(&exact, 1, &answer, 0, &delay);
	assert_int_equal(delay, 3600 * 1000);
	header.value = STR("Wed, 21 Oct 2015 07:28:00 GMT");
	retry_decide(&exact, 1, &answer, 0, &delay);
	assert_int_equal(delay, 1000);
	header.value = STR("0");
	retry_decide(&exact, 2, &answer, 0, &delay);
	assert_int_equal(delay, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hundreds_are_delivered),
		cmocka_unit_test(failures_wait_longer_each_time_and_then_are_dead),
		cmocka_unit_test(what_can_never_succeed_is_not_repeated),
		cmocka_unit_test(jitter_stays_within_its_share),
		cmocka_unit_test(retry_after_lengthens_the_wait_within_an_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
