#include "script_rules.h"

static const char crm[] =
	"return {\n"
	"  call_details = http.service {\n"
	"    name = 'A test web service',\n"
	"    method = 'POST',\n"
	"    url = 'https://crm.example.com/webhooks',\n"
	"    form = {\n"
	"      { 'agent_id', '#agent_id#' }, { 'agent_username', '#agent_username#' }, { 'ani', '#ani#' },\n"
	"      { 'dnis', '#dnis#' }, { 'call_start', '#call_start#' }, { 'recording_url', '#recording_url#' "
	"},\n"
	"    },\n"
	"    timeout = '10s',\n"
	"  },\n"
	"  orders = http.service { name = 'CRM orders', url = 'https://crm.example.com/orders' },\n"
	"  records = http.service { url = 'https://crm.example.com/records' },\n"
	"}\n";

static const char slack[] =
	"return { sales = http.service { url = 'https://slack.example.com', method = 'POST' } }";

static const char autumn[] = "serves { '/campaigns/8842' }\n"
			     "local crm   = require 'services.crm'\n"
			     "local slack = require 'services.slack'\n"
			     "rule 'send call details' {\n"
			     "  on   = 'agent_termination',\n"
			     "  when = { sess_duration = at_least(10) },\n"
			     "  fire = crm.call_details,\n"
			     "}\n"
			     "rule 'a sale creates an order' {\n"
			     "  on   = 'post_disposition',\n"
			     "  when = { agent_disposition = { 'Sale', 'Upsell' } },\n"
			     "  run  = function(call)\n"
			     "    local order = crm.orders:call { json = { externId = call.extern_id, "
			     "customer = call.last_name } }\n"
			     "    slack.sales:send { json = { text = 'Sale by ' .. call.agent_first_name .. "
			     "', order ' .. order.OrderId } }\n"
			     "  end,\n"
			     "}\n"
			     "rule 'one CRM record a call' {\n"
			     "  on   = 'post_call',\n"
			     "  once = '#uii#',\n"
			     "  run  = function(call)\n"
			     "    local disposed = wait_for('post_disposition', { within = '10m' })\n"
			     "    crm.records:send { json = { call = call.uii } }\n"
			     "  end,\n"
			     "}\n";

static void the_examples_load(void **state)
{
	struct ruleset *ruleset = load_good(load_rules("services/crm.lua", crm, "services/slack.lua", slack,
						       "autumn_renewals.lua", autumn, NULL));
	const struct campaign *campaign = find_campaign(ruleset, "autumn_renewals");
	const struct service *service = find_service(ruleset, "A test web service");
	const struct rule *rule = &campaign->rules[0];

	assert_true(campaign->loaded);
	assert_int_equal(campaign->n_rules, 3);
	assert_str(rule->name, "send call details");
	assert_str(rule->on[0], "agent_termination");
	assert_int_equal(rule->n_when, 1);
	assert_str(rule->when[0].tag, "sess_duration");
	assert_str(rule->when[0].shown, "at_least(10)");
	assert_ptr_equal(rule->fire[0], service);
	assert_false(rule->needs_lua);
	assert_int_equal(rule->line, 4);
	assert_str(campaign->rules[1].when[0].shown, "{ \"Sale\", \"Upsell\" }");
	assert_true(campaign->rules[1].has_run && campaign->rules[1].needs_lua);
	assert_true(campaign->rules[2].has_once);
	assert_str(service->group, "crm");
	assert_str(service->key, "call_details");
	assert_int_equal(service->form.n, 6);
	assert_str(service->form.rows[1].name, "agent_username");
	assert_int_equal(service->timeout_ms, 10000);
	assert_str(find_service(ruleset, "crm.records")->method, "GET");
	assert_str(find_service(ruleset, "slack.sales")->group, "slack");
	assert_ptr_equal(ruleset_serving(ruleset, STR("/campaigns/8842")), campaign);
	assert_null(ruleset_serving(ruleset, STR("/campaigns/1")));
	ruleset_unref(ruleset);
}

