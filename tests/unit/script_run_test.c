#include "script_host.h"

/* Runs one rule whose function has this body, which begins in line 3. */
static enum script_ending run_body(struct fixture *fixture, const char *body)
{
	char text[8000];

	snprintf(text, sizeof text,
		 "local http_default = http.service { name = 'd', url = 'https://x.example/d' } "
		 "rule 'r' { on = 'post_call', run = function(call, event)\n%s\nend }",
		 body);
	fixture_rules(fixture, text);
	return fixture_start(fixture, 0);
}

static void assert_logs(const char *body, const char *data, const char *wanted)
{
	struct fixture fixture;
	char text[8000], event[4000];

	snprintf(text, sizeof text,
		 "tags { 'x', 'y' } rule 'r' { on = 'post_call', run = function(call, event)\n%s\nend }",
		 body);
	snprintf(event, sizeof event,
		 "{\"specversion\":\"1.0\",\"id\":\"e1\",\"type\":\"post_call\",\"source\":\"/"
		 "q\",\"subject\":\"77\","
		 "\"time\":\"2025-10-14T15:02:06.000Z\",\"data\":{\"uii\":\"77\"%s}}",
		 data);
	fixture_rules(&fixture, text);
	fixture_event(&fixture, event);
	assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_DONE);
	assert_str(log_line(&fixture, 0), wanted);
	fixture_finish(&fixture);
}

static void assert_sends(const char *send, const char *method, const char *url, const char *body)
{
	struct fixture fixture;

	assert_ending(&fixture, run_body(&fixture, send), SCRIPT_STEP);
	assert_int_equal(fixture.step.kind, STEP_SEND);
	assert_str(fixture.step.request->method, method);
	assert_str(fixture.step.request->url, url);
	assert_str(fixture.step.request->body, body);
	fixture_finish(&fixture);
}

static void tags_keep_their_types(void **state)
{
	assert_logs("log(call.x, math.type(call.x))", ",\"x\":9007199254740993", "9007199254740993 integer");
	assert_logs("log(call.x, math.type(call.x))", ",\"x\":1.5", "1.5 float");
	assert_logs("log(call.x, type(call.x))", ",\"x\":123456789012345678901",
		    "123456789012345678901 string");
	assert_logs("log(call.x, type(call.x))", ",\"x\":\"007\"", "007 string");
	assert_logs("log(call.x, call.y, call.ani)", ",\"x\":true,\"y\":null", "true nil nil");
	assert_logs("log(json.encode(call.x))", ",\"x\":{\"b\":[],\"a\":{},\"c\":null}",
		    "{\"a\":{},\"b\":[],\"c\":null}");
	assert_logs("log(event.type, event.source, event.id, event.subject, event.time, event.uii)", "",
		    "post_call /q e1 77 2025-10-14T15:02:06.000Z 77");
	assert_logs("local t = {} for k, v in pairs(call) do t[#t + 1] = k end log(table.concat(t, ' '))",
		    ",\"y\":1,\"x\":2", "uii y x");
	assert_logs("log(call:fill 'Call #uii# #x|default:\\'none\\'#', call)", "", "Call 77 none event");
}

static void a_tag_that_exists_nowhere_is_an_error(void **state)
{
	struct fixture fixture;

	assert_failed(&fixture, run_body(&fixture, "\nlog(call.agent_nane)"), 4, "unknown tag 'agent_nane'",
		      "did you mean");
	assert_string_equal(fixture.error.file, "a.lua");
	assert_string_equal(fixture.error.excerpt, "log(call.agent_nane)");
	fixture_finish(&fixture);
	assert_failed(&fixture, run_body(&fixture, "call.ani = 'x'"), 3, "cannot be changed", "");
	fixture_finish(&fixture);
	fixture_rules(&fixture, "rule 'r' { on = 'post_call', run = function(call) log(call.mine) end }");
	fixture_event(&fixture, EVENT_WITH(",\"mine\":1"));
	assert_failed(&fixture, fixture_start(&fixture, 0), 2, "unknown tag 'mine'", "tags { \"mine\" }");
	fixture_finish(&fixture);
}

