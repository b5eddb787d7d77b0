/* switchhook test: do the rules do what their tests say? */
#include "app/coverage_print.h"
#include "app/limits_options.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/rules_load.h"
#include "app/test_print.h"

enum { JUNIT_MAX = 1 << 30 };

struct test {
	char *rules, *only, *junit;
	int json, update;
	struct limits_options limits_options;
	struct limits limits;
	struct coverage_wish wish;
	struct ruleset *ruleset;
	struct coverage *coverage;
	struct buf cases;
};

static int say(const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return EXIT_NO;
}

static void report(void *context, const struct test_report *report)
{
	struct test *test = context;
	if (test->json)
		test_print_json(stdout, report);
	else
		test_print(stdout, report, problems_form_for(stdout) == PROBLEMS_COLOUR);
	if (test->junit)
		test_junit_add(&test->cases, report);
}

static void print_counts(const struct test *test, const struct testing_counts *counts)
{
	if (test->json)
		return;
	printf("\n%zu passed, %zu failed", counts->passed, counts->failed);
	if (counts->updated)
		printf("; %zu golden file%s written", counts->updated, counts->updated == 1 ? "" : "s");
	putchar('\n');
}

static int load(struct test *test)
{
	struct error error;
	if (rules_load(test->rules, NULL, &test->limits, &test->ruleset, &error))
		return say(&error);
	problems_print(stderr, problems_form_for(stderr), test->ruleset);
	if (test->wish.wanted && coverage_create(test->ruleset, &test->coverage, &error))
		return say(&error);
	return test->ruleset->n_errors ? EXIT_NO : EXIT_DONE;
}

static int run_tests(struct test *test)
{
	struct testing testing = {
		.folder = test->rules,
		.ruleset = test->ruleset,
		.only = test->only,
		.update = test->update,
		.coverage = test->coverage,
		.report = report,
		.context = test,
	};
	struct testing_counts counts;
	struct error error;
	if (testing_run(&testing, &counts, &error))
		return say(&error);
	if (counts.passed + counts.failed == 0) {
		error_set(&error, test->only ? "no test fits '%s'" : "there is no test in '%s'",
			  test->only ? test->only : test->rules);
		error_hint(&error, "tests stand in files *_test.lua beside the campaigns");
		return say(&error);
	}
	print_counts(test, &counts);
	if (test->junit && test_junit_write(test->junit, &test->cases, &counts, &error))
		return say(&error);
	int code = test->coverage ? coverage_fulfil(&test->wish, test->rules, test->coverage, test->json,
						    stdout, stderr)
				  : EXIT_DONE;
	return counts.failed ? EXIT_NO : code;
}

static int run_test(const struct command *command, int argc, char **argv)
{
	struct test test = {.rules = mem_strdup("rules")};
	const struct poptOption table[] = {
		OPTION_RULES(&test.rules),
		{"run", 0, POPT_ARG_STRING, &test.only, 0,
		 "only tests whose \"file: name\" holds this, or fits it when it has a '*'", "PATTERN"},
		{"update", 0, POPT_ARG_NONE, &test.update, 0, "write the files of t:matches anew", NULL},
		{"junit", 0, POPT_ARG_STRING, &test.junit, 0, "also write the results as JUnit's XML",
		 "FILE"},
		OPTIONS_COVERAGE(&test.wish),
		OPTIONS_LIMITS(&test.limits_options),
		OPTION_JSON(&test.json, "one test a line, as JSON"),
		OPTION_END,
	};
	buf_init(&test.cases, JUNIT_MAX);
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &test.limits_options, &test.limits);
	if (code == OPTIONS_GO_ON)
		code = coverage_wish_check(&test.wish, command);
	if (code == OPTIONS_GO_ON && (code = load(&test)) == EXIT_DONE)
		code = run_tests(&test);
	coverage_destroy(test.coverage);
	coverage_wish_finish(&test.wish);
	limits_options_finish(&test.limits_options);
	ruleset_unref(test.ruleset);
	buf_finish(&test.cases);
	free(test.rules);
	free(test.only);
	free(test.junit);
	return code;
}

const struct command command_test = {
	.name = "test",
	.summary = "run the *_test.lua files of the rules, on virtual time",
	.example = "  switchhook test\n"
		   "  switchhook test --rules rules --run \"a sale\" --junit results.xml\n",
	.about = "Each test has an engine of its own, whose time the test moves and whose requests are "
		 "answered as\n"
		 "the test says. Ends with 0 if all passed; with 1 if one failed, a rule is wrong or there "
		 "is no "
		 "test.\n",
	.run = run_test,
};
