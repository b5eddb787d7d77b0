#include "format/json.h"

#include "format/encode.h"

#include <math.h>
#include <stdio.h>

/* What stands behind the backslash; 'u' for the controls without a short form; 0: needs no escape. */
static char escape_of(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	}
	return c < 0x20 ? 'u' : 0;
}

/* Is any of the eight bytes a control, a quote, a backslash or no ASCII? May take one byte for another after
 * the first that is, never before. */
static bool any_special(const char *p)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x80 * ones;
	uint64_t x;
	memcpy(&x, p, sizeof x);
	uint64_t quote = x ^ ('"' * ones), backslash = x ^ ('\\' * ones);
	uint64_t low = (x - 0x20 * ones) | (quote - ones) | (backslash - ones);
	return ((low & ~x) | x) & highs;
}

/* How many bytes at the start can be written as they are. */
static size_t plain_run(struct str s)
{
	size_t at = 0;
	while (at < s.n) {
		while (at + 8 <= s.n && !any_special(s.p + at))
			at += 8;
		if (at == s.n)
			break;
		unsigned char c = (unsigned char)s.p[at];
		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			at++;
			continue;
		}
		size_t n = c < 0x80 ? 0 : utf8_character((struct str){s.p + at, s.n - at});
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

void json_write_escaped(struct buf *out, struct str s)
{
	for (;;) {
		size_t n = plain_run(s);
		buf_add(out, s.p, n);
		if (n == s.n)
			return;
		unsigned char c = (unsigned char)s.p[n];
		char escape = escape_of(c);
		if (c >= 0x80)
			buf_str(out, STR("\xEF\xBF\xBD"));
		else if (escape == 'u')
			buf_printf(out, "\\u%04x", c);
		else
			buf_add(out, (char[]){'\\', escape}, 2);
		s = (struct str){s.p + n + 1, s.n - n - 1};
	}
}

void json_write_string(struct buf *out, struct str s)
{
	/* Nearly every string is plain: one step instead of three. */
	if (plain_run(s) == s.n && buf_reserve(out, s.n + 2)) {
		char *p = out->p + out->n;
		p[0] = '"';
		if (s.n)
			memcpy(p + 1, s.p, s.n);
		p[s.n + 1] = '"';
		out->n += s.n + 2;
		return;
	}
	buf_char(out, '"');
	json_write_escaped(out, s);
	buf_char(out, '"');
}

static void write_array(struct buf *out, const struct value *value)
{
	buf_char(out, '[');
	for (size_t i = 0; i < value->n; i++) {
		if (i)
			buf_char(out, ',');
		json_write(out, &value->items[i]);
	}
	buf_char(out, ']');
}

static void write_object(struct buf *out, const struct value *value)
{
	buf_char(out, '{');
	for (size_t i = 0; i < value->n; i++) {
		if (i)
			buf_char(out, ',');
		json_write_string(out, value->members[i].key);
		buf_char(out, ':');
		json_write(out, &value->members[i].value);
	}
	buf_char(out, '}');
}

void json_write(struct buf *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		buf_str(out, STR("null"));
		break;
	case VALUE_FALSE:
		buf_str(out, STR("false"));
		break;
	case VALUE_TRUE:
		buf_str(out, STR("true"));
		break;
	case VALUE_NUMBER:
		buf_str(out, value->text);
		break;
	case VALUE_STRING:
		json_write_string(out, value->text);
		break;
	case VALUE_ARRAY:
		write_array(out, value);
		break;
	case VALUE_OBJECT:
		write_object(out, value);
		break;
	}
}

void json_write_double(struct buf *out, double number)
{
	char text[40];
	if (!isfinite(number)) {
		buf_str(out, STR("null"));
		return;
	}
	if (number == floor(number) && fabs(number) < 9007199254740992.0) {
		buf_printf(out, "%lld", (long long)number);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buf_str(out, str_of(text));
}
