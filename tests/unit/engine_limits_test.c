/* Limits, breakers and pauses of services, on virtual time. */
#include "virtual_engine.h"

#include "engine/services.h"

#include <unistd.h>

#define SERVICE(more)                                                                              \
	"serves { '/queues/1' }\n"                                                                 \
	"local crm = http.service { name = 'crm', method = 'POST', url = 'http://127.0.0.1/crm', " \
	"text = '#ani#', " more " }\n"
#define FIRE  "rule 'one' { on = '*', fire = crm }\n"
#define RETRY "retry = { schedule = { '1h' }, jitter = 0 }"
#define MANY  ((size_t)60)

/* Each of a call of its own, all at once. */
static void post_of(struct virtual_engine *v, const char *type, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		char json[256];
		snprintf(json, sizeof json,
			 "{\"id\":\"%s%zu\",\"type\":\"%s\",\"source\":\"/queues/"
			 "1\",\"data\":{\"uii\":\"%zu\"}}",
			 type, i, type, i);
		virtual_event(v, json);
	}
}

static void post(struct virtual_engine *v, size_t first, size_t n)
{
	post_of(v, "post_call", first, n);
}

static void assert_at(const struct virtual_engine *v, size_t i, int64_t ms)
{
	if (v->sent[i].at_ms != ms)
		fail_msg("the %zuth went after %lld ms, not %lld", i, (long long)v->sent[i].at_ms,
			 (long long)ms);
}

static void a_rate_is_kept_and_a_burst_goes_before(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("limit = { rate = 10, burst = 5 }") FIRE);
	post(&v, 0, 20);
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 20);
	for (size_t i = 0; i < 5; i++)
		assert_at(&v, i, 0);
	for (size_t i = 5; i < 20; i++)
		assert_at(&v, i, 100 * (int64_t)(i - 4));
	virtual_stop(&v);
}

static void a_fixed_concurrency_is_never_more(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("limit = { concurrency = 3 }") FIRE);
	v.delay_ms = 200;
	post(&v, 0, 9);
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 9);
	for (size_t i = 0; i < 9; i++)
		assert_at(&v, i, 200 * (int64_t)(i / 3));
	virtual_stop(&v);
}

static void an_adaptive_one_begins_with_ten_and_grows(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("") FIRE);
	v.delay_ms = 200;
	post(&v, 0, MANY);
	virtual_advance(&v, 10000);
	assert_at(&v, 9, 0);
	assert_at(&v, 10, 200);
	/* Ten, then one more a round. */
	assert_at(&v, 19, 200);
	assert_at(&v, 20, 400);
	assert_at(&v, 30, 400);
	assert_at(&v, 31, 600);
	assert_at(&v, MANY - 1, 1000);
	virtual_stop(&v);
}

static bool ask_for_a_pause(struct virtual_engine *v, const struct request *request, struct fake_answer *ret)
{
	static struct header header = {STR("retry-after"), STR("30")};
	if (v->n_sent > 1)
		return false;
	ret->answer =
		(struct answer){.status = 429, .failure = FAILURE_STATUS, .headers = &header, .n_headers = 1};
	return true;
}

static void who_asks_for_a_pause_gets_it_for_all_its_deliveries(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE(RETRY) FIRE);
	v.answer_to = ask_for_a_pause;
	post(&v, 0, 1);
	virtual_advance(&v, 1000);
	post(&v, 1, 3);
	virtual_advance(&v, 28999);
	assert_int_equal(v.n_sent, 1);
	virtual_advance(&v, 1);
	assert_int_equal(v.n_sent, 4);
	virtual_stop(&v);
}

/* --- the breaker --- */

static void all_statuses(struct virtual_engine *v, int status, size_t n)
{
	for (v->n_statuses = 0; v->n_statuses < n; v->n_statuses++)
		v->statuses[v->n_statuses] = status;
}

