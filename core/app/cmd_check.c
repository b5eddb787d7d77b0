/* switchhook check: are these rules right? Finds what `run` would find, and says all of it. */
#include "app/limits_options.h"
#include "app/problems_print.h"
#include "app/rules_load.h"
#include "app/secrets_check.h"

struct check {
	char *rules, *secrets;
	int strict, json;
	struct limits_options limits_options;
	struct limits limits;
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

static int check_folder(const struct check *check)
{
	struct ruleset *ruleset;
	struct error error;
	enum problems_form form = check->json ? PROBLEMS_JSON : problems_form_for(stdout);
	if (rules_load(check->rules, NULL, &check->limits, NULL, &ruleset, &error)) {
		problem_print(check->json ? stdout : stderr, check->json ? form : problems_form_for(stderr),
			      false, &error);
		return EXIT_NO;
	}
	struct secrets *secrets = secrets_create(secrets_folder(check->secrets));
	secrets_check(ruleset, secrets);
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
	ruleset_unref(ruleset);
	return no ? EXIT_NO : EXIT_DONE;
}

static int run_check(const struct command *command, int argc, char **argv)
{
	struct check check = {.rules = mem_strdup("rules")};
	const struct poptOption table[] = {
		OPTION_RULES(&check.rules),
		OPTION_SECRETS(&check.secrets),
		{"strict", 0, POPT_ARG_NONE, &check.strict, 0, "warnings count as errors", NULL},
		OPTION_JSON(&check.json, "one problem a line, as JSON"),
		OPTIONS_LIMITS(&check.limits_options),
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &check.limits_options, &check.limits);
	if (code == OPTIONS_GO_ON)
		code = check_folder(&check);
	limits_options_finish(&check.limits_options);
	free(check.rules);
	free(check.secrets);
	return code;
}

const struct command command_check = {
	.name = "check",
	.summary = "load every script as `run` would, and report all errors and warnings",
	.example = "  switchhook check --rules rules\n",
	.about = "Loads every script and reports all errors and warnings, with file, line and a hint.\n"
		 "Ends with 0 if there is no error, else with 1.\n",
	.run = run_check,
};