static void the_sample_rules_load(void **state)
{
	struct arena arena;
	struct source_file *files;
	size_t n;
	struct error error;
	struct ruleset *ruleset;

	arena_init(&arena, 1 << 20);
	assert_int_equal(script_read_folder(RULES, &arena, &files, &n, &error), 0);
	assert_true(n >= 3);
	ruleset = load_good(script_load(files, n, 7, NULL));
	assert_int_equal(ruleset->generation, 7);
	assert_non_null(ruleset->fallback);
	arena_finish(&arena);
	ruleset_unref(ruleset);
	arena_init(&arena, 1 << 20);
	assert_int_equal(script_read_folder("/no/such/folder", &arena, &files, &n, &error), -1);
	arena_finish(&arena);
}

static void campaigns_share_the_services_of_a_module(void **state)
{
	struct ruleset *ruleset =
		load_good(load_rules("services/crm.lua", crm, "a.lua",
				     "serves '/queues/1'\nrule 'x' { on = 'post_call', fire = "
				     "require('services.crm').call_details }",
				     "b.lua",
				     "serves '/queues/2'\nlocal crm = require 'services.crm'\n"
				     "rule 'x' { on = 'post_call', fire = { crm.call_details, crm.orders } }",
				     NULL));

	assert_int_equal(ruleset->n_services, 3);
	assert_ptr_equal(find_campaign(ruleset, "a")->rules[0].fire[0],
			 find_campaign(ruleset, "b")->rules[0].fire[0]);
	assert_int_equal(find_campaign(ruleset, "b")->rules[0].n_fire, 2);
	ruleset_unref(ruleset);
}

/* A campaign of these lines, with `serves` in the first. */
static struct ruleset *load_lines(const char *lines)
{
	char text[4000];

	snprintf(text, sizeof text, "serves '/queues/1'\n%s", lines);
	return load_rules("a.lua", text, "services/crm.lua", crm, NULL);
}

static void all_mistakes_of_a_script_show_at_once(void **state)
{
	struct ruleset *ruleset = load_lines("local crm = require 'services.crm'\n"
					     "rule 'one' {\n"
					     "  on = 'post_cal',\n"
					     "  wen = { ani = '1' },\n"
					     "  fire = crm.call_detials,\n"
					     "}\n"
					     "rule 'two' {\n"
					     "  when = { sess_duration = at_least 'ten',\n"
					     "           agent_dispositon = 'Sale' },\n"
					     "  run = 7,\n"
					     "}\n"
					     "rule 'one' { on = 'post_call' }\n"
					     "rule { on = 'post_call', run = function() end }\n"
					     "rule 'five'\n");

	assert_warning(ruleset, "a.lua", 4, "unknown event type 'post_cal'", "did you mean 'post_call'?");
	assert_error(ruleset, "a.lua", 5, "unknown key 'wen' in a rule", "did you mean 'when'?");
	assert_error(ruleset, "a.lua", 6, "services.crm has no 'call_detials'",
		     "did you mean 'call_details'?");
	assert_error(ruleset, "a.lua", 8, "on which event", "on =");
	assert_error(ruleset, "a.lua", 9, "at_least needs a number, not string", "");
	assert_warning(ruleset, "a.lua", 10, "unknown tag 'agent_dispositon'",
		       "did you mean 'agent_disposition'?");
	assert_error(ruleset, "a.lua", 11, "'run' is a number, not a function", "");
	assert_error(ruleset, "a.lua", 13, "two rules have the name 'one'; the first is in line 3", "");
	assert_error(ruleset, "a.lua", 13, "neither 'fire' nor 'run'", "");
	assert_error(ruleset, "a.lua", 14, "the rule has no name", "");
	assert_error(ruleset, "a.lua", 15, "a name and nothing else", "");
	assert_false(find_campaign(ruleset, "a")->loaded);
	assert_null(ruleset_serving(ruleset, STR("/queues/1")));
	ruleset_unref(ruleset);
}

