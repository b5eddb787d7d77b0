#include "app/reload_print.h"

#include "app/client.h"
#include "app/problems_print.h"

#include <stdio.h>

static void copy_text(char *to, size_t size, const struct value *object, const char *key)
{
	struct str text = json_text(object, key);
	snprintf(to, size, STR_FMT, STR_ARG(text));
}

static void print_problem(const struct value *problem)
{
	struct error error = {.line = (int)json_number(problem, "line"),
			      .column = (int)json_number(problem, "column")};
	copy_text(error.what, sizeof error.what, problem, "what");
	copy_text(error.hint, sizeof error.hint, problem, "hint");
	copy_text(error.file, sizeof error.file, problem, "file");
	copy_text(error.excerpt, sizeof error.excerpt, problem, "excerpt");
	problem_print(stdout, problems_form_for(stdout),
		      str_eq(json_text(problem, "severity"), STR("warning")), &error);
}

static void print_names(const struct value *report, const char *key)
{
	const struct value *names = json_array(report, key);
	for (uint32_t i = 0; i < names->n; i++) {
		struct str name;
		if (!value_text(&names->items[i], &name))
			continue;
		printf("  %-9s", key);
		print_clean(stdout, name, "");
		putchar('\n');
	}
}

void kept_print(const struct value *report, const char *indent)
{
	const struct value *kept = json_array(report, "kept"), *lost = json_array(report, "not_loaded");
	for (uint32_t i = 0; i < kept->n; i++) {
		int64_t generation = json_number(&kept->items[i], "generation");
		fputs(indent, stdout);
		print_clean(stdout, json_text(&kept->items[i], "campaign"), "");
		if (generation)
			printf(" has errors and goes on as it was in generation %lld\n",
			       (long long)generation);
		else
			puts(" has errors and goes on as it was");
	}
	for (uint32_t i = 0; i < lost->n; i++) {
		struct str name;
		if (!value_text(&lost->items[i], &name))
			continue;
		fputs(indent, stdout);
		print_clean(stdout, name, "");
		puts(" has errors and serves nothing");
	}
}

static void print_report(const struct value *report)
{
	const struct value *problems = json_array(report, "problems");
	int64_t generation = json_number(report, "generation"), before = json_number(report, "before");
	for (uint32_t i = 0; i < problems->n; i++)
		print_problem(&problems->items[i]);
	kept_print(report, "");
	if (generation == before) {
		printf("generation %lld: nothing changed\n", (long long)generation);
		return;
	}
	printf("generation %lld serves, after %lld; %lld campaigns\n", (long long)generation,
	       (long long)before, (long long)json_number(report, "campaigns"));
	print_names(report, "added");
	print_names(report, "changed");
	print_names(report, "removed");
}

int reload_print(const struct value *report, bool json)
{
	if (json)
		print_json_line(report);
	else
		print_report(report);
	return json_number(report, "errors") ? EXIT_NO : EXIT_DONE;
}
