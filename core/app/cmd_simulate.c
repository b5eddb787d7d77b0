/* switchhook simulate: what would these rules do with these events? */
#include "app/limits_options.h"
#include "app/coverage_print.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/progress.h"
#include "app/rules_load.h"
#include "app/simulate_print.h"
#include "app/simulate_watch.h"

#include "script/duration.h"
#include "simulate/made_event.h"
#include "simulate/play.h"
#include "simulate/report.h"
#include "simulate/samples.h"

#include <unistd.h>

enum { LINES_MAX = 1 << 30 };

struct simulate {
	char *rules, *answers_file, *advance, *event, *source;
	char **tags, **samples; /* NULL at the end; or NULL */
	FILE *out, *err;
	uint64_t seed;
	int64_t advance_ms;
	int json;
	struct limits_options limits_options;
	struct limits limits;
	struct coverage_wish wish;
	struct coverage *coverage;
	struct answers answers;
	struct event_list events;
	struct ruleset *ruleset;
	struct buf lines;
	struct progress progress;
};

static int say(const struct simulate *simulate, const struct error *error)
{
	problem_print(simulate->err, problems_form_for(stderr), false, error);
	return EXIT_NO;
}

static void show(struct simulate *simulate, const struct result *result)
{
	if (!simulate->json) {
		result_print(simulate->out, result, problems_form_for(stdout) == PROBLEMS_COLOUR);
		return;
	}
	buf_clear(&simulate->lines);
	report_lines(&simulate->lines, result);
	fwrite(simulate->lines.p, 1, simulate->lines.n, simulate->out);
}

static bool take(void *context, struct result *result)
{
	struct simulate *simulate = context;
	show(simulate, result);
	result_free(result);
	return true;
}

static bool on_progress(void *context, size_t n)
{
	struct simulate *simulate = context;
	progress_show(&simulate->progress, n);
	return true;
}

/* A bar between the results would spoil them: only when they go elsewhere. */
static void begin_progress(struct simulate *simulate)
{
	progress_begin(&simulate->progress, "simulating", simulate->events.n);
	simulate->progress.on &= !isatty(STDOUT_FILENO);
}

static int play(struct simulate *simulate)
{
	struct play play = {
		.simulation = {.ruleset = simulate->ruleset,
			       .answers = &simulate->answers,
			       .seed = simulate->seed,
			       .coverage = simulate->coverage},
		.advance_ms = simulate->advance_ms,
		.result = take,
		.progress = on_progress,
		.context = simulate,
	};
	struct error error;
	begin_progress(simulate);
	int result = play_events(&play, &simulate->events, &error);
	progress_end(&simulate->progress);
	if (result < 0)
		return say(simulate, &error);
	int code = EXIT_DONE;
	if (simulate->coverage)
		code = coverage_fulfil(&simulate->wish, simulate->rules, simulate->coverage, simulate->json,
				       simulate->out, simulate->err);
	if (code)
		return code;
	bool lost = fflush(simulate->out) || ferror(simulate->out);
	return lost || simulate->ruleset->n_errors ? EXIT_NO : EXIT_DONE;
}

/* A script with an error is left out, as `run` does; the others are simulated. */
static int load(struct simulate *simulate)
{
	struct error error;
	if (rules_load(simulate->rules, NULL, &simulate->limits, &simulate->ruleset, &error))
		return say(simulate, &error);
	problems_print(simulate->err, problems_form_for(stderr), simulate->ruleset);
	if (!ruleset_loaded_campaigns(simulate->ruleset)) {
		error_set(&error, "no campaign of '%s' loads", simulate->rules);
		return say(simulate, &error);
	}
	if (simulate->wish.wanted && coverage_create(simulate->ruleset, &simulate->coverage, &error))
		return say(simulate, &error);
	if (simulate->answers_file && answers_read(&simulate->answers, simulate->answers_file, &error))
		return say(simulate, &error);
	return EXIT_DONE;
}

static size_t count(char *const *words)
{
	size_t n = 0;
	while (words && words[n])
		n++;
	return n;
}

static int read_samples(struct simulate *simulate)
{
	struct error error;
	for (size_t i = 0; i < count(simulate->samples); i++)
		if (samples_read(simulate->samples[i], &simulate->events, &error))
			return say(simulate, &error);
	if (simulate->event &&
	    made_event_add(simulate->ruleset, simulate->event, simulate->source, simulate->tags,
			   count(simulate->tags), &simulate->events, &error))
		return say(simulate, &error);
	if (!simulate->events.n) {
		error_set(&error, "there is no event to simulate");
		return say(simulate, &error);
	}
	samples_arrive(&simulate->events);
	return EXIT_DONE;
}

/* --- one round, or one after each change --- */

static int run_round(struct simulate *simulate)
{
	int code = load(simulate);
	if (code == EXIT_DONE)
		code = read_samples(simulate);
	if (code == EXIT_DONE)
		code = play(simulate);
	event_list_finish(&simulate->events);
	simulate->events = (struct event_list){0};
	coverage_destroy(simulate->coverage);
	simulate->coverage = NULL;
	ruleset_unref(simulate->ruleset);
	simulate->ruleset = NULL;
	answers_finish(&simulate->answers);
	return code;
}