static void a_service_that_fails_is_asked_now_and_then(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE(RETRY) FIRE);
	all_statuses(&v, 500, 22);
	post(&v, 0, MANY);
	virtual_advance(&v, 4999);
	assert_int_equal(v.n_sent, 20);
	/* Probes after 5 s and after 10 more; the one 20 s later is good, and all go. */
	virtual_advance(&v, 1);
	assert_int_equal(v.n_sent, 21);
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 22);
	virtual_advance(&v, 19999);
	assert_int_equal(v.n_sent, 22);
	virtual_advance(&v, 1);
	assert_int_equal(v.n_sent, MANY);
	virtual_advance(&v, 4 * 3600 * 1000);
	assert_int_equal(v.engine->totals.delivered, MANY);
	assert_int_equal(v.engine->totals.dead, 0);
	virtual_stop(&v);
}

static void the_oldest_that_may_go_is_the_probe(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("retry = { schedule = { '3s', '1h' }, jitter = 0 }") FIRE);
	all_statuses(&v, 500, 22);
	post(&v, 0, 20);
	virtual_advance(&v, 1000);
	post(&v, 20, 1);
	/* At 5 s the first of the old ones has waited its 3 s, and the new one was there before it. */
	virtual_advance(&v, 4000);
	assert_int_equal(v.n_sent, 21);
	assert_string_equal(v.sent[20].id, v.sent[0].id);
	virtual_stop(&v);
}

static void attempts_of_a_few_deliveries_do_not_open_it(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("retry = { schedule = { '1s' }, attempts = 5, jitter = 0 }") FIRE);
	all_statuses(&v, 500, 60);
	post(&v, 0, 10);
	virtual_advance(&v, 4000);
	assert_int_equal(v.n_sent, 50);
	assert_int_equal(v.engine->totals.dead, 10);
	virtual_stop(&v);
}

/* --- the others --- */

static bool hang_when_sick(struct virtual_engine *v, const struct request *request, struct fake_answer *ret)
{
	if (!strstr(request->url.p, "sick"))
		return false;
	ret->answer = (struct answer){.failure = FAILURE_TIMEOUT};
	ret->delay_ms = 10000;
	return true;
}

/* 60 services with ten deliveries each that hang; they would fill the wire. */
static void those_that_hang_leave_room_for_the_others(void **state)
{
	struct virtual_engine v;
	virtual_start(
		&v,
		"serves { '/queues/1' }\n"
		"local sick = {}\n"
		"for i = 1, 60 do sick[i] = http.service { name = 's' .. i, url = "
		"'http://127.0.0.1/sick', retry = { schedule = { '1s' }, attempts = 3, jitter = 0 } } end\n"
		"local well = http.service { name = 'well', url = 'http://127.0.0.1/well' }\n"
		"rule 'sick' { on = 'enqueue', fire = sick }\n"
		"rule 'well' { on = 'post_call', fire = well }\n");
	v.answer_to = hang_when_sick;
	post_of(&v, "enqueue", 0, 4);
	/* All have failed once by then, and all want to go again. */
	virtual_advance(&v, 12000);
	size_t before = v.n_sent;
	assert_int_equal(before, 240 + 128);
	post(&v, 0, 10);
	virtual_advance(&v, 1);
	assert_int_equal(v.engine->totals.delivered, 10);
	virtual_stop(&v);
}

/* --- pauses --- */

static void set(void *context)
{
	*(bool *)context = true;
}

static void pause_service(struct virtual_engine *v, bool paused)
{
	bool done = false;
	struct error error;
	struct service_pause pause = {.name = STR("crm"),
				      .paused = paused,
				      .done = set,
				      .reply_to = &v->solo.mailbox,
				      .context = &done};
	assert_int_equal(engine_pause_service(v->engine, &pause, &error), 0);
	virtual_advance(v, 1);
	assert_true(done);
}

static char *make_folder(char *template)
{
	assert_non_null(mkdtemp(template));
	return template;
}

