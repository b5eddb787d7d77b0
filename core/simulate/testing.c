#include "simulate/testing_private.h"

#include "base/clock.h"
#include "script/script.h"
#include "script/testing.h"

#include <fnmatch.h>
#include <stdio.h>

static const size_t FILES_MAX_BYTES = (size_t)1 << 30;

/* support_test.lua tests the campaign support.lua, wherever it stands. */
static const struct campaign *campaign_of(const struct ruleset *ruleset, struct str path)
{
	const char *slash = memrchr(path.p, '/', path.n);
	size_t from = slash ? (size_t)(slash - path.p) + 1 : 0;
	struct str name = {path.p + from, path.n - from - strlen("_test.lua")};
	return ruleset_campaign(ruleset, name);
}

static bool is_wanted(const struct testing *testing, const struct source_file *file, struct str name)
{
	char text[1024];
	if (!testing->only)
		return true;
	snprintf(text, sizeof text, STR_FMT ": " STR_FMT, STR_ARG(file->path), STR_ARG(name));
	if (strpbrk(testing->only, "*?["))
		return fnmatch(testing->only, text, 0) == 0;
	return strstr(text, testing->only) != NULL;
}

static void tell(const struct testing *testing, struct testing_counts *counts,
		 const struct test_report *report)
{
	*(report->passed ? &counts->passed : &counts->failed) += 1;
	testing->report(testing->context, report);
}

static void run_one(struct test_case *test, struct script_tests *tests, size_t i,
		    struct testing_counts *counts)
{
	int64_t began_us = clock_mono_us(clock_system());
	struct test_report report = {
		.file = test->file->path,
		.name = script_test_name(tests, i),
		.line = script_test_line(tests, i),
	};
	report.passed = script_test_run(tests, i, &report.detail, &report.error) == 0;
	report.took_us = clock_mono_us(clock_system()) - began_us;
	tell(test->testing, counts, &report);
	test_case_clear(test);
}

static void run_file(const struct testing *testing, const struct source_file *file,
		     struct testing_counts *counts)
{
	struct test_case test = {
		.testing = testing, .file = file, .campaign = campaign_of(testing->ruleset, file->path)};
	struct script_test_host host = {test_ask, &test};
	struct test_report broken = {.file = file->path, .line = 1};
	struct script_tests *tests;
	answers_init(&test.answers);
	if (script_tests_open(file, testing->ruleset->files, testing->ruleset->n_files,
			      &testing->ruleset->limits, &host, &tests, &broken.error)) {
		tell(testing, counts, &broken);
		return;
	}
	counts->files++;
	for (size_t i = 0; i < script_tests_count(tests); i++)
		if (is_wanted(testing, file, script_test_name(tests, i)))
			run_one(&test, tests, i, counts);
	counts->updated += test.n_updated;
	script_tests_close(tests);
	answers_finish(&test.answers);
}

int testing_run(const struct testing *testing, struct testing_counts *ret, struct error *reterr)
{
	struct arena arena;
	struct source_file *files;
	size_t n = 0;
	*ret = (struct testing_counts){0};
	arena_init(&arena, FILES_MAX_BYTES);
	int result = script_read_tests(testing->folder, &arena, &files, &n, reterr);
	for (size_t i = 0; result == 0 && i < n; i++)
		run_file(testing, &files[i], ret);
	arena_finish(&arena);
	return result;
}
