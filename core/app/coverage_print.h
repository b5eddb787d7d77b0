/* core/app/coverage_print.h
 *
 * Coverage for people: a row a file, then what was not reached. And its options, the same for each command
 * that has them.
 */
#pragma once

#include "app/options.h"
#include "script/coverage.h"

#include <stdio.h>

#define OPTIONS_COVERAGE(wish)                                                                              \
	{"coverage", 0, POPT_ARG_NONE, &(wish)->wanted, 0, "which lines and conditions of the rules ran",   \
	 NULL},                                                                                             \
		{"min-coverage", 0, POPT_ARG_STRING,                                                        \
		 &(wish)->least, 0, "end with 1 if less than this was reached",                             \
		 "PERCENT"},                                                                                \
	{                                                                                                   \
		"lcov", 0, POPT_ARG_STRING, &(wish)->lcov, 0, "also write the coverage for genhtml", "FILE" \
	}

struct coverage_wish {
	int wanted;
	char *lcov, *least; /* a file; percent */
	double least_percent;
};

/* `json`: one line. */
void coverage_print(FILE *out, const struct coverage *coverage, bool json);

/* Reads the percentage. Returns OPTIONS_GO_ON, or the code to end with. */
int coverage_wish_check(struct coverage_wish *wish, const struct command *command);

/* Prints it, writes the file, and says on `err` when it is less than it must be. Returns EXIT_DONE or
 * EXIT_NO.
 */
int coverage_fulfil(const struct coverage_wish *wish, const char *folder, const struct coverage *coverage,
		    bool json, FILE *out, FILE *err);
void coverage_wish_finish(struct coverage_wish *wish);
