/* Schedules of a day and more, on virtual time. */
#include "virtual_engine.h"

#include <unistd.h>

#define SERVICE(more)                                                                              \
	"serves { '/queues/1' }\n"                                                                 \
	"local crm = http.service { name = 'crm', method = 'POST', url = 'http://127.0.0.1/crm', " \
	"text = '#ani#', " more " }\n"
#define FIRE "rule 'one' { on = '*', fire = crm }\n"

enum { DAY_MS = 24 * 3600 * 1000 };

static void start(struct virtual_engine *v, const char *rules, int status, size_t n)
{
	virtual_start(v, rules);
	for (v->n_statuses = 0; v->n_statuses < n; v->n_statuses++)
		v->statuses[v->n_statuses] = status;
}

static void assert_sent_at(const struct virtual_engine *v, const int64_t *seconds, size_t n)
{
	assert_int_equal(v->n_sent, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v->sent[i].at_ms, seconds[i] * 1000);
}

static void the_whole_schedule_is_kept_to_the_millisecond(void **state)
{
	static const int64_t at[] = {0, 5, 305, 2105, 9305, 27305, 63305, 99305};
	struct virtual_engine v;
	start(&v, SERVICE("retry = { jitter = 0 }") FIRE, 503, 20);
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"7\"");
	virtual_advance(&v, 2 * DAY_MS);
	assert_sent_at(&v, at, countof(at));
	for (size_t i = 1; i < v.n_sent; i++) {
		assert_string_equal(v.sent[i].id, v.sent[0].id);
		assert_string_equal(v.sent[i].body, "7");
	}
	assert_int_equal(v.engine->totals.dead, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void without_more_each_wait_differs_by_at_most_a_fifth(void **state)
{
	static const int64_t wait_s[] = {5, 300, 1800, 7200, 18000, 36000, 36000};
	struct virtual_engine v;
	bool exact = true;
	start(&v, SERVICE("") FIRE, -FAILURE_CONNECT, 20);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 2 * DAY_MS);
	assert_int_equal(v.n_sent, 8);
	for (size_t i = 0; i < countof(wait_s); i++) {
		int64_t wait_ms = v.sent[i + 1].at_ms - v.sent[i].at_ms;
		assert_in_range(wait_ms, wait_s[i] * 800, wait_s[i] * 1200);
		exact &= wait_ms == wait_s[i] * 1000;
	}
	assert_false(exact);
	virtual_stop(&v);
}

/* The engine is ended between any two attempts and begins again on the same journal. */
static void the_schedule_goes_on_over_restarts(void **state)
{
	static const int64_t at[] = {0, 5, 305, 2105, 9305, 27305, 63305, 99305};
	static const char rules[] = SERVICE("retry = { jitter = 0 }") FIRE;
	char folder[] = "/tmp/switchhook-test-XXXXXX";
	struct virtual_engine v = {0};
	v.folder = mkdtemp(folder);
	assert_non_null(v.folder);
	virtual_begin(&v, rules);
	for (v.n_statuses = 0; v.n_statuses < 20; v.n_statuses++)
		v.statuses[v.n_statuses] = 401;
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"7\"");
	for (size_t i = 0; i + 1 < countof(at); i++) {
		virtual_advance(&v, (at[i + 1] * 1000 - v.solo.now_us / 1000) / 2);
		virtual_end(&v);
		virtual_begin(&v, rules);
		virtual_advance(&v, at[i + 1] * 1000 - v.solo.now_us / 1000);
		virtual_settle(&v);
	}
	virtual_advance(&v, DAY_MS);
	assert_sent_at(&v, at, countof(at));
	for (size_t i = 1; i < v.n_sent; i++)
		assert_string_equal(v.sent[i].id, v.sent[0].id);
	virtual_stop(&v);
	char command[sizeof folder + 16];
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void a_service_has_a_schedule_of_its_own(void **state)
{
	static const int64_t at[] = {0, 2, 5, 8};
	struct virtual_engine v;
	start(&v, SERVICE("retry = { schedule = { 0, '2s', 3 }, jitter = '0%', attempts = 4 }") FIRE, 500,
	      20);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, DAY_MS);
	assert_sent_at(&v, at, countof(at));
	virtual_stop(&v);
}

