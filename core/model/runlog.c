#include "model/runlog.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 4096 };

void runlog_init(struct runlog *log, struct arena *arena, size_t max)
{
	*log = (struct runlog){.arena = arena, .max = max};
	log->last = &log->first;
}

static void append(struct runlog *log, struct str text)
{
	struct runlog_line *line = arena_zalloc(log->arena, sizeof *line);
	if (!line)
		return;
	line->text = arena_copy(log->arena, text);
	if (!line->text.p)
		return;
	*log->last = line;
	log->last = &line->next;
	log->n++;
}

/* A line that is too long ends on a whole UTF-8 character: it goes out as JSON. */
static size_t cut(const char *text, size_t n)
{
	while (n && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

void runlog_add(struct runlog *log, const char *format, ...)
{
	char text[LINE_MAX_BYTES + 1];
	if (log->n > log->max)
		return;
	if (log->n == log->max) {
		append(log, STR("more lines than are kept; the rest is dropped"));
		return;
	}
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ensure(n >= 0);
	append(log, (struct str){text, n <= LINE_MAX_BYTES ? (size_t)n : cut(text, LINE_MAX_BYTES - 1)});
}
