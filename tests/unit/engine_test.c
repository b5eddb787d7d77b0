#include "virtual_engine.h"

#define SERVICE                                                                                              \
	"serves { '/queues/1' }\n"                                                                           \
	"local crm = http.service { name = 'crm', method = 'POST', url = 'http://127.0.0.1/crm', text = "    \
	"'#ani#', retry = { schedule = { '1s', '5s', '25s' } } }\n"                                          \
	"local chat = http.service { name = 'chat', method = 'POST', url = 'http://127.0.0.1/chat', text = " \
	"'', retry = { schedule = { '1s', '5s', '25s' } } }\n"

static void a_matching_event_fires_its_services_in_order(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE
		      "rule 'both' { on = 'post_call', when = { ani = present }, fire = { crm, chat } }");
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"5105550111\"");
	virtual_tags(&v, "e2", "post_call", "");
	virtual_tags(&v, "e3", "agent_connect", "\"ani\":\"1\"");
	assert_int_equal(v.accepted, 3);
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[0].url, "http://127.0.0.1/crm");
	assert_string_equal(v.sent[0].body, "5105550111");
	assert_string_equal(v.sent[1].url, "http://127.0.0.1/chat");
	assert_int_equal(v.engine->totals.delivered, 2);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void a_duplicate_does_nothing(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'one' { on = 'post_call', fire = crm }");
	virtual_tags(&v, "e1", "post_call", "");
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"other\"");
	assert_int_equal(v.accepted, 1);
	assert_int_equal(v.duplicates, 1);
	assert_int_equal(v.n_sent, 1);
	virtual_stop(&v);
}

static void a_failed_delivery_is_repeated_under_one_key(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'one' { on = 'post_call', fire = crm }");
	v.statuses[0] = 500;
	v.statuses[1] = -FAILURE_CONNECT;
	v.n_statuses = 2;
	virtual_tags(&v, "e1", "post_call", "\"ani\":\"7\"");
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 3);
	assert_in_range(v.sent[1].at_ms, 800, 1200);
	assert_in_range(v.sent[2].at_ms - v.sent[1].at_ms, 4000, 6000);
	for (int i = 1; i < 3; i++) {
		assert_string_equal(v.sent[i].id, v.sent[0].id);
		assert_string_equal(v.sent[i].body, "7");
	}
	assert_int_equal(v.engine->totals.delivered, 1);
	virtual_stop(&v);
}

static void a_delivery_that_never_succeeds_is_dead(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'one' { on = 'post_call', fire = crm }");
	for (v.n_statuses = 0; v.n_statuses < 10; v.n_statuses++)
		v.statuses[v.n_statuses] = 503;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 3600000);
	assert_int_equal(v.n_sent, 4);
	assert_int_equal(v.engine->totals.dead, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void deliveries_of_one_call_to_one_service_do_not_overtake(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'one' { on = '*', fire = crm }");
	v.statuses[0] = 500;
	v.n_statuses = 1;
	virtual_tags(&v, "e1", "agent_connect", "\"ani\":\"first\"");
	virtual_tags(&v, "e2", "post_call", "\"ani\":\"second\"");
	virtual_event(&v, "{\"id\":\"e3\",\"type\":\"post_call\",\"source\":\"/queues/"
			  "1\",\"subject\":\"2\",\"data\":{\"ani\":\"other call\"}}");
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 4);
	assert_string_equal(v.sent[0].body, "first");
	assert_string_equal(v.sent[1].body, "other call");
	assert_string_equal(v.sent[2].body, "first");
	assert_string_equal(v.sent[3].body, "second");
	virtual_stop(&v);
}