static void mistakes_in_services_have_line_column_and_hint(void **state)
{
	static const char text[] = "return {\n"
				   "  a = http.service {\n"
				   "    metod = 'POST',\n"
				   "    url = 7,\n"
				   "    timeout = 'soon',\n"
				   "    active = 'yes',\n"
				   "    headers = { ['host'] = 'x', { 'a b', 'c' } },\n"
				   "    json = { text = { 'a', b = function() end } },\n"
				   "    form = {},\n"
				   "  },\n"
				   "  b = http.service {\n"
				   "    method = 'PSOT', url = 'https://x.example/#ani',\n"
				   "    headers = {\n"
				   "      { 'X-Good', '#ani#' },\n"
				   "      { 'Content-Length', '1' },\n"
				   "      { 'b' , '#ani|uper#' },\n"
				   "    },\n"
				   "    json = [[\n"
				   "{ \"a\": \"#ani#\",\n"
				   "  \"b\": oops }]],\n"
				   "  },\n"
				   "  c = http.service { url = 'https://x.example/', retri = 3, json = { a = "
				   "{ f = print } } },\n"
				   "}\n";
	struct ruleset *ruleset = load_rules("services/x.lua", text, NULL);
	const struct error *error;

	error = assert_error(ruleset, "services/x.lua", 3, "unknown key 'metod' in http.service",
			     "did you mean 'method'?");
	assert_int_equal(error->column, 5);
	assert_string_equal(error->excerpt, "    metod = 'POST',");
	assert_error(ruleset, "services/x.lua", 4, "'url' is a number", "");
	assert_error(ruleset, "services/x.lua", 5, "'timeout' is no duration", "10s");
	assert_error(ruleset, "services/x.lua", 6, "'active' is a string, not true or false", "");
	assert_error(ruleset, "services/x.lua", 7, "not both", "");
	assert_error(ruleset, "services/x.lua", 8, "one body", "");
	assert_error(ruleset, "services/x.lua", 8, "both a list and names", "");
	assert_error(ruleset, "services/x.lua", 12, "unknown method 'PSOT'", "did you mean 'POST'?");
	assert_error(ruleset, "services/x.lua", 15, "set by the engine itself", "");
	error = assert_error(ruleset, "services/x.lua", 16, "uper", "upper");
	assert_true(error->column > 16);
	assert_error(ruleset, "services/x.lua", 20, "", "");
	assert_error(ruleset, "services/x.lua", 22, "unknown key 'retri'", "did you mean 'retry'?");
	assert_error(ruleset, "services/x.lua", 22, "a function cannot be JSON", "");
	ruleset_unref(ruleset);
}

static void unknown_names_are_errors_with_the_nearest(void **state)
{
	struct ruleset *ruleset =
		load_lines("rule 'x' { on = 'post_call', when = { sess_duration = atleast(10) } }");

	assert_error(ruleset, "a.lua", 2, "unknown name 'atleast'", "did you mean 'at_least'?");
	ruleset_unref(ruleset);
	ruleset = load_lines("\nlocal t = os.time()");
	assert_error(ruleset, "a.lua", 3, "'os' is not part of rules", "clock.now()");
	ruleset_unref(ruleset);
	ruleset = load_lines("pcall(error)");
	assert_error(ruleset, "a.lua", 2, "'pcall'", "try_call");
	ruleset_unref(ruleset);
	ruleset = load_lines("local s = string.gusb('a', 'b', 'c')");
	assert_error(ruleset, "a.lua", 2, "there is no string.gusb", "did you mean 'gsub'?");
	ruleset_unref(ruleset);
	ruleset = load_lines("local s = ('a'):uper()");
	assert_error(ruleset, "a.lua", 2, "there is no string.uper", "did you mean 'upper'?");
	ruleset_unref(ruleset);
	ruleset = load_lines("string.format = nil");
	assert_error(ruleset, "a.lua", 2, "cannot be changed", "");
	ruleset_unref(ruleset);
}

