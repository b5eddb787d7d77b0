/* Dates and times of XML Schema part 2, sections 3.2.6 to 3.2.14. */
#include "soap/simple.h"

struct moment {
	int64_t year, month, day, hour, minute, second, zone_minutes;
	bool has_zone;
	struct str fraction; /* digits */
};

struct cursor {
	const char *p, *end;
};

static bool take_char(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* Between min_n and max_n digits. */
static bool take_digits(struct cursor *c, int min_n, int max_n, int64_t *ret)
{
	int n = 0;
	int64_t number = 0;
	while (c->p < c->end && n < max_n && *c->p >= '0' && *c->p <= '9') {
		number = number * 10 + (*c->p++ - '0');
		n++;
	}
	*ret = number;
	return n >= min_n;
}

static bool take_number(struct cursor *c, int64_t min, int64_t max, int64_t *ret)
{
	return take_digits(c, 2, 2, ret) && *ret >= min && *ret <= max;
}

static bool take_year(struct cursor *c, int64_t *ret)
{
	bool negative = take_char(c, '-');
	const char *start = c->p;
	if (!take_digits(c, 4, 9, ret) || (c->p - start > 4 && *start == '0') || *ret == 0)
		return false;
	*ret = negative ? -*ret : *ret;
	return true;
}

static bool take_zone(struct cursor *c, struct moment *m)
{
	if (c->p == c->end)
		return true;
	m->has_zone = true;
	if (take_char(c, 'Z'))
		return c->p == c->end;
	int64_t hours, minutes, sign = *c->p == '-' ? -1 : 1;
	if (!take_char(c, '+') && !take_char(c, '-'))
		return false;
	if (!take_number(c, 0, 14, &hours) || !take_char(c, ':') || !take_number(c, 0, 59, &minutes))
		return false;
	m->zone_minutes = sign * (hours * 60 + minutes);
	return hours * 60 + minutes <= 14 * 60 && c->p == c->end;
}

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in(int64_t year, int64_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && leap(year) ? 29 : days[month - 1];
}

static bool take_date(struct cursor *c, struct moment *m)
{
	return take_year(c, &m->year) && take_char(c, '-') && take_number(c, 1, 12, &m->month) &&
	       take_char(c, '-') && take_number(c, 1, days_in(m->year, m->month), &m->day);
}

static bool take_time(struct cursor *c, struct moment *m)
{
	if (!take_number(c, 0, 24, &m->hour) || !take_char(c, ':') || !take_number(c, 0, 59, &m->minute) ||
	    !take_char(c, ':') || !take_number(c, 0, 59, &m->second))
		return false;
	if (take_char(c, '.')) {
		const char *start = c->p;
		while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
			c->p++;
		m->fraction = (struct str){start, (size_t)(c->p - start)};
		if (!m->fraction.n)
			return false;
	}
	return m->hour < 24 || (m->minute == 0 && m->second == 0);
}

static bool take_moment(enum builtin builtin, struct str text, struct moment *m)
{
	struct cursor c = {text.p, text.p + text.n};
	*m = (struct moment){.year = 2000, .month = 1, .day = 1};
	switch (builtin) {
	case BUILTIN_DATETIME:
		return take_date(&c, m) && take_char(&c, 'T') && take_time(&c, m) && take_zone(&c, m);
	case BUILTIN_DATE:
		return take_date(&c, m) && take_zone(&c, m);
	case BUILTIN_TIME:
		return take_time(&c, m) && take_zone(&c, m);
	case BUILTIN_GYEARMONTH:
		return take_year(&c, &m->year) && take_char(&c, '-') && take_number(&c, 1, 12, &m->month) &&
		       take_zone(&c, m);
	case BUILTIN_GYEAR:
		return take_year(&c, &m->year) && take_zone(&c, m);
	case BUILTIN_GMONTHDAY:
		return take_char(&c, '-') && take_char(&c, '-') && take_number(&c, 1, 12, &m->month) &&
		       take_char(&c, '-') && take_number(&c, 1, days_in(2000, m->month), &m->day) &&
		       take_zone(&c, m);
	case BUILTIN_GDAY:
		return take_char(&c, '-') && take_char(&c, '-') && take_char(&c, '-') &&
		       take_number(&c, 1, 31, &m->day) && take_zone(&c, m);
	case BUILTIN_GMONTH:
		if (!take_char(&c, '-') || !take_char(&c, '-') || !take_number(&c, 1, 12, &m->month))
			return false;
		/* The first edition wrote --MM--; schemas of that time still live. */
		if (c.end - c.p >= 2 && c.p[0] == '-' && c.p[1] == '-')
			c.p += 2;
		return take_zone(&c, m);
	default:
		return false;
	}
}

/* -P1Y2M3DT4H5M6.7S; at least one part, and at least one behind a T. */
static bool duration_valid(struct str text)
{
	struct cursor c = {text.p, text.p + text.n};
	take_char(&c, '-');
	if (!take_char(&c, 'P'))
		return false;
	static const char order[] = "YMDTHMS";
	size_t next = 0, parts = 0;
	bool time = false, time_parts = false;
	while (c.p < c.end) {
		if (!time && take_char(&c, 'T')) {
			time = true;
			next = 4;
			continue;
		}
		int64_t number;
		bool fraction = false;
		if (!take_digits(&c, 1, 18, &number))
			return false;
		if (take_char(&c, '.')) {
			fraction = true;
			if (!take_digits(&c, 1, 18, &number))
				return false;
		}
		size_t end = time ? 7 : 3;
		while (next < end && (c.p == c.end || order[next] != *c.p))
			next++;
		if (next == end || (fraction && order[next] != 'S'))
			return false;
		c.p++;
		next++;
		parts++;
		time_parts = time_parts || time;
	}
	return parts && time == time_parts;
}

bool time_valid(enum builtin builtin, struct str text)
{
	struct moment m;
	return builtin == BUILTIN_DURATION ? duration_valid(text) : take_moment(builtin, text, &m);
}

/* Days from a civil date, counted from 0000-03-01 (proleptic Gregorian). */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t in_era = year - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year;
}

static int64_t seconds_of(const struct moment *m)
{
	return ((day_number(m->year, m->month, m->day) * 24 + m->hour) * 60 + m->minute - m->zone_minutes) *
		       60 +
	       m->second;
}

static int digit_at(struct str fraction, size_t at)
{
	return at < fraction.n ? fraction.p[at] : '0';
}

int time_compare(enum builtin builtin, struct str a, struct str b)
{
	struct moment x, y;
	if (builtin == BUILTIN_DURATION)
		return str_eq(a, b) ? 0 : 2;
	if (!take_moment(builtin, a, &x) || !take_moment(builtin, b, &y))
		return 2;
	int64_t s = seconds_of(&x), t = seconds_of(&y);
	if (s != t)
		return s < t ? -1 : 1;
	size_t n = x.fraction.n > y.fraction.n ? x.fraction.n : y.fraction.n;
	for (size_t i = 0; i < n; i++)
		if (digit_at(x.fraction, i) != digit_at(y.fraction, i))
			return digit_at(x.fraction, i) < digit_at(y.fraction, i) ? -1 : 1;
	return 0;
}
