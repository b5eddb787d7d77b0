#include "app/coverage_print.h"

#include "app/problems_print.h"
#include "simulate/coverage_report.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_WIDTH = 32, JSON_MAX = 256 << 20 };

/* --- printing --- */

static void print_part(FILE *out, size_t hit, size_t all)
{
	char text[48];
	if (all)
		snprintf(text, sizeof text, "%zu/%zu", hit, all);
	else
		snprintf(text, sizeof text, "-");
	fprintf(out, "  %10s", text);
}

static void print_row(FILE *out, struct str name, const struct coverage_counts *counts)
{
	print_clean(out, name, "");
	for (size_t n = name.n; n < NAME_WIDTH; n++)
		fputc(' ', out);
	print_part(out, counts->lines_hit, counts->lines);
	print_part(out, counts->sides_hit, counts->sides);
	print_part(out, counts->rules_ran, counts->rules);
	fprintf(out, "  %5.1f %%\n", coverage_percent(counts));
}

/* "lines 3, 7-9": a run of missed lines goes on over lines without code. */
static void print_missed_lines(FILE *out, const struct coverage_file *file)
{
	int n = 0;
	for (int line = 1; line <= file->n_lines; line++) {
		if (!file->code[line] || file->hits[line])
			continue;
		int last = line;
		for (int next = line + 1; next <= file->n_lines; next++) {
			if (file->code[next] && file->hits[next])
				break;
			if (file->code[next])
				last = next;
		}
		fputs(n++ ? ", " : "  never reached: line ", out);
		if (last > line)
			fprintf(out, "%d-%d", line, last);
		else
			fprintf(out, "%d", line);
		line = last;
	}
	if (n)
		fputc('\n', out);
}

static void print_missed_sides(FILE *out, const struct coverage_rule *rule)
{
	for (size_t i = 0; i < rule->rule->n_when; i++) {
		const struct coverage_condition *seen = &rule->conditions[i];
		if (seen->held && seen->failed)
			continue;
		fputs("  '", out);
		print_clean(out, rule->rule->name, "");
		fprintf(out, "', line %d: ", rule->rule->line);
		print_clean(out, rule->rule->when[i].tag, "");
		fputs(" = ", out);
		print_clean(out, rule->rule->when[i].shown, "");
		fprintf(out, " was never %s\n",
			!seen->held && !seen->failed ? "asked"
			: seen->held                 ? "false"
						     : "true");
	}
}

static void print_file(FILE *out, const struct coverage *coverage, const struct coverage_file *file)
{
	struct coverage_counts counts = {0};
	coverage_count(coverage, file, &counts);
	print_row(out, file->file->path, &counts);
	print_missed_lines(out, file);
	for (size_t i = 0; i < coverage->n_rules; i++) {
		const struct coverage_rule *rule = &coverage->rules[i];
		if (!str_eq(rule->rule->campaign->file, file->file->path))
			continue;
		if (!rule->looked_at) {
			fputs("  '", out);
			print_clean(out, rule->rule->name, "");
			fprintf(out, "', line %d: no event was for it\n", rule->rule->line);
		} else {
			print_missed_sides(out, rule);
		}
	}
}

void coverage_print(FILE *out, const struct coverage *coverage, bool json)
{
	struct coverage_counts all = {0};
	struct buf line;
	if (json) {
		buf_init(&line, JSON_MAX);
		buf_char(&line, '{');
		coverage_put(&line, coverage, (struct str){0});
		buf_str(&line, STR("}\n"));
		fwrite(line.p, 1, line.n, out);
		buf_finish(&line);
		return;
	}
	fprintf(out, "\n%-*s  %10s  %10s  %10s\n", NAME_WIDTH, "coverage", "lines", "conditions", "rules");
	for (size_t i = 0; i < coverage->n_files; i++)
		print_file(out, coverage, &coverage->files[i]);
	coverage_count(coverage, NULL, &all);
	print_row(out, STR("total"), &all);
}

/* --- the options --- */

int coverage_wish_check(struct coverage_wish *wish, const struct command *command)
{
	char *end;
	wish->wanted |= wish->lcov || wish->least;
	if (!wish->least)
		return OPTIONS_GO_ON;
	errno = 0;
	wish->least_percent = strtod(wish->least, &end);
	if (errno || end == wish->least || (*end && strcmp(end, "%") != 0) || !(wish->least_percent >= 0) ||
	    wish->least_percent > 100)
		return options_wrong(command, "--min-coverage takes a percentage, 0 to 100");
	return OPTIONS_GO_ON;
}

int coverage_fulfil(const struct coverage_wish *wish, const char *folder, const struct coverage *coverage,
		    bool json, FILE *out, FILE *err)
{
	struct coverage_counts all = {0};
	struct error error;
	coverage_print(out, coverage, json);
	coverage_count(coverage, NULL, &all);
	if (wish->lcov && coverage_write_lcov(wish->lcov, folder, coverage, &error)) {
		problem_print(err, problems_form_for(stderr), false, &error);
		return EXIT_NO;
	}
	if (!wish->least || coverage_percent(&all) >= wish->least_percent)
		return EXIT_DONE;
	error_set(&error, "the coverage is %.1f %%, less than %s", coverage_percent(&all), wish->least);
	problem_print(err, problems_form_for(stderr), false, &error);
	return EXIT_NO;
}

void coverage_wish_finish(struct coverage_wish *wish)
{
	free(wish->lcov);
	free(wish->least);
}