static void what_lua_says_has_its_place(void **state)
{
	struct ruleset *ruleset = load_lines("rule 'x' {\n  on = = 1\n}");
	const struct error *error = assert_error(ruleset, "a.lua", 3, "unexpected symbol near '='", "");

	assert_string_equal(error->excerpt, "  on = = 1");
	ruleset_unref(ruleset);
	ruleset = load_lines("\nlocal x = nil + 1");
	assert_error(ruleset, "a.lua", 3, "attempt to perform arithmetic on a nil value", "");
	ruleset_unref(ruleset);
	ruleset = load_lines("local function f() error('told so') end\nf()");
	assert_error(ruleset, "a.lua", 2, "told so", "");
	ruleset_unref(ruleset);
	ruleset = load_lines("log 'x'");
	assert_error(ruleset, "a.lua", 2, "log works in a run only", "");
	ruleset_unref(ruleset);
	ruleset = load_rules("a.lua", "\x1bLua", NULL);
	assert_error(ruleset, "a.lua", 0, "", "");
	ruleset_unref(ruleset);
}

static void one_broken_script_does_not_stop_the_others(void **state)
{
	struct ruleset *ruleset = load_rules("services/crm.lua", crm, "good.lua",
					     "serves '/queues/1'\nrule 'x' { on = 'post_call', "
					     "fire = require('services.crm').orders }",
					     "bad.lua", "serves '/queues/2'\nnonsense", "default.lua",
					     "rule 'x' { on = 'post_call', run = function() end }", NULL);

	assert_int_equal(ruleset->n_errors, 1);
	assert_true(find_campaign(ruleset, "good")->loaded);
	assert_false(find_campaign(ruleset, "bad")->loaded);
	assert_ptr_equal(ruleset_serving(ruleset, STR("/queues/1")), find_campaign(ruleset, "good"));
	assert_ptr_equal(ruleset_serving(ruleset, STR("/queues/2")), find_campaign(ruleset, "default"));
	ruleset_unref(ruleset);
}

static void a_broken_module_breaks_who_requires_it(void **state)
{
	struct ruleset *ruleset =
		load_rules("services/crm.lua", "return {\n a = http.service { urk = 1 } }", "a.lua",
			   "serves '/queues/1'\nrequire 'services.crm'", "b.lua",
			   "serves '/queues/2'\nrequire 'services.crm'", "c.lua", "serves '/queues/3'", NULL);

	assert_int_equal(ruleset->n_errors, 2);
	assert_error(ruleset, "services/crm.lua", 2, "unknown key 'urk'", "did you mean 'url'?");
	assert_error(ruleset, "services/crm.lua", 2, "needs a url", "");
	assert_false(find_campaign(ruleset, "a")->loaded);
	assert_false(find_campaign(ruleset, "b")->loaded);
	assert_true(find_campaign(ruleset, "c")->loaded);
	ruleset_unref(ruleset);
}

static const struct ruleset *with_service(const char *keys)
{
	char text[600];

	snprintf(text, sizeof text,
		 "serves '/q'\nlocal s = http.service { name = 's', url = 'http://127.0.0.1/',\n%s }\nrule "
		 "'r' { on = 'post_call', fire = s }",
		 keys);
	return load_rules("a.lua", text, NULL);
}

static void assert_service_error(const char *keys, const char *what, const char *hint)
{
	struct ruleset *ruleset = (struct ruleset *)(uintptr_t)with_service(keys);

	assert_error(ruleset, "a.lua", 3, what, hint);
	assert_int_equal(ruleset->n_errors, 1);
	ruleset_unref(ruleset);
}

