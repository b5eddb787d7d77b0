#include "unit.h"

#include "policy/retry.h"

static const struct retry_policy exact = {.attempts = 4, .n_delays = 3, .delays_ms = {1000, 5000, 25000}};

enum { NOW_MS = 1445412480 };

static enum verdict decide(const struct retry_policy *policy, int attempt, const struct answer *answer,
			   uint64_t chance, int64_t *ret_delay_ms)
{
	/* Wed, 21 Oct 2015 07:28:00 GMT */
	return retry_decide(policy, attempt, answer, (int64_t)NOW_MS * 1000, chance, ret_delay_ms);
}

static struct answer answered(int status)
{
	return (struct answer){.failure = status >= 200 && status < 300 ? FAILURE_NONE : FAILURE_STATUS,
			       .status = status};
}

static void two_hundreds_are_delivered(void **state)
{
	int64_t delay = -1;
	struct answer answer = answered(204);
	assert_int_equal(decide(&exact, 1, &answer, 0, &delay), VERDICT_DELIVERED);
	assert_int_equal(delay, -1);
}

static void failures_wait_longer_each_time_and_then_are_dead(void **state)
{
	int64_t delay;
	struct answer answer = answered(500);
	for (int attempt = 1; attempt <= 3; attempt++) {
		assert_int_equal(decide(&exact, attempt, &answer, 0, &delay), VERDICT_RETRY);
		assert_int_equal(delay, exact.delays_ms[attempt - 1]);
	}
	assert_int_equal(decide(&exact, 4, &answer, 0, &delay), VERDICT_DEAD);
	answer = (struct answer){.failure = FAILURE_CONNECT};
	assert_int_equal(decide(&exact, 3, &answer, 0, &delay), VERDICT_RETRY);
}

static void what_can_never_succeed_is_not_repeated(void **state)
{
	int64_t delay;
	struct answer answer = answered(410);
	assert_int_equal(decide(&exact, 1, &answer, 0, &delay), VERDICT_DEAD);
	answer = answered(422);
	assert_int_equal(decide(&exact, 1, &answer, 0, &delay), VERDICT_RETRY);
	assert_int_equal(decide(&exact, 2, &answer, 0, &delay), VERDICT_DEAD);
	answer = (struct answer){.failure = FAILURE_REFUSED};
	assert_int_equal(decide(&exact, 1, &answer, 0, &delay), VERDICT_DEAD);
	answer = answered(401);
	assert_int_equal(decide(&exact, 3, &answer, 0, &delay), VERDICT_RETRY);
}

static void the_default_schedule_is_eight_attempts_in_27_hours(void **state)
{
	static const int64_t wanted_s[] = {5, 300, 1800, 7200, 18000, 36000, 36000};
	struct retry_policy policy = retry_default;
	struct answer answer = answered(500);
	int64_t delay, all_ms = 0;
	policy.jitter_percent = 0;
	for (int attempt = 1; attempt <= 7; attempt++) {
		assert_int_equal(decide(&policy, attempt, &answer, 0, &delay), VERDICT_RETRY);
		assert_int_equal(delay, wanted_s[attempt - 1] * 1000);
		all_ms += delay;
	}
	assert_int_equal(all_ms, 99305000);
	assert_int_equal(decide(&policy, 8, &answer, 0, &delay), VERDICT_DEAD);
}

static void jitter_stays_within_its_share(void **state)
{
	int64_t delay, low = INT64_MAX, high = 0;
	struct answer answer = answered(500);
	for (uint64_t chance = 0; chance < 5000; chance++) {
		assert_int_equal(decide(&retry_default, 1, &answer, chance, &delay), VERDICT_RETRY);
		low = delay < low ? delay : low;
		high = delay > high ? delay : high;
	}
	assert_int_equal(low, 4000);
	assert_int_equal(high, 6000);
}

static void after_the_schedule_the_last_delay_repeats(void **state)
{
	struct retry_policy policy = exact;
	struct answer answer = answered(500);
	int64_t delay;
	policy.attempts = 6;
	assert_int_equal(decide(&policy, 5, &answer, 0, &delay), VERDICT_RETRY);
	assert_int_equal(delay, 25000);
	assert_int_equal(decide(&policy, 6, &answer, 0, &delay), VERDICT_DEAD);
}

static struct answer asked_to_wait(int status, struct header *header, const char *value)
{
	struct answer answer = answered(status);
	*header = (struct header){STR("retry-after"), str_of(value)};
	answer.headers = header;
	answer.n_headers = 1;
	return answer;
}

