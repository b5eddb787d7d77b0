#include "virtual_engine.h"

#include <unistd.h>

#define SERVICE                                                                                              \
	"serves { '/queues/1' }\n"                                                                           \
	"local crm = http.service { name = 'crm', method = 'POST', url = 'http://127.0.0.1/crm', text = "    \
	"'#ani#', retry = { schedule = { '1s', '5s', '25s' } } }\n"                                          \
	"local chat = http.service { name = 'chat', method = 'POST', url = 'http://127.0.0.1/chat', text = " \
	"'', retry = { schedule = { '1s', '5s', '25s' } } }\n"

static char folder[64];

static void start(struct virtual_engine *v, const char *rules)
{
	strcpy(folder, "/tmp/switchhook_test.XXXXXX");
	ensure(mkdtemp(folder));
	*v = (struct virtual_engine){.folder = folder};
	virtual_begin(v, rules);
}

static void restart(struct virtual_engine *v, const char *rules)
{
	virtual_end(v);
	virtual_begin(v, rules);
	virtual_settle(v);
}

static void stop(struct virtual_engine *v)
{
	char command[128];
	virtual_stop(v);
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	assert_int_equal(system(command), 0);
}

static const char fires[] = SERVICE "rule 'one' { on = 'post_call', fire = crm }";

static void a_request_without_an_answer_goes_out_again_under_its_key(void **state)
{
	struct virtual_engine v;
	start(&v, fires);
	v.delay_ms = 5000;
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"7\"");
	assert_int_equal(v.n_sent, 1);
	restart(&v, fires);
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].id, v.sent[0].id);
	assert_string_equal(v.sent[1].body, "7");
	virtual_advance(&v, 10000);
	restart(&v, fires);
	assert_int_equal(v.n_sent, 2);
	assert_int_equal(engine_pending(v.engine), 0);
	stop(&v);
}

static void a_duplicate_is_known_after_a_restart(void **state)
{
	struct virtual_engine v;
	start(&v, fires);
	virtual_tags(&v, "e1", "post_call", "");
	restart(&v, fires);
	virtual_tags(&v, "e1", "post_call", "");
	assert_int_equal(v.duplicates, 1);
	assert_int_equal(v.n_sent, 1);
	stop(&v);
}

static void a_retry_keeps_its_time_its_bytes_and_its_count(void **state)
{
	struct virtual_engine v;
	start(&v, fires);
	for (v.n_statuses = 0; v.n_statuses < 10; v.n_statuses++)
		v.statuses[v.n_statuses] = 500;
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"7\"");
	virtual_advance(&v, 2000);
	assert_int_equal(v.n_sent, 2);
	restart(&v, fires);
	assert_int_equal(v.n_sent, 2);
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 4);
	assert_in_range(v.sent[2].at_ms - v.sent[1].at_ms, 4000, 6000);
	assert_string_equal(v.sent[3].id, v.sent[0].id);
	assert_string_equal(v.sent[3].body, "7");
	assert_int_equal(v.engine->totals.dead, 1);
	restart(&v, fires);
	assert_int_equal(v.n_sent, 4);
	stop(&v);
}

static const char chain[] =
	SERVICE "rule 'chain' { on = 'post_call', run = function(call)\n"
		"  local answer = crm:call()\n"
		"  local e = wait_for('post_disposition', { within = '10m' })\n"
		"  chat:send { text = answer.body .. ' ' .. (e and e.agent_disposition or 'none') }\n"
		"end }";

static void an_answered_call_is_not_sent_again_and_the_wait_goes_on(void **state)
{
	struct virtual_engine v;
	start(&v, chain);
	v.answer_body = STR("SO-1");
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 1);
	restart(&v, chain);
	assert_int_equal(v.n_sent, 1);
	virtual_tags(&v, "e2", "post_disposition", "\"agent_disposition\":\"Sale\"");
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, "SO-1 Sale");
	restart(&v, chain);
	assert_int_equal(v.n_sent, 2);
	assert_int_equal(engine_pending(v.engine), 0);
	stop(&v);
}

static void a_wait_keeps_its_deadline(void **state)
{
	struct virtual_engine v;
	start(&v, chain);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 400000);
	restart(&v, chain);
	virtual_advance(&v, 199000);
	assert_int_equal(v.n_sent, 1);
	virtual_advance(&v, 2000);
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, " none");
	assert_int_equal(v.sent[1].at_ms, 600000);
	stop(&v);
}