static void a_service_says_how_its_deliveries_are_tried(void **state)
{
	struct ruleset *ruleset = load_good(with_service(
		"retry = { schedule = { '0', '2s', 90 }, jitter = '10%', attempts = 5 }, success = { '2xx', "
		"409 },\n"
		"dead_on = '500-504', retry_on = { 410, '413' }, expires = '20s', order = 'none'"));
	const struct service *service = find_service(ruleset, "s");
	const struct retry_policy *retry = &service->retry;

	assert_int_equal(retry->attempts, 5);
	assert_int_equal(retry->n_delays, 2);
	assert_int_equal(retry->delays_ms[0], 2000);
	assert_int_equal(retry->delays_ms[1], 90000);
	assert_int_equal(retry->jitter_percent, 10);
	assert_true(retry->has_success && status_set_has(&retry->success, 299) &&
		    status_set_has(&retry->success, 409) && !status_set_has(&retry->success, 300));
	assert_true(status_set_has(&retry->dead_on, 504) && !status_set_has(&retry->dead_on, 505));
	assert_true(status_set_has(&retry->retry_on, 410) && status_set_has(&retry->retry_on, 413));
	assert_int_equal(service->expires_ms, 20000);
	assert_true(service->unordered);
	ruleset_unref(ruleset);
}

static void what_is_wrong_about_retries_is_told(void **state)
{
	assert_service_error("retry = { schedul = { '1s' } }", "unknown key 'schedul' in retry",
			     "did you mean 'schedule'?");
	assert_service_error("retry = 3", "'retry' is a number, not a table", "");
	assert_service_error("retry = true", "'retry' is a boolean, not a table", "");
	assert_service_error("retry = { schedule = {} }", "'schedule' is no list of 1 to 32 durations", "5s");
	assert_service_error("retry = { schedule = { '5 parsecs' } }",
			     "'schedule' is no duration between 0 and 7 days", "");
	assert_service_error("retry = { schedule = { '8d' } }", "between 0 and 7 days", "");
	assert_service_error("retry = { jitter = 'much' }", "'jitter' is no percentage", "20%");
	assert_service_error("retry = { jitter = 101 }", "'jitter' is no percentage", "");
	assert_service_error("retry = { attempts = 0 }", "'attempts' is no whole number between 1 and 100",
			     "");
	assert_service_error("retry = { attempts = 2.5 }", "'attempts' is no whole number", "");
	assert_service_error("retry = { schedule = { 0 }, attempts = 2 }", "no delay between them",
			     "schedule");
	assert_service_error("success = 20", "'success' has a value that is no status", "5xx");
	assert_service_error("success = {}", "'success' is no list of statuses", "");
	assert_service_error("dead_on = { '6xx' }", "'dead_on' has a value that is no status", "");
	assert_service_error("dead_on = '404-400'", "'dead_on' has a value that is no status", "");
	assert_service_error("dead_on = '4xx', retry_on = 404",
			     "status 404 is in 'dead_on' and in 'retry_on'", "");
	assert_service_error("expires = 0", "'expires' is no duration between 1 ms and 30 days", "");
	assert_service_error("expires = 'soon'", "'expires' is no duration", "");
	assert_service_error("order = 'nonne'", "unknown order 'nonne'", "did you mean 'none'?");
	assert_service_error("order = false", "'order' is a boolean", "");
}

static void modules_that_nobody_requires_show_their_errors(void **state)
{
	struct ruleset *ruleset = load_rules("services/lonely.lua", "return {", "services/rules.lua",
					     "rule 'x' { on = 'post_call' }", NULL);

	assert_error(ruleset, "services/lonely.lua", 1, "expected", "");
	assert_error(ruleset, "services/rules.lua", 1, "rule does not belong in a module", "");
	ruleset_unref(ruleset);
}

static void require_knows_modules_below_the_rules_only(void **state)
{
	struct ruleset *ruleset = load_lines("require 'services.cmr'");

	assert_error(ruleset, "a.lua", 2, "there is no module 'services.cmr'",
		     "did you mean 'services.crm'?");
	ruleset_unref(ruleset);
	ruleset = load_lines("require '../../etc/passwd'");
	assert_error(ruleset, "a.lua", 2, "there is no module", "");
	ruleset_unref(ruleset);
	ruleset = load_lines("require 'a'");
	assert_error(ruleset, "a.lua", 2, "is a campaign, not a module", "");
	ruleset_unref(ruleset);
	ruleset = load_rules("a.lua", "serves '/q'\nrequire 'm.a'", "m/a.lua", "require 'm.b'", "m/b.lua",
			     "\nrequire 'm.a'", NULL);
	assert_error(ruleset, "m/b.lua", 2,
		     "in a circle: m/a.lua, which is required by m/b.lua, which is required by m/a.lua", "");
	ruleset_unref(ruleset);
}