static void without_retries_one_attempt_is_all(void **state)
{
	struct virtual_engine v;
	start(&v, SERVICE("retry = false") FIRE, 500, 20);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, DAY_MS);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(v.engine->totals.dead, 1);
	virtual_stop(&v);
}

static void its_own_success_counts_for_fire_and_call(void **state)
{
	struct virtual_engine v;
	start(&v,
	      SERVICE("success = { 200, 409 }, retry = { schedule = { '1s' }, jitter = 0 }") "rule 'fires' { "
											     "on = "
											     "'post_call', "
											     "fire = crm }\n"
											     "rule 'calls' { "
											     "on = "
											     "'agent_connect'"
											     ", run = "
											     "function(call)"
											     "\n"
											     "  crm:send { "
											     "text = 'got ' "
											     ".. "
											     "crm:call()."
											     "status }\n"
											     "end }",
	      409, 2);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_tags(&v, "e2", "agent_connect", "");
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].body, "got 409");
	assert_int_equal(v.engine->totals.delivered, 3);
	v.statuses[v.n_statuses++] = 204;
	virtual_tags(&v, "e3", "post_call", "");
	virtual_advance(&v, 2000);
	assert_int_equal(v.n_sent, 5);
	virtual_stop(&v);
}

static void what_it_calls_dead_is_dead_at_once(void **state)
{
	struct virtual_engine v;
	start(&v, SERVICE("dead_on = { 404, '5xx' }, retry_on = 410, retry = { jitter = 0 }") FIRE, 502, 1);
	virtual_tags(&v, "e1", "post_call", "");
	assert_int_equal(v.engine->totals.dead, 1);
	v.statuses[v.n_statuses++] = 410;
	virtual_tags(&v, "e2", "post_call", "");
	virtual_advance(&v, 5000);
	virtual_settle(&v);
	assert_int_equal(v.n_sent, 3);
	assert_int_equal(v.engine->totals.delivered, 1);
	virtual_stop(&v);
}

static void what_is_too_late_is_not_sent_and_no_error(void **state)
{
	static const int64_t at[] = {0, 5};
	struct virtual_engine v;
	start(&v, SERVICE("expires = '20s', retry = { schedule = { '5s', '30s' }, jitter = 0 }") FIRE, 503,
	      20);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 6000);
	/* The third attempt would be too late: that is known at once. */
	assert_int_equal(v.engine->totals.expired, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_advance(&v, DAY_MS);
	assert_sent_at(&v, at, countof(at));
	assert_int_equal(v.engine->totals.dead, 0);
	virtual_stop(&v);
}

static void what_waits_behind_another_expires_there(void **state)
{
	struct virtual_engine v;
	start(&v, SERVICE("expires = '20s', timeout = '1m'") FIRE, 0, 0);
	v.delay_ms = 30000;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 1000);
	virtual_tags(&v, "e2", "post_call", "");
	virtual_advance(&v, 19500);
	assert_int_equal(v.engine->totals.expired, 0);
	virtual_advance(&v, 1000);
	assert_int_equal(v.engine->totals.expired, 1);
	virtual_advance(&v, 30000);
	/* What was on the wire before its time was up still counts. */
	assert_int_equal(v.engine->totals.delivered, 1);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void a_call_that_expired_says_so(void **state)
{
	struct virtual_engine v;
	start(&v,
	      SERVICE("expires = '20s', retry = { schedule = { '30s' } }") "local log = http.service { name "
									   "= 'log', url = "
									   "'http://127.0.0.1/log', text = "
									   "'' }\n"
									   "rule 'r' { on = 'post_call', run "
									   "= function(call)\n"
									   "  local answer, err = "
									   "crm:try_call()\n"
									   "  log:send { text = err.kind .. "
									   "': ' .. err.message }\n"
									   "end }",
	      503, 1);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_settle(&v);
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, "expired: crm: it was too late to send it after 1 attempt");
	virtual_stop(&v);
}

