#include "simulate/coverage_report.h"

#include "api/json_put.h"

#include <errno.h>
#include <stdio.h>

/* --- JSON --- */

static void put_counts(struct buf *out, const struct coverage_counts *counts)
{
	put_key(out, "lines");
	buf_printf(out, "{\"total\":%zu,\"hit\":%zu}", counts->lines, counts->lines_hit);
	put_key(out, "conditions");
	buf_printf(out, "{\"total\":%zu,\"hit\":%zu}", counts->sides, counts->sides_hit);
	put_key(out, "rules");
	buf_printf(out, "{\"total\":%zu,\"hit\":%zu}", counts->rules, counts->rules_ran);
	put_key(out, "percent");
	buf_printf(out, "%.1f", coverage_percent(counts));
}

static void put_hits(struct buf *out, const struct coverage_file *file)
{
	put_key(out, "hits");
	buf_char(out, '[');
	for (int line = 1; line <= file->n_lines; line++) {
		if (!file->code[line])
			continue;
		put_item(out);
		buf_printf(out, "[%d,%llu]", line, (unsigned long long)file->hits[line]);
	}
	buf_char(out, ']');
}

static void put_conditions(struct buf *out, const struct coverage_rule *rule)
{
	put_key(out, "when");
	buf_char(out, '[');
	for (size_t i = 0; i < rule->rule->n_when; i++) {
		put_item(out);
		buf_char(out, '{');
		put_text(out, "tag", rule->rule->when[i].tag);
		put_text(out, "condition", rule->rule->when[i].shown);
		put_number(out, "true", (int64_t)rule->conditions[i].held);
		put_number(out, "false", (int64_t)rule->conditions[i].failed);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void put_rules(struct buf *out, const struct coverage *coverage, const struct coverage_file *file)
{
	put_key(out, "rule_list");
	buf_char(out, '[');
	for (size_t i = 0; i < coverage->n_rules; i++) {
		const struct coverage_rule *rule = &coverage->rules[i];
		if (!str_eq(rule->rule->campaign->file, file->file->path))
			continue;
		put_item(out);
		buf_char(out, '{');
		put_text(out, "rule", rule->rule->name);
		put_number(out, "line", rule->rule->line);
		put_number(out, "events", (int64_t)rule->looked_at);
		put_number(out, "ran", (int64_t)rule->ran);
		put_conditions(out, rule);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void put_file(struct buf *out, const struct coverage *coverage, const struct coverage_file *file)
{
	struct coverage_counts counts = {0};
	coverage_count(coverage, file, &counts);
	put_item(out);
	buf_char(out, '{');
	put_text(out, "file", file->file->path);
	put_counts(out, &counts);
	put_hits(out, file);
	put_rules(out, coverage, file);
	buf_char(out, '}');
}

void coverage_put(struct buf *out, const struct coverage *coverage, struct str path)
{
	struct coverage_counts all = {0};
	coverage_count(coverage, NULL, &all);
	put_key(out, "coverage");
	buf_char(out, '{');
	put_counts(out, &all);
	put_key(out, "files");
	buf_char(out, '[');
	for (size_t i = 0; i < coverage->n_files; i++)
		if (!path.p || str_eq(path, coverage->files[i].file->path))
			put_file(out, coverage, &coverage->files[i]);
	buf_str(out, STR("]}"));
}

/* --- LCOV --- */

/* Each condition is a branch with two ways; one that was never asked has taken neither. */
static void write_branches(FILE *file, const struct coverage_rule *rule, int block)
{
	for (size_t i = 0; i < rule->rule->n_when; i++) {
		const struct coverage_condition *condition = &rule->conditions[i];
		bool asked = condition->held || condition->failed;
		for (int side = 0; side < 2; side++) {
			fprintf(file, "BRDA:%d,%d,%zu,", rule->rule->line, block, 2 * i + (size_t)side);
			if (asked)
				fprintf(file, "%llu\n",
					(unsigned long long)(side ? condition->failed : condition->held));
			else
				fputs("-\n", file);
		}
	}
}

static void write_record(FILE *file, const char *folder, const struct coverage *coverage,
			 const struct coverage_file *covered)
{
	struct coverage_counts counts = {0};
	coverage_count(coverage, covered, &counts);
	fprintf(file, "TN:\nSF:%s/" STR_FMT "\n", folder, STR_ARG(covered->file->path));
	int block = 0;
	for (size_t i = 0; i < coverage->n_rules; i++)
		if (str_eq(coverage->rules[i].rule->campaign->file, covered->file->path))
			write_branches(file, &coverage->rules[i], block++);
	if (counts.sides)
		fprintf(file, "BRF:%zu\nBRH:%zu\n", counts.sides, counts.sides_hit);
	for (int line = 1; line <= covered->n_lines; line++)
		if (covered->code[line])
			fprintf(file, "DA:%d,%llu\n", line, (unsigned long long)covered->hits[line]);
	fprintf(file, "LF:%zu\nLH:%zu\nend_of_record\n", counts.lines, counts.lines_hit);
}

int coverage_write_lcov(const char *path, const char *folder, const struct coverage *coverage,
			struct error *reterr)
{
	FILE *file = fopen(path, "w");
	if (!file)
		return error_set(reterr, "cannot write '%s': %s", path, strerror(errno));
	for (size_t i = 0; i < coverage->n_files; i++)
		write_record(file, folder, coverage, &coverage->files[i]);
	bool bad = ferror(file);
	bad |= fclose(file) != 0;
	return bad ? error_set(reterr, "cannot write '%s'", path) : 0;
}
