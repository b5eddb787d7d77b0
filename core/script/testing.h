/* core/script/testing.h
 *
 * The tests of rules: files *_test.lua, in the rules' own sandbox, with `test` in the place of `rule`. What a
 * test asks of `t` is answered by a host, which has the engine that is tested. One thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/limits.h"
#include "model/rule.h"

struct script_tests;

struct script_test_host {
	/* What a test asks: the name of it and its arguments, an array. Adds the answer as JSON to `answer`
	 * (nothing: nil), or fails, and the test's line is at fault. */
	int (*ask)(void *context, struct str what, const struct value *arguments, struct buf *answer,
		   struct error *reterr);
	void *context;
};

/* All *_test.lua files below the folder, as script_read_folder reads the others. */
int script_read_tests(const char *folder, struct arena *arena, struct source_file **ret_files, size_t *ret_n,
		      struct error *reterr);

/* Runs the file, which declares its tests. `modules` are the files that it may require; all must outlive the
 * tests. A test may use up what a campaign may, and twenty times the time of a load. */
int script_tests_open(const struct source_file *file, const struct source_file *modules, size_t n_modules,
		      const struct limits *limits, const struct script_test_host *host,
		      struct script_tests **ret, struct error *reterr);
void script_tests_close(struct script_tests *tests); /* NULL is allowed */

size_t script_tests_count(const struct script_tests *tests);
struct str script_test_name(const struct script_tests *tests, size_t i);
int script_test_line(const struct script_tests *tests, size_t i);

/* Runs one. 0: it passed. Else the error has the place in the test, and ret_detail, which lives until the
 * next run, shows what was expected and what was there; it may be empty. */
int script_test_run(struct script_tests *tests, size_t i, struct str *ret_detail, struct error *reterr);
