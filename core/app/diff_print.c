#include "app/diff_print.h"

#include "app/problems_print.h"
#include "simulate/diff_report.h"

enum { LINE_MAX = 1 << 20, VALUE_SHOWN = 100 };

#define BOLD   "\033[1m"
#define GREEN  "\033[32m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"

static void colour(FILE *out, bool on, const char *which)
{
	if (on)
		fputs(which, out);
}

static void print_value(FILE *out, struct str value)
{
	if (!value.p) {
		fputs("nothing", out);
		return;
	}
	if (!value.n) {
		fputs("(empty)", out);
		return;
	}
	bool cut = value.n > VALUE_SHOWN;
	value.n = cut ? VALUE_SHOWN : value.n;
	print_clean(out, value, "        ");
	fputs(cut ? "…" : "", out);
}

static void print_group(FILE *out, const struct diff_group *group, bool on)
{
	static const char *const marks[] = {"+ ", "- ", "~ ", "! "};
	static const char *const colours[] = {GREEN, RED, YELLOW, YELLOW};
	fputs("    ", out);
	colour(out, on, colours[group->kind]);
	fputs(marks[group->kind], out);
	switch (group->kind) {
	case DIFF_ADDED:
	case DIFF_GONE:
		fputs(group->kind == DIFF_ADDED ? "a new request: " : "no request any more: ", out);
		print_value(out, group->kind == DIFF_ADDED ? group->to : group->from);
		break;
	case DIFF_CHANGED:
		print_clean(out, group->place, "");
		fputs(": ", out);
		print_value(out, group->from);
		fputs(" -> ", out);
		print_value(out, group->to);
		break;
	case DIFF_OUTCOME:
		fputs("the rule ends otherwise: ", out);
		print_value(out, group->from);
		fputs(" -> ", out);
		print_value(out, group->to);
		break;
	}
	colour(out, on, "\033[0m");
	fprintf(out, "\n        %zu event%s, as ", group->count, group->count == 1 ? "" : "s");
	print_clean(out, group->event, "");
	fputc('\n', out);
}

static bool same_rule(const struct diff_group *a, const struct diff_group *b)
{
	return str_eq(a->campaign, b->campaign) && str_eq(a->rule, b->rule) && str_eq(a->service, b->service);
}

static void print_heading(FILE *out, const struct diff_group *group, bool on)
{
	colour(out, on, BOLD);
	print_clean(out, group->campaign, "");
	fputs(": ", out);
	print_clean(out, group->rule, "");
	if (group->service.p) {
		fputs("  ", out);
		print_clean(out, group->service, "");
	}
	colour(out, on, "\033[0m");
	fputc('\n', out);
}

/* The groups of one rule and service stand together, in the order of their first event. */
void diff_print(FILE *out, const struct diff *diff, bool on)
{
	bool *shown = mem_zalloc(diff->n_groups + 1);
	for (size_t i = 0; i < diff->n_groups; i++) {
		if (shown[i])
			continue;
		print_heading(out, &diff->groups[i], on);
		for (size_t j = i; j < diff->n_groups; j++)
			if (!shown[j] && same_rule(&diff->groups[i], &diff->groups[j])) {
				print_group(out, &diff->groups[j], on);
				shown[j] = true;
			}
		fputc('\n', out);
	}
	free(shown);
	size_t differ = diff->events - diff->events_same;
	if (!diff->n_groups)
		fprintf(out, "no difference in %zu event%s\n", diff->events, diff->events == 1 ? "" : "s");
	else
		fprintf(out, "%zu of %zu events differ, in %zu way%s\n", differ, diff->events, diff->n_groups,
			diff->n_groups == 1 ? "" : "s");
}

void diff_print_json(FILE *out, const struct diff *diff)
{
	struct buf line;
	buf_init(&line, LINE_MAX);
	for (size_t i = 0; i < diff->n_groups; i++) {
		buf_clear(&line);
		diff_group_put(&line, &diff->groups[i]);
		buf_char(&line, '\n');
		fwrite(line.p, 1, line.n, out);
	}
	buf_finish(&line);
}
