/* A run of rules from texts, its steps answered by the test. */
#pragma once

#include "script_rules.h"

#include "format/cloudevents.h"

struct fixture {
	struct ruleset *ruleset;
	struct watchdog *watchdog;
	struct script_state *state;
	struct script_run *run;
	struct arena arena;
	struct runlog log;      /* warnings and log() together */
	struct event_list call; /* the events of the call */
	size_t visible;
	int64_t now_ms;
	uint64_t chance;
	struct script_step step;
	struct error error;
};

static inline size_t fixture_history(void *context, const struct event *const **ret)
{
	struct fixture *fixture = context;

	*ret = (const struct event *const *)fixture->call.events;
	return fixture->visible;
}

static inline int64_t fixture_now(void *context)
{
	return ((struct fixture *)context)->now_ms;
}

static inline uint64_t fixture_random(void *context)
{
	return ((struct fixture *)context)->chance += 0x9e3779b97f4a7c15;
}

static inline void fixture_log(void *context, struct str line)
{
	runlog_add(&((struct fixture *)context)->log, STR_FMT, STR_ARG(line));
}

static inline void fixture_init(struct fixture *fixture, struct ruleset *ruleset, const char *campaign)
{
	static const struct script_host host = {fixture_history, fixture_now, fixture_random, fixture_log};

	*fixture = (struct fixture){.ruleset = ruleset, .now_ms = 1760454246500};
	arena_init(&fixture->arena, 1 << 20);
	runlog_init(&fixture->log, &fixture->arena, 100);
	fixture->watchdog = watchdog_create(NULL);
	if (script_state_create(find_campaign(ruleset, campaign), &host,
				watchdog_watch(fixture->watchdog, NULL), &fixture->state, &fixture->error)) {
		print_message("# %s:%d %s\n", fixture->error.file, fixture->error.line, fixture->error.what);
		fail();
	}
}

static inline void fixture_finish(struct fixture *fixture)
{
	script_run_destroy(fixture->run);
	script_state_destroy(fixture->state);
	watchdog_destroy(fixture->watchdog);
	event_list_finish(&fixture->call);
	arena_finish(&fixture->arena);
	free(fixture->step.request);
	ruleset_unref(fixture->ruleset);
}

/* One campaign, a.lua, that serves; `lines` begin in line 2. With a service `crm` and `chat`. */
static inline void fixture_rules(struct fixture *fixture, const char *lines)
{
	static char text[16000];
	int n = snprintf(text, sizeof text, "serves '/q' local svc = require 'services.svc'\n%s", lines);

	assert_true(n < (int)sizeof text);
	fixture_init(
		fixture,
		load_good(load_rules(
			"a.lua", text, "services/svc.lua",
			"return {\n"
			"  form = http.service { name = 'Form', url = 'https://x.example/f?a=1', method = "
			"'POST',\n"
			"    params = { q = '#ani#' }, headers = { ['X-One'] = '1' }, form = { { 'ani', "
			"'#ani#' } } },\n"
			"  json = http.service { name = 'Json', url = 'https://x.example/#uii#', json = { b "
			"= '#ani#', a = 1 } },\n"
			"  plain = http.service { name = 'Plain', url = 'https://x.example/', method = "
			"'POST' },\n"
			"  off = http.service { name = 'Off', active = false, url = 'https://x.example/' },\n"
			"  made = http.service { name = 'Made', strict = true,\n"
			"    url = function(call) return 'https://x.example/' .. call.ani end,\n"
			"    params = function(call) return { { 'p', call.ani }, { 'q', 'v#w' } } end,\n"
			"    headers = { { 'x-b', function(call) return call.dnis end }, { 'x-a', '#ani#' } "
			"},\n"
			"    json = function(call) return { ani = call.ani, tag = '#dnis#' } end },\n"
			"}\n",
			NULL)),
		"a");
}

static inline void fixture_event(struct fixture *fixture, const char *json)
{
	struct error error;

	if (events_parse_json(str_of(json), NULL, 0, &fixture->call, &error)) {
		print_message("# %s\n", error.what);
		fail();
	}
	fixture->visible = fixture->call.n;
}

#define EVENT_WITH(data)                                                                                  \
	"{\"specversion\":\"1.0\",\"id\":\"e1\",\"type\":\"post_call\",\"source\":\"/"                    \
	"q\",\"subject\":\"77\","                                                                         \
	"\"time\":\"2025-10-14T15:02:06.000Z\",\"data\":{\"uii\":\"77\",\"ani\":\"5105550111\",\"dnis\":" \
	"\"4155550110\"" data "}}"

/* Starts the rule for the newest event. */
static inline enum script_ending fixture_start(struct fixture *fixture, size_t rule)
{
	const struct campaign *campaign = fixture->ruleset->campaigns[0];

	script_run_destroy(fixture->run);
	free(fixture->step.request);
	fixture->step = (struct script_step){0};
	if (!fixture->call.n)
		fixture_event(fixture, EVENT_WITH(""));
	fixture->run = script_run_create(fixture->state, &campaign->rules[rule],
					 fixture->call.events[fixture->visible - 1], &fixture->log, fixture);
	return script_run_resume(fixture->run, NULL, &fixture->step, &fixture->error);
}

static inline enum script_ending fixture_go(struct fixture *fixture, const struct step_result *result)
{
	free(fixture->step.request);
	fixture->step = (struct script_step){0};
	return script_run_resume(fixture->run, result, &fixture->step, &fixture->error);
}

static inline void show_ending(const struct fixture *fixture, enum script_ending ending)
{
	if (ending == SCRIPT_FAILED || ending == SCRIPT_SKIPPED)
		print_message("# %s:%d: %s | %s\n", fixture->error.file, fixture->error.line,
			      fixture->error.what, fixture->error.hint);
}

#define assert_ending(fixture, ending, wanted)         \
	do {                                           \
		enum script_ending ending_ = (ending); \
		if (ending_ != (wanted))               \
			show_ending(fixture, ending_); \
		assert_int_equal(ending_, wanted);     \
	} while (0)

static inline void assert_failed(struct fixture *fixture, enum script_ending ending, int line,
				 const char *what, const char *hint)
{
	assert_ending(fixture, ending, SCRIPT_FAILED);
	if (!strstr(fixture->error.what, what) || !strstr(fixture->error.hint, hint) ||
	    (line && fixture->error.line != line)) {
		show_ending(fixture, ending);
		print_message("# wanted line %d: %s | %s\n", line, what, hint);
		fail();
	}
}

/* The n-th line of the log, from 0; "" when there is none. */
static inline struct str log_line(const struct fixture *fixture, size_t n)
{
	const struct runlog_line *line = fixture->log.first;

	for (; line && n; n--)
		line = line->next;
	return line ? line->text : STR("");
}

static inline struct str request_header(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		if (str_eq(request->headers[i].name, str_of(name)))
			return request->headers[i].value;
	}
	return STR("(none)");
}
