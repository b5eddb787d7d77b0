#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* A cut must not leave half a character: logs and JSON answers carry this text. */
static void cut_utf8(char *z, size_t size)
{
	size_t n = strlen(z);
	if (n + 1 < size)
		return;
	while (n && ((unsigned char)z[n - 1] & 0xC0) == 0x80)
		n--;
	if (n && ((unsigned char)z[n - 1] & 0x80))
		n--;
	z[n] = 0;
}

__attribute__((format(printf, 3, 0))) static void fill(char *z, size_t size, const char *format, va_list args)
{
	vsnprintf(z, size, format, args);
	cut_utf8(z, size);
}

int error_set(struct error *error, const char *format, ...)
{
	if (!error)
		return -1;
	va_list args;
	char what[sizeof error->what]; /* the arguments may point into the error itself */
	va_start(args, format);
	fill(what, sizeof what, format, args);
	va_end(args);
	memset(error, 0, sizeof *error);
	memcpy(error->what, what, sizeof what);
	return -1;
}

void error_hint(struct error *error, const char *format, ...)
{
	if (!error)
		return;
	va_list args;
	va_start(args, format);
	fill(error->hint, sizeof error->hint, format, args);
	va_end(args);
}

void error_prefix(struct error *error, const char *format, ...)
{
	if (!error)
		return;
	char before[sizeof error->what], whole[2 * sizeof error->what + 2];
	va_list args;
	va_start(args, format);
	fill(before, sizeof before, format, args);
	va_end(args);
	snprintf(whole, sizeof whole, "%s: %s", before, error->what);
	memcpy(error->what, whole, sizeof error->what - 1);
	error->what[sizeof error->what - 1] = 0;
	cut_utf8(error->what, sizeof error->what);
}

void error_at(struct error *error, struct str file, int line, int column, struct str source)
{
	if (!error)
		return;
	snprintf(error->file, sizeof error->file, STR_FMT, STR_ARG(file));
	error->line = line;
	error->column = column;
	error->excerpt[0] = 0;
	const char *p = source.p, *end = source.p ? source.p + source.n : NULL;
	for (int at = 1; p && at < line; at++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p || line < 1)
		return;
	const char *stop = memchr(p, '\n', (size_t)(end - p));
	int n = (int)((stop ? stop : end) - p);
	if (n > 0 && p[n - 1] == '\r')
		n--;
	snprintf(error->excerpt, sizeof error->excerpt, "%.*s", n, p);
	cut_utf8(error->excerpt, sizeof error->excerpt);
}
