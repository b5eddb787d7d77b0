/* The built-in types of XML Schema part 2: names, lexical rules, order. */
#include "soap/simple.h"

#include "format/encode.h"

#include <math.h>
#include <stdio.h>

static const char *const names[] = {
	[BUILTIN_NONE] = "",
	[BUILTIN_ANY_TYPE] = "anyType",
	[BUILTIN_ANY_SIMPLE] = "anySimpleType",
	[BUILTIN_STRING] = "string",
	[BUILTIN_NORMALIZED] = "normalizedString",
	[BUILTIN_TOKEN] = "token",
	[BUILTIN_LANGUAGE] = "language",
	[BUILTIN_NMTOKEN] = "NMTOKEN",
	[BUILTIN_NAME] = "Name",
	[BUILTIN_NCNAME] = "NCName",
	[BUILTIN_BOOLEAN] = "boolean",
	[BUILTIN_FLOAT] = "float",
	[BUILTIN_DOUBLE] = "double",
	[BUILTIN_DURATION] = "duration",
	[BUILTIN_DATETIME] = "dateTime",
	[BUILTIN_TIME] = "time",
	[BUILTIN_DATE] = "date",
	[BUILTIN_GYEARMONTH] = "gYearMonth",
	[BUILTIN_GYEAR] = "gYear",
	[BUILTIN_GMONTHDAY] = "gMonthDay",
	[BUILTIN_GDAY] = "gDay",
	[BUILTIN_GMONTH] = "gMonth",
	[BUILTIN_HEX] = "hexBinary",
	[BUILTIN_BASE64] = "base64Binary",
	[BUILTIN_URI] = "anyURI",
	[BUILTIN_QNAME] = "QName",
	[BUILTIN_DECIMAL] = "decimal",
	[BUILTIN_INTEGER] = "integer",
	[BUILTIN_NONPOSITIVE] = "nonPositiveInteger",
	[BUILTIN_NEGATIVE] = "negativeInteger",
	[BUILTIN_LONG] = "long",
	[BUILTIN_INT] = "int",
	[BUILTIN_SHORT] = "short",
	[BUILTIN_BYTE] = "byte",
	[BUILTIN_NONNEGATIVE] = "nonNegativeInteger",
	[BUILTIN_ULONG] = "unsignedLong",
	[BUILTIN_UINT] = "unsignedInt",
	[BUILTIN_USHORT] = "unsignedShort",
	[BUILTIN_UBYTE] = "unsignedByte",
	[BUILTIN_POSITIVE] = "positiveInteger",
};

/* Names that mean one of the above: their rules differ by nothing that a sender can get wrong. */
static const struct {
	const char *name;
	enum builtin builtin;
} aliases[] = {
	{"ID", BUILTIN_NCNAME},
	{"IDREF", BUILTIN_NCNAME},
	{"ENTITY", BUILTIN_NCNAME},
	{"NOTATION", BUILTIN_QNAME},
	{"anyAtomicType", BUILTIN_ANY_SIMPLE},
	{"timeDuration", BUILTIN_DURATION},
};

/* The bounds of the integer types; NULL: none. */
static const struct {
	const char *min, *max;
} bounds[] = {
	[BUILTIN_INTEGER] = {NULL, NULL},
	[BUILTIN_NONPOSITIVE] = {NULL, "0"},
	[BUILTIN_NEGATIVE] = {NULL, "-1"},
	[BUILTIN_LONG] = {"-9223372036854775808", "9223372036854775807"},
	[BUILTIN_INT] = {"-2147483648", "2147483647"},
	[BUILTIN_SHORT] = {"-32768", "32767"},
	[BUILTIN_BYTE] = {"-128", "127"},
	[BUILTIN_NONNEGATIVE] = {"0", NULL},
	[BUILTIN_ULONG] = {"0", "18446744073709551615"},
	[BUILTIN_UINT] = {"0", "4294967295"},
	[BUILTIN_USHORT] = {"0", "65535"},
	[BUILTIN_UBYTE] = {"0", "255"},
	[BUILTIN_POSITIVE] = {"1", NULL},
};

struct str builtin_name(enum builtin builtin)
{
	return str_of(names[builtin]);
}

enum builtin builtin_find(struct str name)
{
	for (size_t i = BUILTIN_ANY_TYPE; i < countof(names); i++)
		if (str_eq(name, str_of(names[i])))
			return (enum builtin)i;
	for (size_t i = 0; i < countof(aliases); i++)
		if (str_eq(name, str_of(aliases[i].name)))
			return aliases[i].builtin;
	return BUILTIN_NONE;
}

/* A decimal number in parts: sign, digits before the point without leading zeros, digits behind it without
 * trailing ones. */
struct decimal {
	bool negative;
	struct str whole, fraction;
};