static int64_t delay_after(int status, const char *retry_after)
{
	struct header header;
	struct answer answer = asked_to_wait(status, &header, retry_after);
	int64_t delay = -1;
	assert_int_equal(decide(&exact, 1, &answer, 0, &delay), VERDICT_RETRY);
	return delay;
}

static void retry_after_lengthens_the_wait_within_bounds(void **state)
{
	assert_int_equal(delay_after(503, "7"), 7000);
	assert_int_equal(delay_after(503, " 7 "), 7000);
	assert_int_equal(delay_after(503, "0"), 1000);
	assert_int_equal(delay_after(503, "-7"), 1000);
	assert_int_equal(delay_after(503, "soon"), 1000);
	assert_int_equal(delay_after(503, ""), 1000);
	assert_int_equal(delay_after(503, "99999999999999999999"), RETRY_AFTER_MAX_MS);
	assert_int_equal(delay_after(500, "120"), 120000);
}

static void retry_after_may_be_a_date_in_any_of_its_three_forms(void **state)
{
	assert_int_equal(delay_after(503, "Wed, 21 Oct 2015 07:29:30 GMT"), 90000);
	assert_int_equal(delay_after(503, "Wednesday, 21-Oct-15 07:29:30 GMT"), 90000);
	assert_int_equal(delay_after(503, "Wed Oct 21 07:29:30 2015"), 90000);
	assert_int_equal(delay_after(503, "Wed, 21 Oct 2015 06:00:00 GMT"), 1000);
	assert_int_equal(delay_after(503, "Wed, 21 Oct 2099 07:28:00 GMT"), RETRY_AFTER_MAX_MS);
	assert_int_equal(delay_after(503, "Wed, 21 Oct 2015 07:29:30 GMT and more"), 1000);
}

static void a_date_is_measured_by_the_clock_of_who_sent_it(void **state)
{
	struct header headers[] = {{STR("date"), STR("Thu, 01 Jan 2032 00:00:00 GMT")},
				   {STR("retry-after"), STR("Thu, 01 Jan 2032 00:00:40 GMT")}};
	struct answer answer = answered(503);
	int64_t delay;
	answer.headers = headers;
	answer.n_headers = 2;
	decide(&exact, 1, &answer, 0, &delay);
	assert_int_equal(delay, 40000);
}

static void after_429_nothing_goes_within_a_minute(void **state)
{
	struct retry_policy policy = retry_default;
	struct answer answer = answered(429);
	int64_t delay;
	assert_int_equal(delay_after(429, ""), 60000);
	assert_int_equal(delay_after(429, "7"), 60000);
	assert_int_equal(delay_after(429, "90"), 90000);
	policy.jitter_percent = 0;
	decide(&policy, 2, &answer, 0, &delay);
	assert_int_equal(delay, 300000);
}

static void a_service_says_what_its_statuses_mean(void **state)
{
	struct retry_policy policy = exact;
	struct answer answer;
	int64_t delay;
	status_set_add(&policy.dead_on, 401, 404);
	status_set_add(&policy.retry_on, 410, 410);
	policy.has_success = true;
	status_set_add(&policy.success, 200, 200);
	status_set_add(&policy.success, 409, 409);
	answer = answered(404);
	assert_int_equal(decide(&policy, 1, &answer, 0, &delay), VERDICT_DEAD);
	answer = answered(410);
	assert_int_equal(decide(&policy, 3, &answer, 0, &delay), VERDICT_RETRY);
	answer = answered(409);
	retry_judge(&policy, &answer);
	assert_int_equal(answer.failure, FAILURE_NONE);
	answer = answered(202);
	retry_judge(&policy, &answer);
	assert_int_equal(answer.failure, FAILURE_STATUS);
	answer = (struct answer){.failure = FAILURE_TIMEOUT};
	retry_judge(&policy, &answer);
	assert_int_equal(answer.failure, FAILURE_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hundreds_are_delivered),
		cmocka_unit_test(failures_wait_longer_each_time_and_then_are_dead),
		cmocka_unit_test(what_can_never_succeed_is_not_repeated),
		cmocka_unit_test(jitter_stays_within_its_share),
		cmocka_unit_test(the_default_schedule_is_eight_attempts_in_27_hours),
		cmocka_unit_test(after_the_schedule_the_last_delay_repeats),
		cmocka_unit_test(retry_after_lengthens_the_wait_within_bounds),
		cmocka_unit_test(retry_after_may_be_a_date_in_any_of_its_three_forms),
		cmocka_unit_test(a_date_is_measured_by_the_clock_of_who_sent_it),
		cmocka_unit_test(after_429_nothing_goes_within_a_minute),
		cmocka_unit_test(a_service_says_what_its_statuses_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