static void remove_folder(const char *folder)
{
	char command[64];
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static bool count_pending(void *context, const struct journal_delivery *row)
{
	assert_true(row->request.n > 0);
	assert_int_equal(row->attempts, 0);
	assert_str(row->attempts_json, "[]");
	++*(int *)context;
	return true;
}

static int pending_rows(struct virtual_engine *v)
{
	struct delivery_query query = {.state = DELIVERY_PENDING, .with_request = true};
	struct journal_reader *reader;
	struct error error;
	int n = 0;
	virtual_advance(v, 1);
	assert_int_equal(journal_reader_open(v->engine->options.journal, &reader, &error), 0);
	assert_int_equal(journal_read_deliveries(reader, &query, count_pending, &n, &error), 0);
	journal_reader_close(reader);
	return n;
}

static void what_waits_for_a_paused_service_is_on_disk_and_not_in_memory(void **state)
{
	struct virtual_engine v = {0};
	char folder[] = "/tmp/switchhook-limits-XXXXXX";
	v.folder = make_folder(folder);
	virtual_begin(&v, SERVICE("") FIRE);
	pause_service(&v, true);
	for (int i = 0; i < 30; i++) {
		char id[16], tags[32];
		snprintf(id, sizeof id, "e%d", i);
		snprintf(tags, sizeof tags, "\"ani\":\"%d\"", i);
		virtual_tags(&v, id, "post_call", tags);
	}
	post(&v, 100, 30);
	virtual_advance(&v, 1000);
	/* Of those of one call only the first is ready; the others wait behind it. */
	assert_int_equal(pending_rows(&v), 60);
	assert_int_equal(work_active(&v.engine->work), 0);
	assert_int_equal(work_waiting(&v.engine->work), 60);
	pause_service(&v, false);
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 60);
	assert_int_equal(v.engine->totals.delivered, 60);
	assert_int_equal(engine_pending(v.engine), 0);
	/* Each with its own body, those of one call in their order. */
	int next = 0;
	for (size_t i = 0; i < v.n_sent; i++)
		if (*v.sent[i].body)
			assert_int_equal(atoi(v.sent[i].body), next++);
	assert_int_equal(next, 30);
	assert_int_equal(pending_rows(&v), 0);
	virtual_stop(&v);
	remove_folder(folder);
}

