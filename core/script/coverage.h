/* core/script/coverage.h
 *
 * Which lines of the rules have run, and which conditions were seen true and false. It is counted by a hook
 * of Lua that is there only where a coverage is given; everything else runs as fast as without. One thread.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"

struct coverage_file {
	const struct source_file *file;
	int n_lines;
	bool *code;     /* by line, from 1: there is something to run */
	uint64_t *hits; /* how often it ran; the lines that declare run when the rules load */
};

struct coverage_condition {
	uint64_t held, failed;
};

struct coverage_rule {
	const struct rule *rule;
	uint64_t looked_at; /* events of its types */
	uint64_t ran;
	struct coverage_condition *conditions; /* as the rule's `when` */
};

struct coverage {
	struct ruleset *ruleset;     /* a reference */
	struct coverage_file *files; /* the scripts, in the order of the ruleset's files */
	size_t n_files;
	struct coverage_rule *rules; /* those of a campaign stand in its order */
	size_t n_rules;

	/* The file that ran last, as Lua names it. */
	const char *last_source;
	struct coverage_file *last_file;
};

/* Of all files and rules; what runs when they load is counted here. */
int coverage_create(const struct ruleset *ruleset, struct coverage **ret, struct error *reterr);
void coverage_destroy(struct coverage *coverage); /* NULL is allowed */

/* The rule was asked for this event. */
void coverage_event(struct coverage *coverage, const struct rule *rule, const struct event *event);

struct coverage_counts {
	size_t lines, lines_hit;
	size_t sides, sides_hit; /* of conditions: each has two, true and false */
	size_t rules, rules_ran;
};

/* Of one file, or of all (NULL), added to *ret. */
void coverage_count(const struct coverage *coverage, const struct coverage_file *file,
		    struct coverage_counts *ret);

/* Of lines and sides together, 0 to 100; 100 when there is nothing to cover. */
double coverage_percent(const struct coverage_counts *counts);
