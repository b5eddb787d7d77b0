#include "app/problems_print.h"

#include "format/error_text.h"

#include <unistd.h>

enum { JSON_LINE_MAX = 64 * 1024 };

enum problems_form problems_form_for(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	return isatty(fileno(out)) && !(no && *no) ? PROBLEMS_COLOUR : PROBLEMS_PLAIN;
}

void print_clean(FILE *out, struct str text, const char *indent)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		/* The second byte of a C1 control in UTF-8: terminals obey some of them. */
		bool c1 = c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0;
		if (c == '\n') {
			fputc('\n', out);
			fputs(indent, out);
		} else if (c1) {
			fputc('?', out);
			i++;
		} else {
			fputc((c < ' ' && c != '\t') || c == 0x7f ? '?' : c, out);
		}
	}
}

/* Under the column, with the excerpt's own tabs so that it lines up whatever their width. */
static void print_caret(FILE *out, const struct error *error, const char *indent)
{
	fprintf(out, "%s      | ", indent);
	for (int i = 0; i + 1 < error->column && error->excerpt[i]; i++) {
		unsigned char c = (unsigned char)error->excerpt[i];
		if ((c & 0xC0) != 0x80)
			fputc(c == '\t' ? '\t' : ' ', out);
	}
	fputs("^\n", out);
}

static void print_place(FILE *out, const struct error *error)
{
	if (!error->file[0])
		return;
	print_clean(out, str_of(error->file), "");
	if (error->line > 0)
		fprintf(out, ":%d", error->line);
	if (error->line > 0 && error->column > 0)
		fprintf(out, ":%d", error->column);
	fputs(": ", out);
}

static void print_for_people(FILE *out, bool colour, bool warning, const struct error *error)
{
	print_place(out, error);
	if (colour)
		fputs(warning ? "\033[33m" : "\033[31m", out);
	fputs(warning ? "warning: " : "error: ", out);
	if (colour)
		fputs("\033[0m", out);
	print_clean(out, str_of(error->what), "      ");
	fputc('\n', out);
	problem_print_details(out, error, "");
}

void problem_print_details(FILE *out, const struct error *error, const char *indent)
{
	if (error->excerpt[0]) {
		fprintf(out, "%s%5d | ", indent, error->line);
		print_clean(out, str_of(error->excerpt), "");
		fputc('\n', out);
		if (error->column > 0)
			print_caret(out, error, indent);
	}
	if (error->hint[0]) {
		fprintf(out, "%s      hint: ", indent);
		print_clean(out, str_of(error->hint), "      ");
		fputc('\n', out);
	}
}

static void print_json(FILE *out, bool warning, const struct error *error)
{
	struct buf line;
	buf_init(&line, JSON_LINE_MAX);
	buf_printf(&line, "{\"severity\":\"%s\",", warning ? "warning" : "error");
	error_write_members(&line, error);
	buf_str(&line, STR("}\n"));
	fwrite(line.p, 1, line.n, out);
	buf_finish(&line);
}

void problem_print(FILE *out, enum problems_form form, bool warning, const struct error *error)
{
	if (form == PROBLEMS_JSON)
		print_json(out, warning, error);
	else
		print_for_people(out, form == PROBLEMS_COLOUR, warning, error);
}

void problems_print(FILE *out, enum problems_form form, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->n_problems; i++)
		problem_print(out, form, ruleset->problems[i].warning, &ruleset->problems[i].error);
}