static void a_run_goes_through_all_kinds_of_steps(void **state)
{
	struct fixture fixture;
	struct answer answer = {.status = 200, .body = STR("{\"OrderId\":\"SO-1\",\"n\":[1,2]}")};
	struct header header = {STR("content-type"), STR("application/json")};
	struct step_result result;

	answer.headers = &header;
	answer.n_headers = 1;
	assert_ending(&fixture,
		      run_body(&fixture,
			       "local id = svc.plain:send { text = 'hello' }\n"
			       "local order = svc.json:call()\n"
			       "local e = wait_for('post_disposition', { within = '5m', session = true })\n"
			       "local none = wait_for('post_disposition')\n"
			       "sleep(1.5)\n"
			       "log(id, order.OrderId, order.status, order.json.n[2], "
			       "order.headers['Content-Type'], "
			       "order.missing, e.type, e.ani, none, clock.now())"),
		      SCRIPT_STEP);
	assert_int_equal(fixture.step.kind, STEP_SEND);
	assert_int_equal(fixture.step.line, 3);
	assert_false(fixture.step.fire);
	assert_str(fixture.step.service->name, "Plain");
	assert_str(request_header(fixture.step.request, "content-type"), "text/plain; charset=utf-8");
	result = (struct step_result){.delivery = STR("msg_1")};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_int_equal(fixture.step.kind, STEP_CALL);
	assert_int_equal(fixture.step.line, 4);
	assert_str(fixture.step.request->url, "https://x.example/77");
	assert_str(fixture.step.request->body, "{\"a\":1,\"b\":\"5105550111\"}");
	result = (struct step_result){.answer = &answer, .attempts = 1};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_int_equal(fixture.step.kind, STEP_WAIT_FOR);
	assert_str(fixture.step.type, "post_disposition");
	assert_true(fixture.step.session);
	assert_false(fixture.step.seen);
	assert_int_equal(fixture.step.wait_ms, 300000);
	result = (struct step_result){.event = fixture.call.events[0]};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_int_equal(fixture.step.wait_ms, 600000);
	result = (struct step_result){0};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_int_equal(fixture.step.kind, STEP_SLEEP);
	assert_int_equal(fixture.step.wait_ms, 1500);
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_DONE);
	assert_str(log_line(&fixture, 0),
		   "msg_1 SO-1 200 2 application/json nil post_call 5105550111 nil 1760454246.5");
	fixture_finish(&fixture);
}

static void a_failed_call_raises_and_try_call_tells(void **state)
{
	struct fixture fixture;
	struct answer failed = {.failure = FAILURE_STATUS, .status = 500, .body = STR("oops")};
	struct answer timeout = {.failure = FAILURE_TIMEOUT, .detail = "no answer in 10 s"};
	struct step_result result = {.answer = &failed, .attempts = 3};

	assert_ending(&fixture,
		      run_body(&fixture, "local ok, err = svc.plain:try_call()\n"
					 "log(ok, err.kind, err.status, err.answer.body)\n"
					 "ok, err = svc.plain:try_call()\nlog(ok, err.kind, err.message)\n"
					 "ok, err = svc.off:try_call()\nlog(ok, err.message)\n"
					 "svc.plain:call()"),
		      SCRIPT_STEP);
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	result = (struct step_result){.answer = &timeout, .attempts = 1};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_str(log_line(&fixture, 0), "nil status 500 oops");
	assert_str(log_line(&fixture, 1), "nil timeout Plain: no answer in 10 s after 1 attempt");
	assert_str(log_line(&fixture, 2), "nil Off: the service is not active");
	result = (struct step_result){.answer = &failed, .attempts = 3};
	assert_failed(&fixture, fixture_go(&fixture, &result), 9, "Plain: status 500 after 3 attempts", "");
	fixture_finish(&fixture);
}

static void fire_goes_out_before_the_function_runs(void **state)
{
	struct fixture fixture;
	struct step_result result = {.delivery = STR("msg_1")};

	fixture_rules(&fixture, "rule 'r' { on = 'post_call', fire = { svc.made, svc.off, svc.form }, run = "
				"function() log 'ran' end }\n"
				"rule 's' { on = 'post_call', fire = svc.made }");
	assert_true(fixture.ruleset->campaigns[0]->rules[1].needs_lua);
	assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_STEP);
	assert_true(fixture.step.fire);
	assert_str(fixture.step.service->name, "Made");
	assert_str(fixture.step.request->url, "https://x.example/5105550111?p=5105550111&q=v%23w");
	assert_str(request_header(fixture.step.request, "x-b"), "4155550110");
	assert_str(request_header(fixture.step.request, "x-a"), "5105550111");
	assert_str(fixture.step.request->body, "{\"ani\":\"5105550111\",\"tag\":\"4155550110\"}");
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_str(fixture.step.service->name, "Off");
	assert_null(fixture.step.request);
	result = (struct step_result){0};
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_STEP);
	assert_str(fixture.step.request->body, "ani=5105550111");
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_DONE);
	assert_str(log_line(&fixture, 0), "ran");
	assert_ending(&fixture, fixture_start(&fixture, 1), SCRIPT_STEP);
	assert_ending(&fixture, fixture_go(&fixture, &result), SCRIPT_DONE);
	fixture_finish(&fixture);
}

