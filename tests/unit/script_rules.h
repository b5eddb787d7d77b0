/* Rules from texts, for the tests of scripts. */
#pragma once

#include "unit.h"

#include "script/script.h"

#include <stdio.h>

/* Pairs of path and text, ended by NULL. */
static inline struct ruleset *load_rules(const char *path, ...)
{
	struct source_file files[32];
	size_t n = 0;
	va_list args;

	va_start(args, path);
	for (; path; path = va_arg(args, const char *)) {
		assert_true(n < countof(files));
		files[n++] = (struct source_file){str_of(path), str_of(va_arg(args, const char *))};
	}
	va_end(args);
	return script_load(files, n, 1, NULL);
}

static inline void show_problems(const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->n_problems; i++) {
		const struct problem *problem = &ruleset->problems[i];

		print_message("# %s %s:%d:%d: %s | %s | %s\n", problem->warning ? "warning" : "error",
			      problem->error.file, problem->error.line, problem->error.column,
			      problem->error.what, problem->error.hint, problem->error.excerpt);
	}
}

static inline struct ruleset *load_good(const struct ruleset *loaded)
{
	if (loaded->n_problems)
		show_problems(loaded);
	assert_int_equal(loaded->n_problems, 0);
	return (struct ruleset *)(uintptr_t)loaded;
}

/* The problem in this line: both texts are parts of what it says; "" is any. */
static inline const struct error *assert_problem(const struct ruleset *ruleset, bool warning,
						 const char *file, int line, const char *what,
						 const char *hint)
{
	for (size_t i = 0; i < ruleset->n_problems; i++) {
		const struct problem *problem = &ruleset->problems[i];

		if (problem->warning == warning && !strcmp(problem->error.file, file) &&
		    problem->error.line == line && strstr(problem->error.what, what) &&
		    strstr(problem->error.hint, hint))
			return &problem->error;
	}
	show_problems(ruleset);
	print_message("# wanted %s:%d %s | %s\n", file, line, what, hint);
	fail();
	return NULL;
}

#define assert_error(ruleset, file, line, what, hint)   assert_problem(ruleset, false, file, line, what, hint)
#define assert_warning(ruleset, file, line, what, hint) assert_problem(ruleset, true, file, line, what, hint)

static inline const struct campaign *find_campaign(const struct ruleset *ruleset, const char *name)
{
	const struct campaign *campaign = ruleset_campaign(ruleset, str_of(name));
	if (campaign)
		return campaign;
	fail();
	return NULL;
}

static inline const struct service *find_service(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->n_services; i++) {
		if (str_eq(ruleset->services[i]->name, str_of(name)))
			return ruleset->services[i];
	}
	fail();
	return NULL;
}
