/* switchhook diff: what would other rules have done differently? */
#include "app/client.h"
#include "app/diff_print.h"
#include "app/limits_options.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/progress.h"
#include "app/rules_load.h"
#include "app/running.h"

#include "base/read_file.h"
#include "simulate/diff.h"
#include "simulate/samples.h"

enum { ANSWERS_MAX = 16 << 20 };

struct diff_command {
	char *from, *to, *answers_file, *server, *since;
	int json;
	struct limits_options limits_options;
	struct limits limits;
	struct ruleset *from_rules, *to_rules;
	struct event_list events;
	struct buf answers;
	struct progress progress;
};

static int say(const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return EXIT_NO;
}

static bool is_running(const char *which)
{
	return strcmp(which, "running") == 0;
}

static int load(struct diff_command *command, const char *which, struct ruleset **ret)
{
	struct error error;
	int code = EXIT_DONE;
	if (is_running(which))
		code = running_rules(command->server, &command->limits, ret);
	else if (rules_load(which, NULL, &command->limits, ret, &error))
		code = say(&error);
	if (code)
		return code;
	if ((*ret)->n_errors) {
		problems_print(stderr, problems_form_for(stderr), *ret);
		error_set(&error, "the rules of '%s' have errors: what they leave out is not compared",
			  which);
		return say(&error);
	}
	return EXIT_DONE;
}

/* Without files the events are those that the running engine has recorded. */
static int read_events(struct diff_command *command, char **files, size_t n)
{
	struct error error;
	int code = n ? EXIT_DONE : running_events(command->server, command->since, &command->events);
	for (size_t i = 0; i < n; i++)
		if (samples_read(files[i], &command->events, &error))
			return say(&error);
	if (code == EXIT_DONE && !command->events.n) {
		error_set(&error, "there is no event to compare the rules with");
		code = say(&error);
	}
	samples_arrive(&command->events);
	return code;
}

static bool on_progress(void *context, size_t n)
{
	struct diff_command *command = context;
	progress_show(&command->progress, n);
	return true;
}

static int compare(struct diff_command *command)
{
	struct diff_options options = {
		.from = command->from_rules,
		.to = command->to_rules,
		.answers = buf_view(&command->answers),
		.seed = 1,
		.progress = on_progress,
		.context = command,
	};
	struct diff diff;
	struct error error;
	progress_begin(&command->progress, "comparing", command->events.n);
	int result = diff_run(&options, &command->events, &diff, &error);
	progress_end(&command->progress);
	if (result == 0 && command->json)
		diff_print_json(stdout, &diff);
	else if (result == 0)
		diff_print(stdout, &diff, problems_form_for(stdout) == PROBLEMS_COLOUR);
	int code = result ? say(&error) : diff.n_groups ? EXIT_NO : EXIT_DONE;
	diff_finish(&diff);
	return code;
}

static int read_answers(struct diff_command *command)
{
	struct error error;
	if (!command->answers_file || read_file(command->answers_file, &command->answers, &error) == 0)
		return EXIT_DONE;
	return say(&error);
}

static int check_usage(const struct command *about, const struct diff_command *command, size_t n)
{
	if (!command->from || !command->to)
		return options_wrong(about, "name the two versions: --from DIR --to DIR");
	if (!n && !is_running(command->from) && !is_running(command->to))
		return options_wrong(about, "name files of recorded events, as 'events export' writes them");
	return OPTIONS_GO_ON;
}

static int run_diff(const struct command *about, int argc, char **argv)
{
	struct diff_command command = {0};
	char **words = NULL;
	size_t n = 0;
	const struct poptOption table[] = {
		{"from", 0, POPT_ARG_STRING, &command.from, 0,
		 "the rules as they are; 'running': of the engine", "DIR"},
		{"to", 0, POPT_ARG_STRING, &command.to, 0, "the rules as they would be", "DIR"},
		{"answers", 0, POPT_ARG_STRING, &command.answers_file, 0,
		 "what the services answer, as a JSON array (default: 200, empty)", "FILE"},
		{"since", 0, POPT_ARG_STRING, &command.since, 0,
		 "of the engine's events, without files: only younger ones (default: 1d)", "TIME"},
		OPTION_SERVER(&command.server),
		OPTIONS_LIMITS(&command.limits_options),
		OPTION_JSON(&command.json, "one group of equal differences a line, as JSON"),
		OPTION_END,
	};
	buf_init(&command.answers, ANSWERS_MAX);
	int code = options_read_words(about, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(about, &command.limits_options, &command.limits);
	if (code == OPTIONS_GO_ON)
		code = check_usage(about, &command, n);
	if (code == OPTIONS_GO_ON &&
	    (code = load(&command, command.from, &command.from_rules)) == EXIT_DONE &&
	    (code = load(&command, command.to, &command.to_rules)) == EXIT_DONE &&
	    (code = read_answers(&command)) == EXIT_DONE &&
	    (code = read_events(&command, words, n)) == EXIT_DONE)
		code = compare(&command);
	event_list_finish(&command.events);
	ruleset_unref(command.from_rules);
	ruleset_unref(command.to_rules);
	buf_finish(&command.answers);
	words_free(words);
	limits_options_finish(&command.limits_options);
	free(command.from);
	free(command.to);
	free(command.answers_file);
	free(command.server);
	free(command.since);
	return code;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "two versions of the rules over the same recorded events",
	.example = "  switchhook diff --from running --to rules\n"
		   "  switchhook diff --from old/rules --to rules events.ndjson\n",
	.about = "Which requests appear, vanish and change, and in what: JSON by path, forms by field, "
		 "headers by "
		 "name.\n"
		 "Equal differences are one line, with a count and an example. Nothing is sent.\n"
		 "\n"
		 "'running' stands for the rules that a running engine serves; without files, the events are "
		 "those\n"
		 "that it has recorded. Ends with 0 if nothing differs, with 1 if something does.\n",
	.run = run_diff,
};