static void round_into(void *context, FILE *out)
{
	struct simulate *simulate = context;
	simulate->out = simulate->err = out;
	run_round(simulate);
}

static int watch(struct simulate *simulate)
{
	const struct watch_places places = {simulate->rules, simulate->samples, simulate->answers_file};
	return simulate_watch(&places, round_into, simulate);
}

/* --- the command --- */

static bool reads_stdin(char *const *samples)
{
	for (size_t i = 0; i < count(samples); i++)
		if (strcmp(samples[i], "-") == 0)
			return true;
	return false;
}

static int check_usage(const struct command *command, struct simulate *simulate, bool watches)
{
	if (!count(simulate->samples) && !simulate->event)
		return options_wrong(command, "name a file or a folder of sample events, '-' for stdin, or "
					      "--event TYPE");
	if (simulate->advance && !duration_parse(str_of(simulate->advance), &simulate->advance_ms))
		return options_wrong(command, "--advance takes a duration: \"30s\", \"10m\", \"1h\"");
	if (!simulate->event && (simulate->tags || simulate->source))
		return options_wrong(command, "--set and --source are of the event of --event TYPE");
	if (watches && reads_stdin(simulate->samples))
		return options_wrong(command, "--watch reads its samples again and again: name files");
	return OPTIONS_GO_ON;
}

static void finish(struct simulate *simulate)
{
	coverage_wish_finish(&simulate->wish);
	limits_options_finish(&simulate->limits_options);
	buf_finish(&simulate->lines);
	words_free(simulate->samples);
	for (size_t i = 0; i < count(simulate->tags); i++)
		free(simulate->tags[i]);
	free(simulate->tags);
	free(simulate->rules);
	free(simulate->answers_file);
	free(simulate->advance);
	free(simulate->event);
	free(simulate->source);
}

static int run_simulate(const struct command *command, int argc, char **argv)
{
	struct simulate simulate = {.rules = mem_strdup("rules"), .out = stdout, .err = stderr};
	long long seed = 1;
	int watches = 0;
	size_t n = 0;
	const struct poptOption table[] = {
		OPTION_RULES(&simulate.rules),
		{"answers", 0, POPT_ARG_STRING, &simulate.answers_file, 0,
		 "what the services answer, as a JSON array (default: 200, empty)", "FILE"},
		{"event", 0, POPT_ARG_STRING, &simulate.event, 0, "also an event made on the spot", "TYPE"},
		{"set", 0, POPT_ARG_ARGV, &simulate.tags, 0, "a tag of it; as often as needed", "NAME=VALUE"},
		{"source", 0, POPT_ARG_STRING, &simulate.source, 0,
		 "its source (default: one that is served by a rule for it)", "SOURCE"},
		{"seed", 0, POPT_ARG_LONGLONG, &seed, 0, "of the spread of retries (default: 1)", "N"},
		{"advance", 0, POPT_ARG_STRING, &simulate.advance, 0,
		 "let waits go on for so long after the last event", "DURATION"},
		{"watch", 0, POPT_ARG_NONE, &watches, 0, "again whenever a file changes", NULL},
		OPTIONS_COVERAGE(&simulate.wish),
		OPTION_JSON(&simulate.json, "one event and rule a line, as JSON"),
		OPTIONS_LIMITS(&simulate.limits_options),
		OPTION_END,
	};
	answers_init(&simulate.answers);
	buf_init(&simulate.lines, LINES_MAX);
	int code = options_read_words(command, argc, argv, table, &simulate.samples, &n);
	simulate.seed = (uint64_t)seed;
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &simulate.limits_options, &simulate.limits);
	if (code == OPTIONS_GO_ON)
		code = coverage_wish_check(&simulate.wish, command);
	if (code == OPTIONS_GO_ON)
		code = check_usage(command, &simulate, watches);
	if (code == OPTIONS_GO_ON)
		code = watches ? watch(&simulate) : run_round(&simulate);
	finish(&simulate);
	return code;
}

const struct command command_simulate = {
	.name = "simulate",
	.summary = "run sample events through the rules on virtual time; nothing is sent",
	.example = "  switchhook simulate rules/samples/outbound-sale.ndjson\n"
		   "  switchhook simulate --answers rules/samples/answers.json --json rules/samples\n"
		   "  switchhook simulate --event post_call --set ani=2095550101 --set call_result=ABANDON\n",
	.about = "For each event, each rule of the campaign that serves it: what it would do, each request "
		 "byte "
		 "for\n"
		 "byte, the answers, retries and waits; and why every other rule did not fire.\n"
		 "\n"
		 "Samples are NDJSON, JSON arrays or single events: files, folders (answers.json is left "
		 "out), or\n"
		 "'-' for stdin. Time is virtual: an event arrives at its own time. Requests go on to their "
		 "last\n"
		 "attempt; waits end with the last event, or --advance later, and are then shown as "
		 "waiting.\n",
	.run = run_simulate,
};
