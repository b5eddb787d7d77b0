#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, VALUE_MAX = 2048 };

/* --- logfmt --- */

static bool plain(const char *value)
{
	if (!*value)
		return false;
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p == 0x7f)
			return false;
	return true;
}

/* How many bytes the character at p has; 0 when it is none of UTF-8. */
static size_t character_bytes(const unsigned char *p, size_t n)
{
	size_t want = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : 4;
	if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return want;
}

/* Valid in both forms: what JSON escapes, logfmt may escape too. */
static void add_quoted(struct buf *line, const char *value)
{
	const unsigned char *p = (const unsigned char *)value;
	size_t n = strnlen(value, VALUE_MAX), bytes;
	buf_char(line, '"');
	for (size_t i = 0; i < n; i += bytes ? bytes : 1) {
		bytes = character_bytes(p + i, n - i);
		if (!bytes)
			buf_str(line, STR("\\ufffd"));
		else if (p[i] == '"' || p[i] == '\\')
			buf_printf(line, "\\%c", p[i]);
		else if (p[i] == '\n')
			buf_str(line, STR("\\n"));
		else if (p[i] < ' ' || p[i] == 0x7f)
			buf_printf(line, "\\u%04x", p[i]);
		else
			buf_add(line, p + i, bytes);
	}
	buf_char(line, '"');
}

static void add_value(struct buf *line, const char *value)
{
	if (plain(value))
		buf_add(line, value, strnlen(value, VALUE_MAX));
	else
		add_quoted(line, value);
}

/* A pair that does not fit is left out whole, so that the line stays one that can be read. */
static void add_pair(struct buf *line, enum log_form form, const char *key, const char *value)
{
	size_t before = line->n;
	if (form == LOG_JSON) {
		buf_printf(line, ",\"%s\":", key);
		add_quoted(line, value);
	} else {
		buf_printf(line, " %s=", key);
		add_value(line, value);
	}
	if (line->overflow) {
		line->n = before;
		line->overflow = false;
	}
}

/* --- where it goes --- */

/* systemd names the device and inode of what it has connected (systemd.exec(5)). */
static bool is_journal(int fd)
{
	unsigned long long device, inode;
	struct stat stat;
	const char *stream = getenv("JOURNAL_STREAM");
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &stat) == 0 &&
	       stat.st_dev == device && stat.st_ino == inode;
}

struct log log_to(int fd, enum log_level level)
{
	return (struct log){
		.fd = fd,
		.level = level,
		.form = isatty(fd) ? LOG_LOGFMT : LOG_JSON,
		.priorities = is_journal(fd),
	};
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

static void begin_line(struct buf *line, const struct log *log, enum log_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	static const int priorities[] = {3, 4, 6, 7}; /* of syslog */
	struct timespec now;
	struct tm utc;
	char stamp[32], time[48];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(time, sizeof time, "%s.%03ldZ", stamp, now.tv_nsec / 1000000);
	if (log->priorities)
		buf_printf(line, "<%d>", priorities[level]);
	if (log->form == LOG_JSON)
		buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", time, names[level]);
	else
		buf_printf(line, "time=%s level=%s", time, names[level]);
}

static void write_line(int fd, const struct buf *line)
{
	for (size_t done = 0; done < line->n;) {
		ssize_t n = write(fd, line->p + done, line->n - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
}

void log_entry(const struct log *log, enum log_level level, const char *what, ...)
{
	if (!log || level > log->level)
		return;
	struct buf line;
	va_list args;
	buf_init(&line, LINE_MAX_BYTES);
	begin_line(&line, log, level);
	add_pair(&line, log->form, "msg", what);
	va_start(args, what);
	for (const char *key; (key = va_arg(args, const char *));) {
		const char *value = va_arg(args, const char *);
		if (value)
			add_pair(&line, log->form, key, value);
	}
	va_end(args);
	line.max += sizeof "}\n"; /* there is always room to end it */
	buf_str(&line, log->form == LOG_JSON ? STR("}\n") : STR("\n"));
	write_line(log->fd, &line);
	buf_finish(&line);
}