static size_t digit_run(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

static bool take_decimal(struct str s, struct decimal *ret)
{
	size_t at = 0;
	struct decimal d = {.negative = s.n && s.p[0] == '-'};
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		at = 1;
	d.whole = (struct str){s.p + at, digit_run(s, at)};
	at += d.whole.n;
	if (at < s.n && s.p[at] == '.') {
		d.fraction = (struct str){s.p + at + 1, digit_run(s, at + 1)};
		at += 1 + d.fraction.n;
	}
	if (at != s.n || d.whole.n + d.fraction.n == 0)
		return false;
	while (d.whole.n && d.whole.p[0] == '0') {
		d.whole.p++;
		d.whole.n--;
	}
	while (d.fraction.n && d.fraction.p[d.fraction.n - 1] == '0')
		d.fraction.n--;
	if (d.whole.n + d.fraction.n == 0)
		d.negative = false;
	*ret = d;
	return true;
}

static int compare_decimals(const struct decimal *a, const struct decimal *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	int order = 0;
	if (a->whole.n != b->whole.n)
		order = a->whole.n < b->whole.n ? -1 : 1;
	else
		order = a->whole.n ? memcmp(a->whole.p, b->whole.p, a->whole.n) : 0;
	if (order == 0)
		order = str_cmp(a->fraction, b->fraction);
	order = order < 0 ? -1 : order > 0;
	return a->negative ? -order : order;
}

static int compare_texts_as_decimals(struct str a, struct str b)
{
	struct decimal x, y;
	return take_decimal(a, &x) && take_decimal(b, &y) ? compare_decimals(&x, &y) : 2;
}

static bool integer_valid(enum builtin builtin, struct str s)
{
	size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+');
	if (at == s.n || digit_run(s, at) != s.n - at)
		return false;
	const char *min = bounds[builtin].min, *max = bounds[builtin].max;
	return (!min || compare_texts_as_decimals(s, str_of(min)) >= 0) &&
	       (!max || compare_texts_as_decimals(s, str_of(max)) <= 0);
}

static bool float_valid(struct str s)
{
	if (str_eq(s, STR("INF")) || str_eq(s, STR("-INF")) || str_eq(s, STR("NaN")))
		return true;
	const char *e = NULL;
	for (size_t i = 0; i < s.n && !e; i++)
		if (s.p[i] == 'e' || s.p[i] == 'E')
			e = s.p + i;
	struct decimal d;
	if (!e)
		return take_decimal(s, &d);
	struct str exponent = {e + 1, s.n - (size_t)(e - s.p) - 1};
	return take_decimal((struct str){s.p, (size_t)(e - s.p)}, &d) && exponent.n &&
	       integer_valid(BUILTIN_INTEGER, exponent);
}

static bool hex_valid(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return s.n % 2 == 0;
}

/* White space may stand anywhere; '=' only at the end. */
static bool base64_valid(struct str s)
{
	size_t n = 0, padding = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == ' ')
			continue;
		n++;
		if (c == '=') {
			padding++;
			continue;
		}
		if (padding || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				 c == '+' || c == '/'))
			return false;
	}
	return n % 4 == 0 && padding <= 2;
}

static bool name_start(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
}

static bool name_valid(struct str s, bool any_start, bool colons)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool start = name_start(c) || (c == ':' && colons);
		if (!start && !((i || any_start) && ((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.n > 0;
}

/* "prefix:local", or "{namespace}local", which becomes a prefix when it is sent. */
static bool qname_valid(struct str s)
{
	if (s.n && s.p[0] == '{') {
		const char *end = memchr(s.p, '}', s.n);
		if (!end)
			return false;
		s = (struct str){end + 1, s.n - (size_t)(end + 1 - s.p)};
		return name_valid(s, false, false);
	}
	const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	if (!colon)
		return name_valid(s, false, false);
	struct str prefix = {s.p, (size_t)(colon - s.p)}, local = {colon + 1, s.n - prefix.n - 1};
	return name_valid(prefix, false, false) && name_valid(local, false, false);
}

/* [a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})* */
static bool language_valid(struct str s)
{
	size_t part = 0, run = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c == '-' && run) {
			part++;
			run = 0;
		} else if ((letter || (part && c >= '0' && c <= '9')) && run < 8)
			run++;
		else
			return false;
	}
	return run > 0;
}

bool builtin_valid(enum builtin builtin, struct str s)
{
	struct decimal d;
	if (!utf8_valid(s))
		return false;
	if (builtin >= BUILTIN_INTEGER)
		return integer_valid(builtin, s);
	if (builtin >= BUILTIN_DURATION && builtin <= BUILTIN_GMONTH)
		return time_valid(builtin, s);
	switch (builtin) {
	case BUILTIN_LANGUAGE:
		return language_valid(s);
	case BUILTIN_NMTOKEN:
		return name_valid(s, true, true);
	case BUILTIN_NAME:
		return name_valid(s, false, true);
	case BUILTIN_NCNAME:
		return name_valid(s, false, false);
	case BUILTIN_BOOLEAN:
		return str_eq(s, STR("true")) || str_eq(s, STR("false")) || str_eq(s, STR("1")) ||
		       str_eq(s, STR("0"));
	case BUILTIN_FLOAT:
	case BUILTIN_DOUBLE:
		return float_valid(s);
	case BUILTIN_DECIMAL:
		return take_decimal(s, &d);
	case BUILTIN_HEX:
		return hex_valid(s);
	case BUILTIN_BASE64:
		return base64_valid(s);
	case BUILTIN_QNAME:
		return qname_valid(s);
	default:
		return true;
	}
}

/* strtod reads what float_valid lets through, and needs an end. */
static double float_of(struct str s)
{
	char z[64];
	if (str_eq(s, STR("INF")))
		return INFINITY;
	if (str_eq(s, STR("-INF")))
		return -INFINITY;
	snprintf(z, sizeof z, STR_FMT, STR_ARG(s));
	return float_valid(s) ? strtod(z, NULL) : NAN;
}

int builtin_compare(enum builtin builtin, struct str a, struct str b)
{
	if (builtin >= BUILTIN_DECIMAL)
		return compare_texts_as_decimals(a, b);
	if (builtin >= BUILTIN_DURATION && builtin <= BUILTIN_GMONTH)
		return time_compare(builtin, a, b);
	if (builtin == BUILTIN_FLOAT || builtin == BUILTIN_DOUBLE) {
		double x = float_of(a), y = float_of(b);
		return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
	}
	if (builtin == BUILTIN_BOOLEAN && a.n && b.n)
		return (a.p[0] == 't' || a.p[0] == '1') == (b.p[0] == 't' || b.p[0] == '1') ? 0 : 2;
	return str_eq(a, b) ? 0 : 2;
}