static void without_an_order_none_waits_for_another(void **state)
{
	struct virtual_engine v;
	start(&v, SERVICE("order = 'none', retry = { schedule = { '1m' }, jitter = 0 }") FIRE, 503, 1);
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"1\"");
	virtual_tags(&v, "e2", "post_call", "\"ani\":\"2\"");
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, "2");
	virtual_advance(&v, 60000);
	virtual_settle(&v);
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].body, "1");
	virtual_stop(&v);
}

/* The wall clock is set forward or back while things wait; what waits goes by the other clock. */
static void jump(struct virtual_engine *v, int64_t by_ms)
{
	v->solo.base_ms += by_ms;
}

static void a_clock_that_jumps_changes_no_wait(void **state)
{
	static const int64_t at[] = {0, 5, 305, 2105};
	static const int64_t jumps[] = {0, DAY_MS, -2 * (int64_t)DAY_MS};
	for (size_t i = 0; i < countof(jumps); i++) {
		struct virtual_engine v;
		start(&v, SERVICE("retry = { jitter = 0, attempts = 4 }") FIRE, 503, 20);
		virtual_tags(&v, "e1", "post_call", "");
		virtual_advance(&v, 100000);
		jump(&v, jumps[i]);
		virtual_advance(&v, DAY_MS);
		assert_sent_at(&v, at, countof(at));
		virtual_stop(&v);
	}
}

/* After a restart only the wall clock tells how much of a wait is over. Set back, it must not make a wait
 * longer than it was. */
static void after_a_restart_no_wait_is_longer_than_it_was(void **state)
{
	static const char rules[] = SERVICE("retry = { schedule = { '1h' }, jitter = 0 }") FIRE
		"rule 'sleeps' { on = 'agent_connect', run = function() sleep('1h') crm:send { text = 'woke' "
		"} end }\n";
	char folder[] = "/tmp/switchhook-test-XXXXXX";
	struct virtual_engine v = {0};
	v.folder = mkdtemp(folder);
	assert_non_null(v.folder);
	virtual_begin(&v, rules);
	v.statuses[v.n_statuses++] = 503;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_event(&v, "{\"id\":\"e2\",\"type\":\"agent_connect\",\"source\":\"/queues/"
			  "1\",\"subject\":\"2\",\"data\":{}}");
	virtual_advance(&v, 60000);
	virtual_end(&v);
	jump(&v, -100 * (int64_t)DAY_MS);
	virtual_begin(&v, rules);
	virtual_advance(&v, 3600 * 1000);
	virtual_settle(&v);
	assert_string_equal(v.sent[v.n_sent - 1].body, "woke");
	virtual_advance(&v, DAY_MS);
	virtual_settle(&v);
	assert_int_equal(v.engine->totals.delivered, 2);
	virtual_stop(&v);
	char command[sizeof folder + 16];
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_schedule_is_kept_to_the_millisecond),
		cmocka_unit_test(without_more_each_wait_differs_by_at_most_a_fifth),
		cmocka_unit_test(the_schedule_goes_on_over_restarts),
		cmocka_unit_test(a_service_has_a_schedule_of_its_own),
		cmocka_unit_test(without_retries_one_attempt_is_all),
		cmocka_unit_test(its_own_success_counts_for_fire_and_call),
		cmocka_unit_test(what_it_calls_dead_is_dead_at_once),
		cmocka_unit_test(what_is_too_late_is_not_sent_and_no_error),
		cmocka_unit_test(what_waits_behind_another_expires_there),
		cmocka_unit_test(a_call_that_expired_says_so),
		cmocka_unit_test(without_an_order_none_waits_for_another),
		cmocka_unit_test(a_clock_that_jumps_changes_no_wait),
		cmocka_unit_test(after_a_restart_no_wait_is_longer_than_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
