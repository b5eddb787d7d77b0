/* tests/fuzz/api_run.h
 *
 * Runs what api_script.h made: loaded, and each rule to its end, its steps answered with nothing.
 */
#pragma once

#include "../unit/script_host.h"
#include "api_script.h"

static const char fuzz_services[] =
	"return {\n"
	"  plain = http.service { name = 'Plain', url = 'https://x.example/#uii#', method = 'POST' },\n"
	"  off = http.service { name = 'Off', active = false, url = 'https://x.example/' },\n"
	"  made = http.service { name = 'Made', url = 'https://x.example/', headers = { { 'x', '#ani#' } },\n"
	"    json = function(call) return { ani = call.ani, tag = '#dnis#' } end },\n"
	"}\n";

static inline struct ruleset *fuzz_load(struct str script)
{
	struct source_file files[] = {{STR("a.lua"), script},
				      {STR("services/svc.lua"), str_of(fuzz_services)}};
	struct limits limits = limits_standard;

	limits.of[LIMIT_RUN_TIME] = 10000;
	limits.of[LIMIT_LOAD_TIME] = 100000;
	limits.of[LIMIT_MEMORY] = 4 << 20;
	return script_load(files, countof(files), 1, &limits);
}

/* Whatever goes wrong, it says what and where. */
static inline void fuzz_check(const struct error *error)
{
	if (error->what[0] && error->line > 0)
		return;
	fprintf(stderr, "%s:%d: %s\n", error->file, error->line, error->what);
	abort();
}

static inline void fuzz_rules(struct ruleset *ruleset)
{
	struct fixture fixture;

	fixture_init(&fixture, ruleset, "a");
	for (size_t i = 0; i < API_RULES; i++) {
		enum script_ending ending = fixture_start(&fixture, i);

		for (int steps = 0; ending == SCRIPT_STEP && steps < 20; steps++)
			ending = fixture_go(&fixture, &(struct step_result){0});
		if (ending == SCRIPT_FAILED)
			fuzz_check(&fixture.error);
		ensure(script_state_memory(fixture.state) <= 4 << 20);
	}
	fixture_finish(&fixture);
}

static inline void fuzz_api(const uint8_t *p, size_t n)
{
	for (int at_load = 0; at_load < 2; at_load++) {
		struct bytes bytes = {p, n};
		struct buf script;
		struct ruleset *ruleset;

		buf_init(&script, 1 << 20);
		put_script(&script, &bytes, at_load);
		ruleset = fuzz_load(buf_view(&script));
		/* What is declared by a call at load may be wrong, or in the way of the rules. */
		if (find_campaign(ruleset, "a")->loaded && find_campaign(ruleset, "a")->n_rules == API_RULES)
			fuzz_rules(ruleset);
		else
			ruleset_unref(ruleset);
		buf_finish(&script);
	}
}