static void a_module_can_be_one_service(void **state)
{
	struct ruleset *ruleset = load_rules(
		"a.lua", "serves '/a'\nrule 'x' { on = 'post_call', fire = require 'services.one' }",
		"services/one.lua",
		"-- one\nlocal x = 1\nreturn http.service {\n  url = 'http://x/',\n  tmeout = 1 }", NULL);

	assert_error(ruleset, "services/one.lua", 5, "unknown key 'tmeout'", "did you mean 'timeout'?");
	assert_int_equal(ruleset->n_problems, 1);
	ruleset_unref(ruleset);
	ruleset = load_good(load_rules(
		"a.lua", "serves '/a'\nrule 'x' { on = 'post_call', fire = require 'services.one' }",
		"services/one.lua", "return http.service { url = 'http://x/' }", NULL));
	assert_str(find_service(ruleset, "one")->file, "services/one.lua");
	ruleset_unref(ruleset);
}

static void names_of_services_are_unique(void **state)
{
	struct ruleset *ruleset = load_rules(
		"services/a.lua", "return { x = http.service { name = 'N', url = 'http://x/' } }",
		"services/b.lua", "return {\n  x = http.service { url = 'http://x/',\n name = 'N' } }",
		"c.lua", "serves '/c'\nrequire 'services.b'", "d.lua", "serves '/d'\nrequire 'services.a'",
		NULL);

	assert_error(ruleset, "services/b.lua", 3,
		     "two services have the name 'N'; the other is in services/a.lua, line 1", "");
	assert_false(find_campaign(ruleset, "c")->loaded);
	assert_true(find_campaign(ruleset, "d")->loaded);
	ruleset_unref(ruleset);
	ruleset = load_lines(
		"local s = http.service { url = 'http://x/' }\nrule 'x' { on = 'post_call', fire = s }");
	assert_error(ruleset, "a.lua", 2, "the service has no name", "name =");
	ruleset_unref(ruleset);
	ruleset = load_good(load_lines("local s = http.service { name = 'own', url = 'http://x/' }\n"
				       "rule 'x' { on = 'post_call', fire = s }"));
	assert_str(find_service(ruleset, "own")->group, "a");
	ruleset_unref(ruleset);
}

static void every_campaign_serves_its_own_sources(void **state)
{
	struct ruleset *ruleset = load_rules("a.lua", "serves { '/queues/1', '/queues/2*' }", "b.lua",
					     "serves {\n  '/queues/3',\n  '/queues/1',\n}", "c.lua",
					     "tags 'x'", "d.lua", "serves { '/queues/2', '/q*x' }", NULL);

	assert_error(ruleset, "b.lua", 3, "'/queues/1' is served by a.lua already", "");
	assert_error(ruleset, "c.lua", 1, "does not say what it serves", "serves {");
	assert_error(ruleset, "d.lua", 1, "at the end of a source only", "");
	assert_ptr_equal(ruleset_serving(ruleset, STR("/queues/1")), find_campaign(ruleset, "a"));
	assert_ptr_equal(ruleset_serving(ruleset, STR("/queues/222")), find_campaign(ruleset, "a"));
	ruleset_unref(ruleset);
}

static void tags_are_checked_against_catalogue_and_campaign(void **state)
{
	struct ruleset *ruleset = load_rules("services/x.lua",
					     "return { a = http.service {\n  url = 'http://x/',\n  form = { "
					     "{ 'a', '#agent_nmae#' },\n { 'b', '#ours#' } } } }",
					     "a.lua",
					     "serves '/a'\ntags { 'ours' }\nrule 'x' { on = 'post_call', "
					     "once = '#uui#', when = { ours = '1' }, fire = "
					     "require('services.x').a }",
					     NULL);

	assert_int_equal(ruleset->n_errors, 0);
	assert_int_equal(ruleset->n_problems, 2);
	assert_warning(ruleset, "services/x.lua", 3, "unknown tag 'agent_nmae'", "did you mean");
	assert_warning(ruleset, "a.lua", 3, "unknown tag 'uui'", "did you mean 'uii'?");
	ruleset_unref(ruleset);
}

