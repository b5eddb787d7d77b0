#include "format/encode.h"

static const char hex[] = "0123456789ABCDEF";

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void add_percent(struct buf *out, unsigned char c)
{
	const char code[] = {'%', hex[c >> 4], hex[c & 15]};
	buf_add(out, code, sizeof code);
}

/* What stands for itself goes out in runs: most of a text does. */
static size_t plain_run(struct str s, const char *also)
{
	size_t n = 0;
	while (n < s.n && (is_alnum((unsigned char)s.p[n]) || (s.p[n] && strchr(also, s.p[n]))))
		n++;
	return n;
}

static void encode(struct buf *out, struct str s, const char *also, bool plus)
{
	while (s.n) {
		size_t n = plain_run(s, also);
		buf_add(out, s.p, n);
		if (n < s.n && plus && s.p[n] == ' ')
			buf_char(out, '+');
		else if (n < s.n)
			add_percent(out, (unsigned char)s.p[n]);
		n += n < s.n;
		s = (struct str){s.p + n, s.n - n};
	}
}

void encode_form(struct buf *out, struct str s)
{
	encode(out, s, "*-._", true);
}

void encode_percent(struct buf *out, struct str s)
{
	encode(out, s, "-._~", false);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool form_is_right(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%' && (i + 2 >= s.n || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0))
			return false;
	return true;
}

bool decode_form(struct buf *out, struct str s)
{
	if (!form_is_right(s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			buf_char(out, (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])));
			i += 2;
		} else {
			buf_char(out, s.p[i] == '+' ? ' ' : s.p[i]);
		}
	}
	return true;
}

size_t utf8_character(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	/* Forms that are longer than they need be, surrogates, and what lies past U+10FFFF. */
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
	    (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

size_t utf8_valid_prefix(struct str s)
{
	const uint64_t high_bits = 0x8080808080808080;
	size_t at = 0;
	while (at < s.n) {
		uint64_t eight;
		while (at + sizeof eight <= s.n) {
			memcpy(&eight, s.p + at, sizeof eight);
			if (eight & high_bits)
				break;
			at += sizeof eight;
		}
		if (at == s.n)
			break;
		size_t n = utf8_character((struct str){s.p + at, s.n - at});
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

bool utf8_valid(struct str s)
{
	return utf8_valid_prefix(s) == s.n;
}

/* The character at the start as XML 1.0 may carry it (section 2.2), and how far to go on. */
static struct str xml_character(struct str s, size_t *ret_n)
{
	const struct str replacement = STR("\xEF\xBF\xBD");
	size_t n = utf8_character(s);
	*ret_n = n ? n : 1;
	unsigned char c = (unsigned char)s.p[0];
	if (n == 0 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
		return replacement;
	if (n == 3 && (memcmp(s.p, "\xEF\xBF\xBE", 3) == 0 || memcmp(s.p, "\xEF\xBF\xBF", 3) == 0))
		return replacement;
	return (struct str){s.p, n};
}

/* A reader turns a bare CR into a newline, and in attributes every white space into a space: these travel as
 * references. */
static const char *xml_reference(char c, bool attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r':
		return "&#13;";
	case '"':
		return attribute ? "&quot;" : NULL;
	case '\'':
		return attribute ? "&apos;" : NULL;
	case '\t':
		return attribute ? "&#9;" : NULL;
	case '\n':
		return attribute ? "&#10;" : NULL;
	}
	return NULL;
}

static void encode_xml(struct buf *out, struct str s, bool attribute)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		struct str c = xml_character((struct str){s.p + at, s.n - at}, &n);
		const char *reference = xml_reference(c.p[0], attribute);
		buf_str(out, reference ? str_of(reference) : c);
	}
}

void encode_xml_text(struct buf *out, struct str s)
{
	encode_xml(out, s, false);
}

void encode_xml_attribute(struct buf *out, struct str s)
{
	encode_xml(out, s, true);
}

void encode_xml_cdata(struct buf *out, struct str s)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		struct str c = xml_character((struct str){s.p + at, s.n - at}, &n);
		/* Asks what is already written, for the brackets can come from the text before this value. */
		if (c.p[0] == '>' && str_ends(buf_view(out), STR("]]")))
			buf_str(out, STR("]]><![CDATA["));
		buf_str(out, c);
	}
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

static bool is_blank(char c)
{
	return is_control(c) || c == ' ';
}

void encode_header(struct buf *out, struct str s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		buf_char(out, is_control(s.p[i]) ? ' ' : s.p[i]);
}
