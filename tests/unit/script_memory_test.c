/* Each growth of a script's memory is refused once, and from there on: whatever is under way, what comes of
 * it is an error that names the limit, and the state can be used or freed. (Lua collects garbage and asks
 * again, and can do without some of what it asks for, so that not each refusal ends in an error.) */
#include "script_host.h"

static const char campaign[] =
	"serves '/q'\n"
	"local svc = require 'services.svc'\n"
	"rule 'first' { on = 'post_call', when = { ani = matches('^5') }, run = function(call, event)\n"
	"  local t = {}\n"
	"  for i = 1, 20 do t[i] = { call.ani .. i, i * 0.5, text.split('a,b,c', ',') } end\n"
	"  local s = json.encode(t)\n"
	"  local back = json.decode(s)\n"
	"  log(#back, s:gsub('%d', '#'):sub(1, 20), call.segments, call:fill 'from #ani#')\n"
	"  for key, value in pairs(back[1]) do t[key] = value end\n"
	"  table.sort(back, function(a, b) return a[2] > b[2] end)\n"
	"  svc.plain:send { json = back, headers = { a = 'x' .. #s }, params = { { 'q', '1' } } }\n"
	"  svc.made:send()\n"
	"  wait_for('recording_ready', { within = '1m' })\n"
	"end }\n"
	"rule 'second' { on = 'post_call', run = function(call) log(call.ani) end }\n";

static const char services[] =
	"return {\n"
	"  plain = http.service { name = 'Plain', url = 'https://x.example/', method = 'POST' },\n"
	"  made = http.service { name = 'Made', url = 'https://x.example/',\n"
	"    json = function(call) return { ani = call.ani, list = { 1, 2, 3 } } end },\n"
	"}\n";

static struct ruleset *load(const struct limits *limits)
{
	struct source_file files[] = {{STR("a.lua"), str_of(campaign)},
				      {STR("services/svc.lua"), str_of(services)}};

	return script_load(files, countof(files), 1, limits);
}

static void assert_names_memory(const struct error *error)
{
	if (!strstr(error->what, "used up its memory of 16 MiB"))
		fail_msg("%s:%d: %s", error->file, error->line, error->what);
}

static void refused_while_loading(bool for_good)
{
	size_t n = 1;

	for (bool reached = true; reached; n++) {
		struct limit_faults faults = {n, for_good};
		struct limits limits = limits_standard;
		struct ruleset *ruleset;

		limits.faults = &faults;
		ruleset = load(&limits);
		reached = faults.refuse_nth <= (size_t)for_good;
		if (!reached)
			assert_int_equal(ruleset->n_errors, 0);
		/* Of one file, its campaign or a module, which others then lack. */
		for (size_t i = 0; i < ruleset->n_problems; i++)
			assert_true(ruleset->problems[i].error.what[0]);
		ruleset_unref(ruleset);
	}
	assert_true(n > 100);
	print_message("# %zu times%s\n", n, for_good ? ", for good" : "");
}

static void a_load_survives_each_refusal(void **state)
{
	refused_while_loading(false);
}

static void a_load_survives_each_refusal_for_good(void **state)
{
	refused_while_loading(true);
}

/* The first rule to its end; true if all went well. */
static bool run_first(struct fixture *fixture)
{
	enum script_ending ending = fixture_start(fixture, 0);

	while (ending == SCRIPT_STEP)
		ending = fixture_go(fixture, &(struct step_result){0});
	if (ending == SCRIPT_DONE)
		return true;
	assert_int_equal(ending, SCRIPT_FAILED);
	assert_names_memory(&fixture->error);
	return false;
}

static void run_again(struct fixture *fixture)
{
	fixture->log.first = NULL;
	fixture->log.last = &fixture->log.first;
	fixture->log.n = 0;
	assert_ending(fixture, fixture_start(fixture, 1), SCRIPT_DONE);
	assert_str(log_line(fixture, 0), "5105550111");
}

static void refused_while_running(bool for_good)
{
	struct limit_faults faults = {0};
	struct limits limits = limits_standard;
	struct ruleset *ruleset;
	size_t n = 1;

	limits.of[LIMIT_RUN_TIME] = 5000000;
	limits.faults = &faults;
	ruleset = load_good(load(&limits));
	for (bool reached = true; reached; n++) {
		struct fixture fixture;
		bool well;

		faults = (struct limit_faults){0};
		fixture_init(&fixture, ruleset_ref(ruleset), "a");
		fixture_event(&fixture, EVENT_WITH(""));
		faults = (struct limit_faults){n, for_good};
		well = run_first(&fixture);
		reached = faults.refuse_nth <= (size_t)for_good;
		assert_true(well || reached);
		faults = (struct limit_faults){0};
		run_again(&fixture);
		fixture_finish(&fixture);
	}
	assert_true(n > 50);
	print_message("# %zu times%s\n", n, for_good ? ", for good" : "");
	ruleset_unref(ruleset);
}

static void a_run_survives_each_refusal(void **state)
{
	refused_while_running(false);
}

static void a_run_survives_each_refusal_for_good(void **state)
{
	refused_while_running(true);
}

static void a_state_that_cannot_be_made_says_why(void **state)
{
	struct limit_faults faults = {0};
	struct limits limits = limits_standard;
	struct watchdog *watchdog = watchdog_create(NULL);
	struct watch *watch = watchdog_watch(watchdog, NULL);
	struct ruleset *ruleset;

	limits.faults = &faults;
	ruleset = load_good(load(&limits));
	for (size_t n = 1;; n++) {
		static const struct script_host host = {0};
		struct script_state *made = NULL;
		struct error error;

		faults = (struct limit_faults){n, true};
		if (!script_state_create(find_campaign(ruleset, "a"), &host, watch, &made, &error)) {
			script_state_destroy(made);
			break;
		}
		assert_names_memory(&error);
	}
	ruleset_unref(ruleset);
	watchdog_destroy(watchdog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_survives_each_refusal),
		cmocka_unit_test(a_load_survives_each_refusal_for_good),
		cmocka_unit_test(a_run_survives_each_refusal),
		cmocka_unit_test(a_run_survives_each_refusal_for_good),
		cmocka_unit_test(a_state_that_cannot_be_made_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
