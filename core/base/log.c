#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, VALUE_MAX = 2048 };

static bool plain(const char *value)
{
	if (!*value)
		return false;
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p == 0x7f)
			return false;
	return true;
}

static void add_value(struct buf *line, const char *value)
{
	if (plain(value)) {
		buf_add(line, value, strnlen(value, VALUE_MAX));
		return;
	}
	buf_char(line, '"');
	for (const char *p = value; *p && p - value < VALUE_MAX; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\')
			buf_printf(line, "\\%c", c);
		else if (c == '\n')
			buf_add(line, "\\n", 2);
		else if (c < ' ' || c == 0x7f)
			buf_printf(line, "\\u%04x", c);
		else
			buf_char(line, (char)c);
	}
	buf_char(line, '"');
}

const char *log_z(char *z, struct str s)
{
	size_t n = s.n < LOG_STR_MAX ? s.n : LOG_STR_MAX - 1;
	if (!s.p)
		return NULL;
	memcpy(z, s.p, n);
	z[n] = 0;
	return z;
}

void log_entry(const struct log *log, enum log_level level, const char *what, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	if (!log || level > log->level)
		return;
	struct buf line;
	buf_init(&line, LINE_MAX_BYTES);
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	char stamp[32];
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	buf_printf(&line, "time=%s.%03ldZ level=%s msg=", stamp, now.tv_nsec / 1000000, names[level]);
	add_value(&line, what);
	va_list args;
	va_start(args, what);
	for (const char *key; (key = va_arg(args, const char *));) {
		const char *value = va_arg(args, const char *);
		if (!value)
			continue;
		buf_printf(&line, " %s=", key);
		add_value(&line, value);
	}
	va_end(args);
	line.overflow = false;
	if (line.n == line.max)
		line.n--;
	buf_char(&line, '\n');
	for (size_t done = 0; done < line.n;) {
		ssize_t n = write(log->fd, line.p + done, line.n - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	buf_finish(&line);
}
