/* switchhook simulate: what would these rules do with these events? */
#include "app/limits_options.h"
#include "app/problems_print.h"
#include "app/rules_load.h"
#include "app/simulate_print.h"

#include "script/duration.h"
#include "simulate/play.h"
#include "simulate/report.h"
#include "simulate/samples.h"

enum { LINES_MAX = 1 << 30 };

struct simulate {
	char *rules, *answers_file, *advance;
	uint64_t seed;
	int64_t advance_ms;
	int json;
	struct limits_options limits_options;
	struct limits limits;
	struct answers answers;
	struct event_list events;
	struct ruleset *ruleset;
	struct buf lines;
};

static int say(const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return EXIT_NO;
}

static void show(struct simulate *simulate, const struct result *result)
{
	if (!simulate->json) {
		result_print(stdout, result, problems_form_for(stdout) == PROBLEMS_COLOUR);
		return;
	}
	buf_clear(&simulate->lines);
	report_lines(&simulate->lines, result);
	fwrite(simulate->lines.p, 1, simulate->lines.n, stdout);
}

static bool take(void *context, struct result *result)
{
	struct simulate *simulate = context;
	show(simulate, result);
	result_free(result);
	return true;
}

static int play(struct simulate *simulate)
{
	struct play play = {
		.simulation = {.ruleset = simulate->ruleset,
			       .answers = &simulate->answers,
			       .seed = simulate->seed},
		.advance_ms = simulate->advance_ms,
		.result = take,
		.context = simulate,
	};
	struct error error;
	if (play_events(&play, &simulate->events, &error) < 0)
		return say(&error);
	return fflush(stdout) || ferror(stdout) || simulate->ruleset->n_errors ? EXIT_NO : EXIT_DONE;
}

/* A script with an error is left out, as `run` does; the others are simulated. */
static int load(struct simulate *simulate)
{
	struct error error;
	if (rules_load(simulate->rules, NULL, &simulate->limits, NULL, &simulate->ruleset, &error))
		return say(&error);
	problems_print(stderr, problems_form_for(stderr), simulate->ruleset);
	if (!ruleset_loaded_campaigns(simulate->ruleset)) {
		error_set(&error, "no campaign of '%s' loads", simulate->rules);
		return say(&error);
	}
	if (simulate->answers_file && answers_read(&simulate->answers, simulate->answers_file, &error))
		return say(&error);
	return EXIT_DONE;
}

static int read_samples(struct simulate *simulate, char **samples, size_t n)
{
	struct error error;
	for (size_t i = 0; i < n; i++)
		if (samples_read(samples[i], &simulate->events, &error))
			return say(&error);
	if (!simulate->events.n) {
		error_set(&error, "there is no event to simulate");
		return say(&error);
	}
	samples_arrive(&simulate->events);
	return EXIT_DONE;
}

static int run_simulate(const struct command *command, int argc, char **argv)
{
	struct simulate simulate = {.rules = mem_strdup("rules"), .seed = 1};
	long long seed = 1;
	char **words = NULL;
	size_t n = 0;
	const struct poptOption table[] = {
		OPTION_RULES(&simulate.rules),
		{"answers", 0, POPT_ARG_STRING, &simulate.answers_file, 0,
		 "what the services answer, as a JSON array (default: 200, empty)", "FILE"},
		{"seed", 0, POPT_ARG_LONGLONG, &seed, 0, "of the spread of retries (default: 1)", "N"},
		{"advance", 0, POPT_ARG_STRING, &simulate.advance, 0,
		 "let waits go on for so long after the last event", "DURATION"},
		OPTIONS_LIMITS(&simulate.limits_options),
		OPTION_JSON(&simulate.json, "one event and rule a line, as JSON"),
		OPTION_END,
	};
	answers_init(&simulate.answers);
	buf_init(&simulate.lines, LINES_MAX);
	int code = options_read_words(command, argc, argv, table, &words, &n);
	simulate.seed = (uint64_t)seed;
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &simulate.limits_options, &simulate.limits);
	if (code == OPTIONS_GO_ON && n == 0)
		code = options_wrong(command, "name a file or a folder of sample events, or '-' for stdin");
	if (code == OPTIONS_GO_ON && simulate.advance &&
	    !duration_parse(str_of(simulate.advance), &simulate.advance_ms))
		code = options_wrong(command, "--advance takes a duration: \"30s\", \"10m\", \"1h\"");
	if (code == OPTIONS_GO_ON && (code = load(&simulate)) == EXIT_DONE &&
	    (code = read_samples(&simulate, words, n)) == EXIT_DONE)
		code = play(&simulate);
	event_list_finish(&simulate.events);
	ruleset_unref(simulate.ruleset);
	answers_finish(&simulate.answers);
	buf_finish(&simulate.lines);
	words_free(words);
	limits_options_finish(&simulate.limits_options);
	free(simulate.rules);
	free(simulate.answers_file);
	free(simulate.advance);
	return code;
}

const struct command command_simulate = {
	.name = "simulate",
	.summary = "run sample events through the rules on virtual time; nothing is sent",
	.example = "  switchhook simulate rules/samples/outbound-sale.ndjson\n"
		   "  switchhook simulate --answers rules/samples/answers.json --json rules/samples\n",
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