static void what_waits_behind_another_of_its_call_waits_on_disk(void **state)
{
	struct virtual_engine v = {0};
	char folder[] = "/tmp/switchhook-limits-XXXXXX";
	v.folder = make_folder(folder);
	virtual_begin(&v, SERVICE(RETRY) FIRE);
	all_statuses(&v, 500, 1);
	for (int i = 0; i < 5; i++) {
		char id[16], tags[32];
		snprintf(id, sizeof id, "e%d", i);
		snprintf(tags, sizeof tags, "\"ani\":\"%d\"", i);
		virtual_tags(&v, id, "post_call", tags);
	}
	virtual_advance(&v, 1000);
	virtual_tags(&v, "late", "post_call", "\"ani\":\"5\"");
	virtual_advance(&v, 1000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(work_active(&v.engine->work), 0);
	assert_int_equal(work_waiting(&v.engine->work), 6);
	/* All are in the log as pending, with their requests; the next start goes on with them in their
	 * order. */
	virtual_end(&v);
	virtual_begin(&v, SERVICE(RETRY) FIRE);
	virtual_advance(&v, 1000);
	assert_int_equal(work_active(&v.engine->work), 0);
	assert_int_equal(work_waiting(&v.engine->work), 6);
	virtual_advance(&v, 3600 * 1000);
	assert_int_equal(v.n_sent, 7);
	for (size_t i = 1; i < 7; i++)
		assert_int_equal(atoi(v.sent[i].body), (int)i - 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
	remove_folder(folder);
}

static void what_expires_behind_another_is_settled(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE("expires = '10m'") FIRE);
	pause_service(&v, true);
	for (int i = 0; i < 3; i++) {
		char id[16];
		snprintf(id, sizeof id, "e%d", i);
		virtual_tags(&v, id, "post_call", "\"ani\":\"1\"");
	}
	virtual_advance(&v, 1000);
	assert_int_equal(work_waiting(&v.engine->work), 3);
	virtual_advance(&v, 11 * 60 * 1000);
	assert_int_equal(v.engine->totals.expired, 3);
	assert_int_equal(work_active(&v.engine->work), 0);
	assert_int_equal(work_waiting(&v.engine->work), 0);
	virtual_stop(&v);
}

static void a_service_that_fails_keeps_no_events_from_coming_in(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE(RETRY) FIRE);
	all_statuses(&v, 500, 20);
	post(&v, 0, MANY);
	virtual_advance(&v, 1000);
	assert_int_equal(work_active(&v.engine->work), 0);
	assert_int_equal(work_waiting(&v.engine->work), MANY);
	virtual_advance(&v, 4 * 3600 * 1000);
	assert_int_equal(v.engine->totals.delivered, MANY);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void a_paused_service_waits_over_a_restart(void **state)
{
	struct virtual_engine v = {0};
	char folder[] = "/tmp/switchhook-limits-XXXXXX";
	v.folder = make_folder(folder);
	virtual_begin(&v, SERVICE("") FIRE);
	pause_service(&v, true);
	post(&v, 0, 2);
	virtual_advance(&v, 1000);
	assert_int_equal(v.n_sent, 0);
	virtual_end(&v);
	virtual_begin(&v, SERVICE("") FIRE);
	virtual_advance(&v, 1000);
	assert_int_equal(v.n_sent, 0);
	pause_service(&v, false);
	assert_int_equal(v.n_sent, 2);
	virtual_stop(&v);
	remove_folder(folder);
}

static void a_service_that_failed_for_too_long_is_paused_if_it_asks_for_that(void **state)
{
	struct virtual_engine v;
	virtual_start(&v,
		      SERVICE("failing = { period = '10s', disable = true }, retry = { schedule = { '4s' }, "
			      "attempts = 9, jitter = 0 }") FIRE);
	all_statuses(&v, 404, 60);
	post(&v, 0, 1);
	/* At 0, 4, 8 and 12 s; then no more, and nothing is lost. */
	virtual_advance(&v, 3600 * 1000);
	assert_int_equal(v.n_sent, 4);
	assert_int_equal(v.engine->totals.dead, 0);
	assert_int_equal(engine_pending(v.engine), 1);
	pause_service(&v, false);
	assert_int_equal(v.n_sent, 5);
	virtual_stop(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_kept_and_a_burst_goes_before),
		cmocka_unit_test(a_fixed_concurrency_is_never_more),
		cmocka_unit_test(an_adaptive_one_begins_with_ten_and_grows),
		cmocka_unit_test(who_asks_for_a_pause_gets_it_for_all_its_deliveries),
		cmocka_unit_test(a_service_that_fails_is_asked_now_and_then),
		cmocka_unit_test(the_oldest_that_may_go_is_the_probe),
		cmocka_unit_test(attempts_of_a_few_deliveries_do_not_open_it),
		cmocka_unit_test(those_that_hang_leave_room_for_the_others),
		cmocka_unit_test(what_waits_for_a_paused_service_is_on_disk_and_not_in_memory),
		cmocka_unit_test(what_waits_behind_another_of_its_call_waits_on_disk),
		cmocka_unit_test(what_expires_behind_another_is_settled),
		cmocka_unit_test(a_service_that_fails_keeps_no_events_from_coming_in),
		cmocka_unit_test(a_paused_service_waits_over_a_restart),
		cmocka_unit_test(a_service_that_failed_for_too_long_is_paused_if_it_asks_for_that),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