static void the_answer_of_a_call_feeds_the_next_request(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE
		      "rule 'chain' { on = 'post_disposition', run = function(call)\n"
		      "  local answer = crm:call()\n"
		      "  chat:send { text = 'order ' .. answer.json.OrderId .. ' ' .. answer.status }\n"
		      "end }");
	v.answer_body = STR("{\"OrderId\":\"SO-55120\"}");
	v.statuses[0] = 500;
	v.statuses[1] = 201;
	v.n_statuses = 2;
	virtual_tags(&v, "e1", "post_disposition", "");
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].url, "http://127.0.0.1/chat");
	assert_string_equal(v.sent[2].body, "order SO-55120 201");
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void a_call_that_fails_raises_and_try_call_does_not(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE
		      "rule 'raises' { on = 'post_call', run = function(call) crm:call() chat:send() end }\n"
		      "rule 'tries' { on = 'agent_connect', run = function(call)\n"
		      "  local answer, err = crm:try_call()\n"
		      "  chat:send { text = tostring(answer) .. ' ' .. err.kind .. ' ' .. err.status }\n"
		      "end }");
	for (v.n_statuses = 0; v.n_statuses < 2; v.n_statuses++)
		v.statuses[v.n_statuses] = 410;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 1000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(v.engine->totals.runs_failed, 1);
	virtual_tags(&v, "e2", "agent_connect", "");
	virtual_advance(&v, 1000);
	assert_int_equal(v.n_sent, 3);
	assert_string_equal(v.sent[2].body, "nil status 410");
	virtual_stop(&v);
}

static const char wait_rule[] =
	SERVICE "rule 'wait' { on = 'post_call', once = '#uii#', run = function(call)\n"
		"  local disposed = wait_for('post_disposition', { within = '10m' })\n"
		"  crm:send { text = disposed and disposed.agent_disposition or 'none' }\n"
		"end }";

static void a_wait_ends_with_its_event(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, wait_rule);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 0);
	assert_int_equal(engine_pending(v.engine), 1);
	virtual_tags(&v, "e2", "post_disposition", "\"agent_disposition\":\"Sale\"");
	assert_int_equal(v.n_sent, 1);
	assert_string_equal(v.sent[0].body, "Sale");
	virtual_stop(&v);
}

static void a_wait_ends_when_its_time_is_up(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, wait_rule);
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 700000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(v.sent[0].at_ms, 600000);
	assert_string_equal(v.sent[0].body, "none");
	virtual_tags(&v, "e2", "post_call", ""); /* the same key: once is once */
	virtual_advance(&v, 700000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void an_event_that_came_during_another_step_is_the_next_one(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'r' { on = 'post_call', run = function(call)\n"
				  "  sleep '5s'\n"
				  "  local e = wait_for('post_disposition', { within = '1m' })\n"
				  "  crm:send { text = e and e.agent_disposition or 'none' }\n"
				  "end }");
	virtual_tags(&v, "e0", "post_disposition", "\"agent_disposition\":\"before\"");
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 1000);
	virtual_tags(&v, "e2", "post_disposition", "\"agent_disposition\":\"during\"");
	virtual_advance(&v, 10000);
	assert_int_equal(v.n_sent, 1);
	assert_string_equal(v.sent[0].body, "during");
	assert_int_equal(v.sent[0].at_ms, 5000);
	virtual_stop(&v);
}

static void seen_counts_what_has_arrived_and_session_only_the_own_segment(void **state)
{
	struct virtual_engine v;
	virtual_start(&v,
		      SERVICE "rule 'seen' { on = 'post_call', run = function(call)\n"
			      "  local e = wait_for('post_disposition', { within = '1m', seen = true })\n"
			      "  crm:send { text = e and e.agent_disposition or 'none' }\n"
			      "end }\n"
			      "rule 'own' { on = 'agent_termination', run = function(call)\n"
			      "  local e = wait_for('recording_ready', { within = '1m', session = true })\n"
			      "  chat:send { text = e and tostring(e.session_id) or 'none' }\n"
			      "end }");
	virtual_tags(&v, "e0", "post_disposition", "\"agent_disposition\":\"before\"");
	virtual_tags(&v, "e1", "post_call", "");
	assert_int_equal(v.n_sent, 1);
	assert_string_equal(v.sent[0].body, "before");
	virtual_tags(&v, "e2", "agent_termination", "\"session_id\":3");
	virtual_tags(&v, "e3", "recording_ready", "\"session_id\":2");
	assert_int_equal(v.n_sent, 1);
	virtual_tags(&v, "e4", "recording_ready", "\"session_id\":\"3\"");
	assert_int_equal(v.n_sent, 2);
	assert_string_equal(v.sent[1].body, "3");
	virtual_stop(&v);
}