static void conditions_say_what_they_want(void **state)
{
	struct ruleset *ruleset = load_good(
		load_lines("rule 'x' { on = { 'post_call', 'agent_*' }, when = {\n"
			   "  is_success = true,\n"
			   "  ani = matches '^510', dnis = between(1, 2.5),\n"
			   "  agent_notes = absent, agent_team = absent(), summary = present,\n"
			   "  call_result = not_ { 'ABANDON', 3 }, duration = not_(not_(at_most(5))),\n"
			   "}, run = function() end }"));
	const struct condition *when = find_campaign(ruleset, "a")->rules[0].when;
	static const char *const shown[] = {
		"true",   "matches \"^510\"", "between(1, 2.5)",          "absent",
		"absent", "present",          "not_({ \"ABANDON\", 3 })", "not_(not_(at_most(5)))"};

	assert_int_equal(find_campaign(ruleset, "a")->rules[0].n_when, countof(shown));
	for (size_t i = 0; i < countof(shown); i++)
		assert_str(when[i].shown, shown[i]);
	assert_true(when[6].negated);
	assert_false(when[7].negated);
	ruleset_unref(ruleset);
	ruleset = load_lines(
		"rule 'x' { on = 'post_call', run = function() end, when = {\n"
		"  ani = matches '(',\n  dnis = {},\n  uii = between(2, 1),\n  city = function() end,\n"
		"  state = json.null,\n  zip = not_(),\n  email = { {} } } }");
	for (int line = 3; line <= 9; line++)
		assert_error(ruleset, "a.lua", line, "", "");
	assert_int_equal(ruleset->n_errors, 7);
	ruleset_unref(ruleset);
}

static void the_order_of_declarations_does_not_depend_on_chance(void **state)
{
	struct ruleset *ruleset =
		load_good(load_lines("local s = {}\n"
				     "for name, url in pairs { b = 'http://b/', a = 'http://a/', c = "
				     "'http://c/', d = 'http://d/' } do\n"
				     "  s[#s + 1] = http.service { name = name, url = url }\n"
				     "end\n"
				     "rule 'x' { on = 'post_call', fire = s }\n"));
	const struct rule *rule = &find_campaign(ruleset, "a")->rules[0];

	assert_str(rule->fire[0]->name, "a");
	assert_str(rule->fire[3]->name, "d");
	ruleset_unref(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_load),
		cmocka_unit_test(the_sample_rules_load),
		cmocka_unit_test(campaigns_share_the_services_of_a_module),
		cmocka_unit_test(all_mistakes_of_a_script_show_at_once),
		cmocka_unit_test(mistakes_in_services_have_line_column_and_hint),
		cmocka_unit_test(unknown_names_are_errors_with_the_nearest),
		cmocka_unit_test(what_lua_says_has_its_place),
		cmocka_unit_test(one_broken_script_does_not_stop_the_others),
		cmocka_unit_test(a_broken_module_breaks_who_requires_it),
		cmocka_unit_test(modules_that_nobody_requires_show_their_errors),
		cmocka_unit_test(a_service_says_how_its_deliveries_are_tried),
		cmocka_unit_test(what_is_wrong_about_retries_is_told),
		cmocka_unit_test(require_knows_modules_below_the_rules_only),
		cmocka_unit_test(a_module_can_be_one_service),
		cmocka_unit_test(names_of_services_are_unique),
		cmocka_unit_test(every_campaign_serves_its_own_sources),
		cmocka_unit_test(tags_are_checked_against_catalogue_and_campaign),
		cmocka_unit_test(conditions_say_what_they_want),
		cmocka_unit_test(the_order_of_declarations_does_not_depend_on_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