static void overrides_replace_what_is_declared(void **state)
{
	assert_sends("svc.form:send()", "POST", "https://x.example/f?a=1&q=5105550111", "ani=5105550111");
	assert_sends("svc.form:send { params = { q = 'a b', r = 2 } }", "POST",
		     "https://x.example/f?a=1&q=a%20b&r=2", "ani=5105550111");
	assert_sends("svc.form:send { form = { { 'b', true }, { 'a', 'x&y' } } }", "POST",
		     "https://x.example/f?a=1&q=5105550111", "b=true&a=x%26y");
	assert_sends("svc.form:send { json = { b = 2, a = { 1, 2.5 }, c = json.array {}, d = json.null } }",
		     "POST", "https://x.example/f?a=1&q=5105550111",
		     "{\"a\":[1,2.5],\"b\":2,\"c\":[],\"d\":null}");
	assert_sends(
		"svc.json:send { json = { { 'z', 1 }, { 'a', { { 'k', json.array { { 'x', 1 } } } } } } }",
		"POST", "https://x.example/77", "{\"z\":1,\"a\":{\"k\":[[\"x\",1]]}}");
	assert_sends(
		"svc.plain:send { method = 'PUT', url = 'https://y.example/#ani#', xml = '<a>#dnis#</a>' }",
		"PUT", "https://y.example/5105550111", "<a>4155550110</a>");
	assert_sends("svc.plain:send { json = '{\"a\": #ani|json#, \"b\": \"#uii#\"}' }", "POST",
		     "https://x.example/", "{\"a\": \"5105550111\", \"b\": \"77\"}");
	assert_sends("svc.made:send { url = 'https://z.example/', text = 'x', params = { p = '1' } }", "POST",
		     "https://z.example/?q=v%23w&p=1", "x");
	assert_sends("http_default:send { text = 'x' }", "POST", "https://x.example/d", "x");
	assert_sends("http_default:send()", "GET", "https://x.example/d", "");
	assert_sends("svc.plain:send { json = call }", "POST", "https://x.example/",
		     "{\"uii\":\"77\",\"ani\":\"5105550111\",\"dnis\":\"4155550110\"}");
	assert_sends("svc.plain:send { json = { n = 9007199254740993, f = 0.1 } }", "POST",
		     "https://x.example/", "{\"f\":0.1,\"n\":9007199254740993}");
}

static void literals_are_templates_and_values_are_not(void **state)
{
	struct fixture fixture;

	assert_sends("svc.plain:send { json = { a = 'Call \"#ani#\"', b = '#' .. 'city' .. '#', c = "
		     "'#ani|json#' } }",
		     "POST", "https://x.example/",
		     "{\"a\":\"Call \\\"5105550111\\\"\",\"b\":\"#city#\",\"c\":\"5105550111\"}");
	assert_sends(
		"svc.form:send { form = { a = '#ani#', b = ('#zip' .. '#') }, params = { q = '<#uii#>' } }",
		"POST", "https://x.example/f?a=1&q=%3C77%3E", "a=5105550111&b=%23zip%23");
	assert_sends("svc.plain:send { text = [[\n#ani#\n]] }", "POST", "https://x.example/", "5105550111\n");
	/* What a customer typed is a value, whatever it looks like. */
	fixture_rules(&fixture, "rule 'r' { on = 'post_call', run = function(call) svc.plain:send { json = { "
				"n = call.agent_notes } } end }");
	fixture_event(&fixture, EVENT_WITH(",\"agent_notes\":\"my #email# is \\\"x\\\"\""));
	assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_STEP);
	assert_str(fixture.step.request->body, "{\"n\":\"my #email# is \\\"x\\\"\"}");
	fixture_finish(&fixture);
}

