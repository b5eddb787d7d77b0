#include "unit.h"

#include "policy/breaker.h"

enum { SECOND = 1000000 };

/* `n` deliveries fail, one after the other. */
static void faults(struct breaker *breaker, int n, int64_t now_us)
{
	for (int i = 0; i < n; i++) {
		uint64_t seen = 0;
		breaker_note(breaker, SIGN_FAULT, &seen, now_us);
	}
}

static struct breaker opened(int64_t now_us)
{
	struct breaker breaker = {0};
	faults(&breaker, BREAKER_FAULTS, now_us);
	assert_int_equal(breaker.state, BREAKER_OPEN);
	return breaker;
}

static void opens_when_twenty_deliveries_in_a_row_have_failed(void **state)
{
	struct breaker breaker = {0};
	uint64_t seen = 0;
	faults(&breaker, BREAKER_FAULTS - 1, 7);
	assert_true(breaker_may_send(&breaker, 7));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	assert_true(breaker_note(&breaker, SIGN_FAULT, &seen, 7));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(breaker.until_us, 7 + 5 * SECOND);
	assert_false(breaker_may_send(&breaker, 7 + 5 * SECOND - 1));
}

static void an_answer_in_between_begins_the_row_anew(void **state)
{
	struct breaker breaker = {0};
	uint64_t seen = 0;
	faults(&breaker, BREAKER_FAULTS - 1, 0);
	breaker_note(&breaker, SIGN_ALIVE, &seen, 0);
	faults(&breaker, BREAKER_FAULTS - 1, 0);
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	faults(&breaker, 1, 0);
	assert_int_equal(breaker.state, BREAKER_OPEN);
}

static void attempts_of_one_delivery_are_one_fault(void **state)
{
	struct breaker breaker = {0};
	uint64_t seen = 0;
	for (int i = 0; i < 100; i++)
		breaker_note(&breaker, SIGN_FAULT, &seen, 0);
	assert_int_equal(breaker.faults, 1);
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	/* After an answer to somebody else it counts again. */
	uint64_t other = 0;
	breaker_note(&breaker, SIGN_ALIVE, &other, 0);
	breaker_note(&breaker, SIGN_FAULT, &seen, 0);
	assert_int_equal(breaker.faults, 1);
}

static void half_open_lets_one_go(void **state)
{
	struct breaker breaker = opened(0);
	assert_true(breaker_may_send(&breaker, 5 * SECOND));
	assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
	assert_false(breaker_may_send(&breaker, 5 * SECOND));
	assert_false(breaker_may_send(&breaker, 500 * (int64_t)SECOND));
}

static void a_good_probe_closes_it(void **state)
{
	struct breaker breaker = opened(0);
	uint64_t seen = 0;
	assert_true(breaker_may_send(&breaker, 5 * SECOND));
	assert_false(breaker_note(&breaker, SIGN_ALIVE, &seen, 6 * SECOND));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	assert_int_equal(breaker.faults, 0);
	assert_true(breaker_may_send(&breaker, 6 * SECOND));
	assert_true(breaker_may_send(&breaker, 6 * SECOND));
}

static void a_bad_probe_opens_it_for_twice_as_long_up_to_a_minute(void **state)
{
	static const int seconds[] = {10, 20, 40, 60, 60};
	struct breaker breaker = opened(0);
	int64_t now_us = 5 * SECOND;
	for (size_t i = 0; i < countof(seconds); i++) {
		assert_true(breaker_may_send(&breaker, now_us));
		faults(&breaker, 1, now_us);
		assert_int_equal(breaker.state, BREAKER_OPEN);
		assert_int_equal(breaker.until_us, now_us + seconds[i] * (int64_t)SECOND);
		now_us = breaker.until_us;
	}
}

static void a_probe_that_says_nothing_is_made_again(void **state)
{
	struct breaker breaker = opened(0);
	uint64_t seen = 0;
	assert_true(breaker_may_send(&breaker, 5 * SECOND));
	assert_false(breaker_note(&breaker, SIGN_NOTHING, &seen, 6 * SECOND));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(breaker.until_us, 11 * SECOND);
}

static void only_the_endpoint_is_to_blame(void **state)
{
	static const struct {
		enum failure failure;
		int status;
		enum breaker_sign sign;
	} cases[] = {
		{FAILURE_NONE, 200, SIGN_ALIVE},   {FAILURE_STATUS, 404, SIGN_ALIVE},
		{FAILURE_STATUS, 429, SIGN_ALIVE}, {FAILURE_STATUS, 500, SIGN_FAULT},
		{FAILURE_STATUS, 503, SIGN_FAULT}, {FAILURE_CONNECT, 0, SIGN_FAULT},
		{FAILURE_TIMEOUT, 0, SIGN_FAULT},  {FAILURE_RESET, 0, SIGN_FAULT},
		{FAILURE_TLS, 0, SIGN_FAULT},      {FAILURE_PROTOCOL, 0, SIGN_FAULT},
		{FAILURE_DNS, 0, SIGN_NOTHING},    {FAILURE_REFUSED, 0, SIGN_NOTHING},
		{FAILURE_PROXY, 0, SIGN_NOTHING},  {FAILURE_STOPPED, 0, SIGN_NOTHING},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct answer answer = {.failure = cases[i].failure, .status = cases[i].status};
		assert_int_equal(breaker_sign_of(&answer), cases[i].sign);
	}
}

static void who_asks_for_a_pause_is_not_broken(void **state)
{
	struct header header = {STR("retry-after"), STR("30")};
	struct answer answer = {.failure = FAILURE_STATUS, .status = 503, .headers = &header, .n_headers = 1};
	assert_int_equal(breaker_sign_of(&answer), SIGN_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_when_twenty_deliveries_in_a_row_have_failed),
		cmocka_unit_test(an_answer_in_between_begins_the_row_anew),
		cmocka_unit_test(attempts_of_one_delivery_are_one_fault),
		cmocka_unit_test(half_open_lets_one_go),
		cmocka_unit_test(a_good_probe_closes_it),
		cmocka_unit_test(a_bad_probe_opens_it_for_twice_as_long_up_to_a_minute),
		cmocka_unit_test(a_probe_that_says_nothing_is_made_again),
		cmocka_unit_test(only_the_endpoint_is_to_blame),
		cmocka_unit_test(who_asks_for_a_pause_is_not_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