static void an_awaited_event_that_was_recorded_is_given_again(void **state)
{
	struct virtual_engine v;
	const char *rules = SERVICE "rule 'r' { on = 'post_call', run = function(call)\n"
				    "  local e = wait_for('post_disposition', { within = '10m' })\n"
				    "  crm:call { text = e.agent_disposition .. #call.history }\n"
				    "  chat:send { text = 'after' }\n"
				    "end }";
	start(&v, rules);
	v.delay_ms = 5000;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_tags(&v, "e2", "post_disposition", "\"agent_disposition\":\"Sale\"");
	assert_int_equal(v.n_sent, 1);
	restart(&v, rules);
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, "Sale2");
	assert_string_equal(v.sent[1].id, v.sent[0].id);
	virtual_advance(&v, 20000);
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].body, "after");
	stop(&v);
}

static void a_call_that_is_retried_goes_on_where_it_was(void **state)
{
	struct virtual_engine v;
	start(&v, chain);
	v.statuses[0] = v.statuses[1] = 500;
	v.n_statuses = 2;
	v.answer_body = STR("x");
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 2000);
	assert_int_equal(v.n_sent, 2);
	restart(&v, chain);
	assert_int_equal(v.n_sent, 2);
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].id, v.sent[0].id);
	virtual_tags(&v, "e2", "post_disposition", "\"agent_disposition\":\"No\"");
	assert_int_equal(v.n_sent, 4);
	stop(&v);
}

static void a_run_that_does_something_else_stops_as_diverged(void **state)
{
	struct virtual_engine v;
	start(&v, chain);
	virtual_tags(&v, "e1", "post_call", "");
	assert_int_equal(v.n_sent, 1);
	/* The same generation with another content cannot happen; a rule that depends on what is not recorded
	 * can. */
	restart(&v, SERVICE
		"rule 'chain' { on = 'post_call', run = function(call) crm:call { text = 'other' } end }");
	virtual_advance(&v, 700000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(v.engine->totals.runs_failed, 1);
	restart(&v, chain);
	virtual_advance(&v, 700000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	stop(&v);
}

static void once_is_once_over_restarts(void **state)
{
	struct virtual_engine v;
	const char *rules = SERVICE "rule 'o' { on = 'post_call', once = '#uii#', fire = crm }";
	start(&v, rules);
	v.delay_ms = 1000;
	virtual_tags(&v, "e1", "post_call", "");
	restart(&v, rules); /* the one that claimed it goes on */
	assert_int_equal(v.n_sent, 2);
	virtual_advance(&v, 5000);
	virtual_tags(&v, "e2", "post_call", "");
	virtual_advance(&v, 5000);
	assert_int_equal(v.n_sent, 2);
	stop(&v);
}

static void a_call_remembers_what_was_before_the_restart(void **state)
{
	struct virtual_engine v;
	const char *rules = SERVICE "rule 'h' { on = 'post_call', run = function(call)\n"
				    "  local names = {}\n"
				    "  for _, e in ipairs(call.history) do names[#names + 1] = e.type end\n"
				    "  crm:send { text = table.concat(names, ' ') }\n"
				    "end }";
	start(&v, rules);
	virtual_tags(&v, "e1", "agent_connect", "");
	virtual_tags(&v, "e2", "agent_termination", "");
	restart(&v, rules);
	virtual_tags(&v, "e3", "post_call", "");
	assert_int_equal(v.n_sent, 1);
	assert_string_equal(v.sent[0].body, "agent_connect agent_termination post_call");
	stop(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_without_an_answer_goes_out_again_under_its_key),
		cmocka_unit_test(a_duplicate_is_known_after_a_restart),
		cmocka_unit_test(a_retry_keeps_its_time_its_bytes_and_its_count),
		cmocka_unit_test(an_answered_call_is_not_sent_again_and_the_wait_goes_on),
		cmocka_unit_test(a_wait_keeps_its_deadline),
		cmocka_unit_test(an_awaited_event_that_was_recorded_is_given_again),
		cmocka_unit_test(a_call_that_is_retried_goes_on_where_it_was),
		cmocka_unit_test(a_run_that_does_something_else_stops_as_diverged),
		cmocka_unit_test(once_is_once_over_restarts),
		cmocka_unit_test(a_call_remembers_what_was_before_the_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