static void wrong_overrides_are_errors(void **state)
{
	static const struct {
		const char *body, *what, *hint;
	} cases[] = {
		{"svc.plain:send { jsno = {} }", "unknown key 'jsno'", "did you mean 'json'?"},
		{"svc.plain:send { json = {}, text = '' }", "one body, not both 'json' and 'text'", ""},
		{"svc.plain:send 'x'", "as a table, not as a string", ""},
		{"svc.plain:send { json = 'hello' }", "json is no JSON", "text ="},
		{"svc.plain:send { json = { 1, a = 2 } }", "both a list and names", ""},
		{"svc.plain:send { json = { f = print } }", "a function cannot be JSON", ""},
		{"local t = {} t.t = t svc.plain:send { json = t }", "holds itself", ""},
		{"svc.plain:send { json = { 0 / 0 } }", "NaN", ""},
		{"svc.plain:send { form = 'a=b' }", "form is a string", ""},
		{"svc.plain:send { form = { { 1, 2 } } }", "the name of row 1", ""},
		{"svc.plain:send { text = {} }", "text is a table, not a text", ""},
		{"svc.plain:send { method = 'YELL' }", "Plain: unknown method 'YELL'", "one of"},
		{"svc.plain:send { url = 'ftp://x/' }", "Plain: ", ""},
		{"svc.plain:send { headers = { ['a b'] = '1' } }", "Plain: header 'a b'", ""},
		{"svc.plain.send { text = 'x' }", "with a colon", ""},
		{"svc.plain:sned {}", "a service has no 'sned'", "did you mean 'send'?"},
		{"svc.plian:send {}", "services.svc has no 'plian'", "did you mean 'plain'?"},
		{"svc.plain.x = 1", "cannot be changed", ""},
		{"svc.plain:send { text = ('x'):rep(1048600) }", "over", ""},
		{"wait_for('post_call', { witihn = '1s' })", "unknown option 'witihn'",
		 "did you mean 'within'?"},
		{"wait_for('post_call', { within = 'soon' })", "no duration", ""},
		{"wait_for('post_call', { seen = 1 })", "true or false", ""},
		{"wait_for()", "type of an event", ""},
		{"sleep 'x'", "no duration", ""},
		{"skip()", "skip takes the reason", ""},
		{"http.service { url = 'x' }", "not in a run", ""},
		{"rule 'x' {}", "not in a run", ""},
		{"serves '/x'", "not in a run", ""},
		{"counter = 1", "cannot set the global 'counter'", "local"},
		{"log(undefined_thing)", "unknown name 'undefined_thing'", ""},
		{"local x = call.ani + {}", "attempt to add a 'string' with a 'table'", ""},
		{"error 'told so'", "told so", ""},
		{"error('told so', 0)", "told so", ""},
		{"error { 1 }", "raised a table", ""},
		{"error()", "raised a nil", ""},
		{"json.decode '{'", "json.decode: ", ""},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct fixture fixture;

		assert_failed(&fixture, run_body(&fixture, cases[i].body), 3, cases[i].what, cases[i].hint);
		assert_string_equal(fixture.error.file, "a.lua");
		fixture_finish(&fixture);
	}
}

static void an_error_behind_a_tail_call_has_a_place(void **state)
{
	struct fixture fixture;

	assert_failed(&fixture, run_body(&fixture, "return svc.plain:send { jsno = {} }"), 2,
		      "unknown key 'jsno'", "");
	assert_string_equal(fixture.error.file, "a.lua");
	fixture_finish(&fixture);
	assert_failed(&fixture,
		      run_body(&fixture, "local function f() return sleep 'x' end\n\nlocal x = f()"), 5,
		      "no duration", "");
	fixture_finish(&fixture);
}

static void skip_ends_a_run_and_says_why(void **state)
{
	struct fixture fixture;

	assert_ending(&fixture, run_body(&fixture, "skip 'no email'"), SCRIPT_SKIPPED);
	assert_string_equal(fixture.error.what, "no email");
	/* The state is as good as before. */
	assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_SKIPPED);
	fixture_finish(&fixture);
}

