#include "app/test_print.h"

#include "api/json_put.h"
#include "app/problems_print.h"
#include "format/encode.h"

#include <errno.h>

enum { LINE_MAX = 1 << 20 };

#define GREEN "\033[32m"
#define RED   "\033[31m"

static void print_failure(FILE *out, const struct test_report *report)
{
	const struct error *error = &report->error;
	if (error->file[0])
		fprintf(out, "    %s:%d: ", error->file, error->line);
	else
		fputs("    ", out);
	print_clean(out, str_of(error->what), "    ");
	fputc('\n', out);
	if (error->excerpt[0]) {
		fprintf(out, "      %d | ", error->line);
		print_clean(out, str_of(error->excerpt), "");
		fputc('\n', out);
	}
	if (report->detail.n) {
		fputs("    ", out);
		print_clean(out, report->detail, "    ");
		fputc('\n', out);
	}
	if (error->hint[0]) {
		fputs("      hint: ", out);
		print_clean(out, str_of(error->hint), "      ");
		fputc('\n', out);
	}
}

void test_print(FILE *out, const struct test_report *report, bool colour)
{
	const char *word = report->passed ? "ok" : "FAILED";
	if (colour)
		fprintf(out, "%s%-6s\033[0m  ", report->passed ? GREEN : RED, word);
	else
		fprintf(out, "%-6s  ", word);
	print_clean(out, report->file, "");
	fputs(": ", out);
	print_clean(out, report->name.p ? report->name : STR("the file does not load"), "");
	fputc('\n', out);
	if (!report->passed)
		print_failure(out, report);
}

void test_print_json(FILE *out, const struct test_report *report)
{
	const struct error *error = &report->error;
	struct buf line;
	buf_init(&line, LINE_MAX);
	buf_char(&line, '{');
	put_text(&line, "file", report->file);
	put_text(&line, "test", report->name);
	put_number(&line, "line", report->line);
	put_text(&line, "outcome", report->passed ? STR("passed") : STR("failed"));
	put_number(&line, "took_us", report->took_us);
	if (!report->passed) {
		put_key(&line, "failure");
		buf_char(&line, '{');
		put_text_or_null(&line, "file", str_of(error->file));
		if (error->line)
			put_number(&line, "line", error->line);
		else
			put_null(&line, "line");
		put_text(&line, "what", str_of(error->what));
		put_text_or_null(&line, "detail", report->detail);
		put_text_or_null(&line, "hint", str_of(error->hint));
		buf_char(&line, '}');
	}
	buf_str(&line, STR("}\n"));
	fwrite(line.p, 1, line.n, out);
	buf_finish(&line);
}

/* --- JUnit --- */

static void put_attribute(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, " %s=\"", name);
	encode_xml_attribute(out, value);
	buf_char(out, '"');
}

void test_junit_add(struct buf *cases, const struct test_report *report)
{
	const struct error *error = &report->error;
	struct buf text;
	buf_str(cases, STR("  <testcase"));
	put_attribute(cases, "classname", report->file);
	put_attribute(cases, "name", report->name.p ? report->name : STR("the file does not load"));
	buf_printf(cases, " time=\"%.6f\"", (double)report->took_us / 1e6);
	if (report->passed) {
		buf_str(cases, STR("/>\n"));
		return;
	}
	buf_init(&text, LINE_MAX);
	buf_str(cases, STR(">\n    <failure"));
	put_attribute(cases, "message", str_of(error->what));
	buf_char(cases, '>');
	if (error->file[0])
		buf_printf(&text, "%s:%d: ", error->file, error->line);
	buf_printf(&text, "%s\n" STR_FMT, error->what, STR_ARG(report->detail));
	encode_xml_text(cases, buf_view(&text));
	buf_str(cases, STR("</failure>\n  </testcase>\n"));
	buf_finish(&text);
}

int test_junit_write(const char *path, const struct buf *cases, const struct testing_counts *counts,
		     struct error *reterr)
{
	FILE *file = fopen(path, "w");
	if (!file)
		return error_set(reterr, "cannot write '%s': %s", path, strerror(errno));
	fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"rules\" tests=\"%zu\" "
		"failures=\"%zu\">\n",
		counts->passed + counts->failed, counts->failed);
	fwrite(buf_view(cases).p, 1, cases->n, file);
	fputs("</testsuite>\n", file);
	bool bad = ferror(file);
	bad |= fclose(file) != 0;
	return bad ? error_set(reterr, "cannot write '%s'", path) : 0;
}
