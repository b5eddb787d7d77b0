/* core/base/error.h
 *
 * One error, told to a person: what is wrong, the detail, what to do, and where. Fixed size, owns nothing;
 * copy it freely.
 */
#pragma once

#include "base/base.h"

struct error {
	char what[512]; /* "unknown key 'metod' in http.service" */
	char hint[256]; /* "did you mean 'method'?" */
	char file[256]; /* as the operator knows it: relative to the rules folder; empty when there is none */
	char excerpt[256]; /* the line of the source, no newline */
	int line;          /* 1 is the first; 0: unknown */
	int column;        /* in bytes, 1 is the first; 0: unknown */
};

/* Fills `what`, clears the rest; too long is cut on a whole UTF-8 character. Returns -1, so that `return
 * error_set(…)` ends a function. A NULL error is allowed. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_hint(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format: " before what is already there. */
void error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets file and line and copies that line of `source` (the whole text of the file, may be absent) as the
 * excerpt. */
void error_at(struct error *error, struct str file, int line, int column, struct str source);