static void nothing_waits_where_it_cannot(void **state)
{
	struct fixture fixture;

	assert_failed(&fixture, run_body(&fixture, "table.sort({ 2, 1 }, function() sleep(1) end)"), 3,
		      "cannot wait inside of table.sort", "");
	fixture_finish(&fixture);
	assert_failed(&fixture, run_body(&fixture, "('x'):gsub('x', function() svc.plain:send() end)"), 3,
		      "cannot wait inside of table.sort or string.gsub", "");
	fixture_finish(&fixture);
	fixture_init(&fixture,
		     load_good(load_rules(
			     "a.lua",
			     "serves '/q'\nlocal s\ns = http.service { name = 's', url = 'http://x/',\n"
			     "  json = function(call) s:send() end }\n"
			     "rule 'r' { on = 'post_call', fire = s }",
			     NULL)),
		     "a");
	assert_failed(&fixture, fixture_start(&fixture, 0), 4, "a function that builds a request cannot wait",
		      "");
	fixture_finish(&fixture);
}

static void a_strict_service_stops_at_an_absent_tag_and_others_warn(void **state)
{
	struct fixture fixture;

	assert_ending(&fixture,
		      run_body(&fixture, "svc.plain:send { json = { a = '#email#' } }\n"
					 "svc.made:send { json = { a = '#email#' } }"),
		      SCRIPT_STEP);
	assert_str(fixture.step.request->body, "{\"a\":\"\"}");
	assert_true(strstr(log_line(&fixture, 0).p, "email") != NULL);
	assert_failed(&fixture, fixture_go(&fixture, &(struct step_result){0}), 4, "email", "");
	fixture_finish(&fixture);
}

static void cjson_has_the_same_codec(void **state)
{
	assert_logs("local cjson = require 'cjson'\n"
		    "local t = cjson.decode('{\"a\":[],\"b\":9007199254740993,\"c\":null}')\n"
		    "log(cjson.encode(t), t.c == cjson.null, cjson.encode { { 'a', 1 } }, "
		    "cjson.encode(cjson.empty_array))",
		    "", "{\"a\":[],\"b\":9007199254740993,\"c\":null} true [[\"a\",1]] []");
	assert_logs("local v, e = json.try_decode 'x' log(v, e ~= nil, json.try_decode '7', json.decode "
		    "'null' == json.null)",
		    "", "nil true 7 true");
}

static void strings_follow_the_manual(void **state)
{
	assert_logs("log(('hello world'):find('o w'), ('a.b'):find('.', 1, true), ('abc'):find('b()'))", "",
		    "5 2 2 2 3");
	assert_logs("log(('k=v, a=b'):gsub('(%w+)=(%w+)', '%2=%1'))", "", "v=k, b=a 2");
	assert_logs("log(('abc'):gsub('', '-'), (('hello'):gsub('l', { l = 'L' })), (('x'):gsub('.', "
		    "function() end)))",
		    "", "-a-b-c- heLLo x");
	assert_logs("local t = {} for k, v in ('a=1,b=2'):gmatch '(%w)=(%w)' do t[#t + 1] = k .. v end "
		    "log(table.concat(t, ' '))",
		    "", "a1 b2");
	assert_logs(
		"local t = {} for w in ('ab cd'):gmatch '%a*' do t[#t + 1] = w end log(table.concat(t, '|'))",
		"", "ab|cd");
	assert_logs("log(('2025-10-14'):match('^(%d+)-(%d+)'), ('x'):rep(3, ','), ('%d %s'):format(3, {}))",
		    "", "2025 x,x,x 3 table");
	assert_logs("local t = {} for k in pairs { c = 1, a = 2, 10, 20, b = 3 } do t[#t + 1] = tostring(k) "
		    "end log(table.concat(t, ' '), next {})",
		    "", "1 2 a b c nil");
	assert_logs("local n = math.random(3) log(n >= 1 and n <= 3, math.random() < 1, select('#', 1, nil))",
		    "", "true true 2");
}

static void read_sample(struct fixture *fixture)
{
	FILE *file = fopen(RULES "/samples/inbound-transfer.ndjson", "r");
	static char text[32768];
	struct error error;
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof text, file);
	fclose(file);
	assert_int_equal(events_parse_ndjson((struct str){text, n}, NULL, 0, &fixture->call, &error), 0);
	fixture->visible = fixture->call.n;
}

