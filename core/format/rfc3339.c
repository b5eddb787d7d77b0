#include "format/rfc3339.h"

#include <stdio.h>
#include <time.h>

static const int64_t first_ms = -62167219200000, last_ms = 253402300799999;

/* Exactly `n` digits. */
static bool number(struct str *s, size_t n, int low, int high, int *ret)
{
	int value = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		value = value * 10 + (s->p[i] - '0');
	}
	if (value < low || value > high)
		return false;
	*s = (struct str){s->p + n, s->n - n};
	*ret = value;
	return true;
}

static bool one_of(struct str *s, const char *characters)
{
	if (s->n == 0 || !s->p[0] || !strchr(characters, s->p[0]))
		return false;
	*s = (struct str){s->p + 1, s->n - 1};
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

static bool read_date(struct str *s, struct tm *tm)
{
	int year, month, day;
	if (!number(s, 4, 0, 9999, &year) || !one_of(s, "-") || !number(s, 2, 1, 12, &month) ||
	    !one_of(s, "-") || !number(s, 2, 1, days_in(year, month), &day))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

/* Up to the fraction; a second of 60 is the next minute's first, as timegm counts. */
static bool read_clock(struct str *s, struct tm *tm, int *ret_ms)
{
	int ms = 0, scale = 100, digit;
	if (!number(s, 2, 0, 23, &tm->tm_hour) || !one_of(s, ":") || !number(s, 2, 0, 59, &tm->tm_min) ||
	    !one_of(s, ":") || !number(s, 2, 0, 60, &tm->tm_sec))
		return false;
	if (one_of(s, ".")) {
		if (!number(s, 1, 0, 9, &digit))
			return false;
		do {
			ms += digit * scale;
			scale /= 10;
		} while (number(s, 1, 0, 9, &digit));
	}
	*ret_ms = ms;
	return true;
}

static bool read_offset(struct str *s, int *ret_minutes)
{
	int sign = s->n && s->p[0] == '-' ? -1 : 1, hours, minutes;
	*ret_minutes = 0;
	if (one_of(s, "Zz"))
		return true;
	if (!one_of(s, "+-") || !number(s, 2, 0, 23, &hours) || !one_of(s, ":") ||
	    !number(s, 2, 0, 59, &minutes))
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}

bool rfc3339_read(struct str text, int64_t *ret_ms)
{
	struct tm tm = {0};
	int ms, offset;
	if (!read_date(&text, &tm) || !one_of(&text, "Tt") || !read_clock(&text, &tm, &ms) ||
	    !read_offset(&text, &offset) || text.n)
		return false;
	*ret_ms = ((int64_t)timegm(&tm) - offset * 60) * 1000 + ms;
	return true;
}

struct str rfc3339_write(int64_t ms, char text[RFC3339_SIZE])
{
	ms = ms < first_ms ? first_ms : ms > last_ms ? last_ms : ms;
	int rest = (int)(ms % 1000);
	rest += rest < 0 ? 1000 : 0;
	time_t seconds = (time_t)((ms - rest) / 1000);
	struct tm tm;
	ensure(gmtime_r(&seconds, &tm));
	int n = snprintf(text, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
	ensure(n > 0 && n < RFC3339_SIZE);
	return (struct str){text, (size_t)n};
}
