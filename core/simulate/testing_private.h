/* core/simulate/testing_private.h
 *
 * One file of tests while it runs, as the files of this folder see it.
 */
#pragma once

#include "format/cloudevents.h"
#include "simulate/simulation.h"
#include "simulate/testing.h"

struct test_case {
	const struct testing *testing;
	const struct source_file *file;
	const struct campaign *campaign; /* the one that the file is named after; NULL: there is none */
	struct simulation *simulation;   /* NULL: no event yet */
	struct answers answers;
	struct event_list events; /* they outlive the simulation */
	size_t n_made;            /* events that the test made, for their ids */
	size_t n_updated;         /* golden files that were written */
};

/* What a test asks of `t`; script_test_host.ask. */
int test_ask(void *context, struct str what, const struct value *arguments, struct buf *answer,
	     struct error *reterr);

/* Everything of the test is forgotten. */
void test_case_clear(struct test_case *test);

/* The path of a file that stands beside the test's; fails for one outside of the rules. */
int test_path(const struct test_case *test, struct str name, struct buf *out, struct error *reterr);

/* The requests in the order in which they were made: NULL at the end. */
struct found_request {
	const struct result *result;
	const struct result_rule *rule;
	const struct result_delivery *delivery;
};
size_t test_requests(const struct test_case *test, struct str service, struct found_request **ret);

/* testing_golden.c: compares with the file, or writes it; adds what differs as JSON. */
int test_matches(struct test_case *test, struct str name, struct buf *answer, struct error *reterr);
