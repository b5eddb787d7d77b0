#include "app/reload_test.h"

#include "simulate/testing.h"

#include <stdio.h>

struct outcome {
	struct error first; /* of the first test that failed */
	bool failed;
};

static void take_report(void *context, const struct test_report *report)
{
	struct outcome *outcome = context;
	if (report->passed || outcome->failed)
		return;
	outcome->failed = true;
	outcome->first = report->error;
	error_prefix(&outcome->first, "the test '" STR_FMT "' of " STR_FMT " fails", STR_ARG(report->name),
		     STR_ARG(report->file));
}

int reload_test(void *folder, const struct ruleset *ruleset, struct error *reterr)
{
	struct outcome outcome = {0};
	struct testing testing = {
		.folder = folder, .ruleset = ruleset, .report = take_report, .context = &outcome};
	struct testing_counts counts;
	if (testing_run(&testing, &counts, reterr))
		return -1;
	if (!counts.failed)
		return 0;
	*reterr = outcome.first;
	error_prefix(reterr, "%zu of %zu tests fail", counts.failed, counts.failed + counts.passed);
	error_hint(reterr, "`switchhook test --rules %s` shows all", (const char *)folder);
	return -1;
}
