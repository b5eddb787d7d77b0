/* core/simulate/testing.h
 *
 * Runs the *_test.lua files of a folder of rules: each test on an engine of its own, on virtual time that the
 * test moves. One thread.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"

struct coverage;

struct test_report {
	struct str file, name;
	int line; /* where the test is declared */
	bool passed;
	struct error error; /* of one that failed: where it stood */
	struct str detail;  /* what was expected, and what was there, side by side; may be empty */
	int64_t took_us;
};

struct testing {
	const char *folder; /* of the rules */
	const struct ruleset *ruleset;
	const char *only; /* tests whose "file: name" holds this, or fits it when it has a '*'; NULL: all */
	bool update;      /* golden files are written anew */
	struct coverage *coverage; /* NULL: it is not counted */

	/* Each test, in order, when it has ended. A file that does not load is one that failed, without a
	 * name. */
	void (*report)(void *context, const struct test_report *report);
	void *context;
};

struct testing_counts {
	size_t passed, failed, files, updated;
};

/* Fails when the folder cannot be read. */
int testing_run(const struct testing *testing, struct testing_counts *ret, struct error *reterr);
