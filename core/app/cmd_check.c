/* switchhook check: are these rules right? Finds what `run` would find, and says all of it. */
#include "app/fuzz_print.h"
#include "app/limits_options.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/progress.h"
#include "app/rules_load.h"
#include "app/secrets_check.h"

#include "base/read_file.h"

enum { ANSWERS_MAX = 16 << 20, CASES_MAX = 10000000 };

struct check {
	char *rules, *secrets, *answers_file;
	int strict, json;
	struct limits_options limits_options;
	struct limits limits;
	long long cases, seed; /* of the fuzzing; 0 cases: none */
	struct progress progress;
};

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const struct ruleset *ruleset)
{
	size_t errors = ruleset->n_errors, warnings = ruleset->n_problems - ruleset->n_errors;
	printf("%zu campaign%s, %zu service%s: ", ruleset->n_campaigns, plural(ruleset->n_campaigns),
	       ruleset->n_services, plural(ruleset->n_services));
	if (!errors && !warnings)
		puts("no problems");
	else
		printf("%zu error%s, %zu warning%s\n", errors, plural(errors), warnings, plural(warnings));
}

static void on_finding(void *context, const struct fuzz_finding *finding)
{
	struct check *check = context;
	progress_end(&check->progress);
	if (check->json)
		fuzz_print_json(stdout, finding);
	else
		fuzz_print(stdout, finding, problems_form_for(stdout) == PROBLEMS_COLOUR);
	fflush(stdout);
}

static void on_progress(void *context, size_t n)
{
	struct check *check = context;
	progress_show(&check->progress, n);
}

static int fuzz_with(struct check *check, const struct ruleset *ruleset, struct str answers)
{
	struct fuzz fuzz = {
		.ruleset = ruleset,
		.answers = answers,
		.cases = (size_t)check->cases,
		.seed = (uint64_t)check->seed,
		.found = on_finding,
		.progress = on_progress,
		.context = check,
	};
	struct error error;
	size_t findings = 0;
	progress_begin(&check->progress, "making events up", fuzz_cases(&fuzz));
	int result = fuzz_run(&fuzz, &findings, &error);
	progress_end(&check->progress);
	if (result) {
		problem_print(stderr, problems_form_for(stderr), false, &error);
		return EXIT_NO;
	}
	if (!check->json)
		printf("%zu case%s made up: %zu finding%s\n", fuzz_cases(&fuzz), plural(fuzz_cases(&fuzz)),
		       findings, plural(findings));
	return findings ? EXIT_NO : EXIT_DONE;
}

static int fuzz_folder(struct check *check, const struct ruleset *ruleset)
{
	struct error error;
	struct buf answers;
	int code = EXIT_NO;
	buf_init(&answers, ANSWERS_MAX);
	if (check->answers_file && read_file(check->answers_file, &answers, &error))
		problem_print(stderr, problems_form_for(stderr), false, &error);
	else
		code = fuzz_with(check, ruleset, buf_view(&answers));
	buf_finish(&answers);
	return code;
}

static int check_folder(struct check *check)
{
	struct ruleset *ruleset;
	struct error error;
	enum problems_form form = check->json ? PROBLEMS_JSON : problems_form_for(stdout);
	if (rules_load(check->rules, NULL, &check->limits, &ruleset, &error)) {
		problem_print(check->json ? stdout : stderr, check->json ? form : problems_form_for(stderr),
			      false, &error);
		return EXIT_NO;
	}
	struct secrets *secrets = secrets_create(secrets_folder(check->secrets));
	rules_check(ruleset, check->rules, secrets);
	secrets_destroy(secrets);
	problems_print(stdout, form, ruleset);
	if (!check->json)
		print_summary(ruleset);
	bool no = ruleset->n_errors || (check->strict && ruleset->n_problems);
	if (!ruleset->n_campaigns) {
		error_set(&error, "'%s' holds no campaign: `run` would refuse it", check->rules);
		problem_print(check->json ? stdout : stderr, check->json ? form : problems_form_for(stderr),
			      false, &error);
		no = true;
	}
	if (check->cases && !ruleset->n_errors)
		no |= fuzz_folder(check, ruleset) != EXIT_DONE;
	ruleset_unref(ruleset);
	return no ? EXIT_NO : EXIT_DONE;
}

static int run_check(const struct command *command, int argc, char **argv)
{
	struct check check = {.rules = mem_strdup("rules"), .seed = 1};
	const struct poptOption table[] = {
		OPTION_RULES(&check.rules),
		OPTION_SECRETS(&check.secrets),
		{"strict", 0, POPT_ARG_NONE, &check.strict, 0, "warnings count as errors", NULL},
		{"fuzz", 0, POPT_ARG_LONGLONG, &check.cases, 0,
		 "also run each rule with so many events made up by chance", "N"},
		{"seed", 0, POPT_ARG_LONGLONG, &check.seed, 0, "of the events made up (default: 1)", "N"},
		{"answers", 0, POPT_ARG_STRING, &check.answers_file, 0,
		 "what the services answer then, as a JSON array (default: 200, empty)", "FILE"},
		OPTION_JSON(&check.json, "one problem a line, as JSON"),
		OPTIONS_LIMITS(&check.limits_options),
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON && (check.cases < 0 || check.cases > CASES_MAX))
		code = options_wrong(command, "--fuzz goes from 1 to %d", CASES_MAX);
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &check.limits_options, &check.limits);
	if (code == OPTIONS_GO_ON)
		code = check_folder(&check);
	limits_options_finish(&check.limits_options);
	free(check.answers_file);
	free(check.rules);
	free(check.secrets);
	return code;
}

const struct command command_check = {
	.name = "check",
	.summary = "load every script as `run` would, and report all errors and warnings",
	.example = "  switchhook check --rules rules\n"
		   "  switchhook check --fuzz 1000 --answers rules/samples/answers.json\n",
	.about = "Loads every script and reports all errors and warnings, with file, line and a hint.\n"
		 "\n"
		 "--fuzz makes events up: missing tags, empty and long texts, every script, quotes, numbers "
		 "as texts\n"
		 "and the reverse, duplicates, in any order. It reports rules that raise, requests that are "
		 "no JSON,\n"
		 "XML or URL, and tags that are sent as they are written, each with the smallest event that "
		 "shows\n"
		 "it and the seed that finds it again.\n"
		 "\n"
		 "Ends with 0 if there is no error, else with 1.\n",
	.run = run_check,
};
