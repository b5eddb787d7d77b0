#include "format/timefmt.h"

#include <ctype.h>
#include <glib.h>

enum { ZONE_MAX = 64, FORMAT_MAX = 256, NUMBER_MAX = 32 };

static const int64_t US = 1000000;

/* A zone or format is a slice; GLib wants it terminated. */
static bool terminate(struct str s, char *z, size_t size)
{
	if (s.n == 0 || s.n >= size || memchr(s.p, 0, s.n))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	return true;
}

static GTimeZone *zone_open(struct str zone)
{
	char z[ZONE_MAX];
	return terminate(zone, z, sizeof z) ? g_time_zone_new_identifier(z) : NULL;
}

bool time_zone_known(struct str zone)
{
	/* The reference is kept on purpose: GLib shares a zone by name for as long as anyone holds one, and
	 * reads its file anew after the last has gone. There are only as many as the tz database and the
	 * rules name. */
	return zone_open(zone) != NULL;
}

/* GLib drops a '%' at the end without a word. */
static bool ends_in_percent(struct str format)
{
	size_t at = 0;
	while (at < format.n && !(format.p[at] == '%' && at + 1 == format.n))
		at += format.p[at] == '%' ? 2 : 1;
	return at < format.n;
}

bool time_format_valid(struct str format)
{
	struct buf out;
	buf_init(&out, 4096);
	bool valid = !ends_in_percent(format) && time_write(0, format, STR("UTC"), &out);
	buf_finish(&out);
	return valid;
}

/* `n` digits at *at, which moves behind them. */
static bool read_digits(struct str s, size_t *at, int n, int *ret)
{
	int number = 0;
	if (s.n - *at < (size_t)n)
		return false;
	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)s.p[*at]))
			return false;
		number = number * 10 + (s.p[*at] - '0');
	}
	*ret = number;
	return true;
}

static bool read_char(struct str s, size_t *at, const char *any)
{
	if (*at >= s.n || !s.p[*at] || !strchr(any, s.p[*at]))
		return false;
	(*at)++;
	return true;
}

struct clock_time {
	int year, month, day, hour, minute, second;
	int us;
	bool naive;
	int offset_s;
};

/* ".25": digits past the microseconds are dropped. */
static bool read_fraction(struct str s, size_t *at, int *ret_us)
{
	int us = 0, digits = 0;
	for (; *at < s.n && isdigit((unsigned char)s.p[*at]); (*at)++, digits++) {
		if (digits < 6)
			us = us * 10 + (s.p[*at] - '0');
	}
	for (int i = digits; i < 6; i++)
		us *= 10;
	*ret_us = us;
	return digits > 0;
}

static bool read_offset(struct str s, size_t *at, int *ret_s)
{
	int sign = s.p[*at] == '-' ? -1 : 1, hours, minutes;
	if (read_char(s, at, "Zz")) {
		*ret_s = 0;
		return true;
	}
	if (!read_char(s, at, "+-") || !read_digits(s, at, 2, &hours))
		return false;
	read_char(s, at, ":");
	if (!read_digits(s, at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool read_clock_time(struct str s, struct clock_time *ret)
{
	size_t at = 0;
	*ret = (struct clock_time){0};
	if (!read_digits(s, &at, 4, &ret->year) || !read_char(s, &at, "-") ||
	    !read_digits(s, &at, 2, &ret->month) || !read_char(s, &at, "-") ||
	    !read_digits(s, &at, 2, &ret->day) || !read_char(s, &at, "Tt ") ||
	    !read_digits(s, &at, 2, &ret->hour) || !read_char(s, &at, ":") ||
	    !read_digits(s, &at, 2, &ret->minute) || !read_char(s, &at, ":") ||
	    !read_digits(s, &at, 2, &ret->second))
		return false;
	if (read_char(s, &at, ".,") && !read_fraction(s, &at, &ret->us))
		return false;
	ret->naive = at == s.n;
	return ret->naive || (read_offset(s, &at, &ret->offset_s) && at == s.n);
}

static bool clock_time_us(const struct clock_time *t, struct str zone, int64_t *ret_us)
{
	GTimeZone *tz = t->naive ? zone_open(zone) : g_time_zone_new_utc();
	if (!tz)
		return false;
	GDateTime *date = g_date_time_new(tz, t->year, t->month, t->day, t->hour, t->minute, t->second);
	g_time_zone_unref(tz);
	if (!date)
		return false;
	*ret_us = (g_date_time_to_unix(date) - t->offset_s) * US + t->us;
	g_date_time_unref(date);
	return true;
}

/* Unix time. A text of another length than these is more likely an identifier or a date without its dashes.
 */
static bool read_unix(struct str s, bool is_number, int64_t *ret_us)
{
	char z[NUMBER_MAX], *end;
	size_t digits = 0;
	if (!terminate(s, z, sizeof z))
		return false;
	while (digits < s.n && isdigit((unsigned char)z[digits]))
		digits++;
	if (!is_number && (digits < 9 || digits == 11 || digits > 13 || (z[digits] && z[digits] != '.')))
		return false;
	double number = g_ascii_strtod(z, &end);
	if (*end || !(number > -62135596800.0 && number < 253402300800.0 * 1000))
		return false;
	*ret_us = (int64_t)(number >= 1e11 ? number * 1e3 : number * 1e6);
	return true;
}

bool time_read(struct str text, bool is_number, struct str zone, int64_t *ret_us)
{
	struct clock_time t;
	if (is_number)
		return read_unix(text, true, ret_us);
	text = str_trim(text);
	if (read_clock_time(text, &t))
		return clock_time_us(&t, zone, ret_us);
	return read_unix(text, false, ret_us);
}

/* The moment in its zone. GLib has no constructor with microseconds. */
static GDateTime *date_of(int64_t time_us, GTimeZone *tz)
{
	int64_t us = (time_us % US + US) % US;
	GDateTime *date = g_date_time_new_from_unix_utc((time_us - us) / US);
	GDateTime *exact = date && us ? g_date_time_add(date, us) : date;
	GDateTime *local = exact ? g_date_time_to_timezone(exact, tz) : NULL;
	if (exact && exact != date)
		g_date_time_unref(exact);
	if (date)
		g_date_time_unref(date);
	return local;
}

bool time_write(int64_t time_us, struct str format, struct str zone, struct buf *out)
{
	char z[FORMAT_MAX];
	if (!terminate(format, z, sizeof z) || !g_utf8_validate(z, -1, NULL))
		return false;
	GTimeZone *tz = zone_open(zone);
	if (!tz)
		return false;
	GDateTime *date = date_of(time_us, tz);
	char *text = date ? g_date_time_format(date, z) : NULL;
	if (text)
		buf_str(out, str_of(text));
	g_free(text);
	if (date)
		g_date_time_unref(date);
	g_time_zone_unref(tz);
	return text != NULL;
}