static void a_run_that_is_too_long_or_fails_hurts_no_other(void **state)
{
	struct virtual_engine v;
	virtual_start(
		&v, SERVICE
		"rule 'a' { on = 'post_call', run = function(call) while true do sleep(0.001) end end }\n"
		"rule 'b' { on = 'post_call', run = function(call) error('no') end }\n"
		"rule 'c' { on = 'post_call', fire = crm }\n"
		"rule 'd' { on = 'post_call', run = function(call) skip 'not today' end }");
	virtual_tags(&v, "e1", "post_call", "");
	virtual_advance(&v, 60000);
	assert_int_equal(v.n_sent, 1);
	assert_int_equal(v.engine->totals.runs_failed, 2);
	assert_int_equal(engine_pending(v.engine), 0);
	virtual_stop(&v);
}

static void what_is_unfinished_is_abandoned_cleanly(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'a' { on = 'post_call', run = function(call) wait_for('x') end }\n"
				  "rule 'b' { on = 'post_call', run = function(call) crm:call() end }\n"
				  "rule 'c' { on = 'post_call', fire = chat }");
	v.delay_ms = 5000;
	virtual_tags(&v, "e1", "post_call", "");
	assert_int_equal(v.n_sent, 2);
	virtual_stop(&v);
}

static void too_much_pending_is_refused(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE "rule 'c' { on = 'post_call', fire = chat }");
	v.engine->options.pending_max = 2;
	v.delay_ms = 1000;
	virtual_tags(&v, "e1", "post_call", "");
	virtual_tags(&v, "e2", "post_call", "");
	virtual_tags(&v, "e3", "post_call", "");
	assert_int_equal(v.accepted, 2);
	assert_int_equal(v.refused, 1);
	virtual_advance(&v, 3000);
	virtual_tags(&v, "e3", "post_call", "");
	assert_int_equal(v.accepted, 3);
	virtual_stop(&v);
}

/* Between two events nothing of the call runs, so that its history rests as text. */
static void a_call_that_rested_has_its_history(void **state)
{
	struct virtual_engine v;
	virtual_start(&v, SERVICE
		      "rule 'h' { on = 'post_call', run = function(call)\n"
		      "  local seen = {}\n"
		      "  for i, e in ipairs(call.history) do seen[i] = e.type .. '=' .. (e.ani or '') end\n"
		      "  crm:send { text = table.concat(seen, ' ') }\n"
		      "end }");
	virtual_tags(&v, "e1", "agent_connect", "\"ani\":\"5105550111\"");
	virtual_advance(&v, 60000);
	virtual_tags(&v, "e2", "agent_termination", "");
	virtual_advance(&v, 60000);
	virtual_tags(&v, "e3", "post_call", "\"ani\":\"\u00fc\"");
	assert_int_equal(v.n_sent, 1);
	assert_string_equal(v.sent[0].body, "agent_connect=5105550111 agent_termination= post_call=\u00fc");
	virtual_stop(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_matching_event_fires_its_services_in_order),
		cmocka_unit_test(a_duplicate_does_nothing),
		cmocka_unit_test(a_failed_delivery_is_repeated_under_one_key),
		cmocka_unit_test(a_delivery_that_never_succeeds_is_dead),
		cmocka_unit_test(deliveries_of_one_call_to_one_service_do_not_overtake),
		cmocka_unit_test(the_answer_of_a_call_feeds_the_next_request),
		cmocka_unit_test(a_call_that_fails_raises_and_try_call_does_not),
		cmocka_unit_test(a_wait_ends_with_its_event),
		cmocka_unit_test(a_wait_ends_when_its_time_is_up),
		cmocka_unit_test(an_event_that_came_during_another_step_is_the_next_one),
		cmocka_unit_test(seen_counts_what_has_arrived_and_session_only_the_own_segment),
		cmocka_unit_test(a_run_that_is_too_long_or_fails_hurts_no_other),
		cmocka_unit_test(what_is_unfinished_is_abandoned_cleanly),
		cmocka_unit_test(too_much_pending_is_refused),
		cmocka_unit_test(a_call_that_rested_has_its_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