static void segments_and_history_show_the_call(void **state)
{
	struct fixture fixture;

	fixture_rules(&fixture, "rule 'r' { on = 'post_call', run = function(call)\n"
				"  local s = call.segments\n"
				"  log(#call.history, #s)\n"
				"  for _, segment in ipairs(s) do\n"
				"    log(segment.session_id, segment.agent_first_name, "
				"segment.agent_disposition, #segment.events, segment.events[1].type)\n"
				"  end\n"
				"  log(call.history[1].type, call.history[#call.history].type)\n"
				"  log(s[1].agent_nmae)\n"
				"end }");
	read_sample(&fixture);
	assert_int_equal(fixture.call.n, 13);
	assert_failed(&fixture, fixture_start(&fixture, 0), 9, "unknown tag 'agent_nmae'", "");
	assert_str(log_line(&fixture, 0), "13 2");
	assert_true(str_starts(log_line(&fixture, 1), STR("2 Dana ")));
	assert_true(str_starts(log_line(&fixture, 2), STR("3 ")));
	assert_true(str_starts(log_line(&fixture, 3), STR("enqueue ")));
	fixture.visible = 2;
	assert_failed(&fixture, fixture_start(&fixture, 0), 9, "unknown tag", "");
	assert_str(log_line(&fixture, 4), "2 1");
	fixture_finish(&fixture);
}

static void an_event_of_another_run_cannot_be_read(void **state)
{
	struct fixture fixture;

	fixture_rules(&fixture, "local kept\nrule 'r' { on = 'post_call', run = function(call)\n"
				"  local old = kept kept = call\n  if old then log(old.ani) end\nend }");
	assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_DONE);
	assert_failed(&fixture, fixture_start(&fixture, 0), 5, "belongs to a run that is over", "");
	fixture_finish(&fixture);
}

static void many_runs_wait_in_one_state(void **state)
{
	struct fixture fixture;
	struct script_run *runs[100];
	struct script_step step;
	struct error error;

	fixture_rules(
		&fixture,
		"rule 'r' { on = 'post_call', run = function(call) local e = wait_for 'post_disposition' "
		"log(e and e.ani) end }");
	fixture_event(&fixture, EVENT_WITH(""));
	for (size_t i = 0; i < countof(runs); i++) {
		runs[i] = script_run_create(fixture.state, &fixture.ruleset->campaigns[0]->rules[0],
					    fixture.call.events[0], &fixture.log, &fixture);
		assert_int_equal(script_run_resume(runs[i], NULL, &step, &error), SCRIPT_STEP);
	}
	for (size_t i = countof(runs); i-- > 50;) {
		struct step_result result = {.event = fixture.call.events[0]};

		assert_int_equal(script_run_resume(runs[i], &result, &step, &error), SCRIPT_DONE);
	}
	for (size_t i = 0; i < countof(runs); i++)
		script_run_destroy(runs[i]);
	assert_str(log_line(&fixture, 0), "5105550111");
	fixture_finish(&fixture);
}

static void a_state_is_small(void **state)
{
	struct fixture fixture;

	fixture_rules(&fixture, "rule 'r' { on = 'post_call', run = function(call) log(call.ani) end }");
	print_message("# a state takes %zu bytes\n", script_state_memory(fixture.state));
	assert_in_range(script_state_memory(fixture.state), 1, 64 * 1024);
	for (int i = 0; i < 2000; i++)
		assert_ending(&fixture, fixture_start(&fixture, 0), SCRIPT_DONE);
	assert_in_range(script_state_memory(fixture.state), 1, 200 * 1024);
	fixture_finish(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_keep_their_types),
		cmocka_unit_test(a_tag_that_exists_nowhere_is_an_error),
		cmocka_unit_test(a_run_goes_through_all_kinds_of_steps),
		cmocka_unit_test(a_failed_call_raises_and_try_call_tells),
		cmocka_unit_test(fire_goes_out_before_the_function_runs),
		cmocka_unit_test(overrides_replace_what_is_declared),
		cmocka_unit_test(literals_are_templates_and_values_are_not),
		cmocka_unit_test(wrong_overrides_are_errors),
		cmocka_unit_test(an_error_behind_a_tail_call_has_a_place),
		cmocka_unit_test(skip_ends_a_run_and_says_why),
		cmocka_unit_test(nothing_waits_where_it_cannot),
		cmocka_unit_test(a_strict_service_stops_at_an_absent_tag_and_others_warn),
		cmocka_unit_test(cjson_has_the_same_codec),
		cmocka_unit_test(strings_follow_the_manual),
		cmocka_unit_test(segments_and_history_show_the_call),
		cmocka_unit_test(an_event_of_another_run_cannot_be_read),
		cmocka_unit_test(many_runs_wait_in_one_state),
		cmocka_unit_test(a_state_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
