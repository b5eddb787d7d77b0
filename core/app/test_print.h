/* core/app/test_print.h
 *
 * Tests of rules as people, programs and build servers read them.
 */
#pragma once

#include "base/buf.h"
#include "simulate/testing.h"

#include <stdio.h>

void test_print(FILE *out, const struct test_report *report, bool colour);
void test_print_json(FILE *out, const struct test_report *report);

/* JUnit's XML: the test cases one by one, then the whole with its counts. */
void test_junit_add(struct buf *cases, const struct test_report *report);
int test_junit_write(const char *path, const struct buf *cases, const struct testing_counts *counts,
		     struct error *reterr);
