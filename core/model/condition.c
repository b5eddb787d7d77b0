/* Conditions of rules: what they compare, and what they say when they do not hold. */
#include "model/rule.h"

#include "model/pattern.h"

enum { MATCH_STEPS = 100 * 1000, SHOWN_BYTES = 60 };

/* --- Equal numbers ---------------------------------------------------------------------------------------
 *
 * Compared digit by digit and not as doubles: identifiers beyond 2^53 must stay apart. */

struct decimal {
	bool negative, zero;
	long magnitude;      /* 0.ddd × 10^magnitude, the first d not 0 */
	struct str mantissa; /* from the first to the last digit that is not 0; may hold the point */
};

static size_t count_digits(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* [e [sign] digits] up to the end. */
static bool read_exponent(struct str s, size_t at, long *ret)
{
	long exponent = 0;
	*ret = 0;
	if (at == s.n)
		return true;
	if (s.p[at] != 'e' && s.p[at] != 'E')
		return false;
	at++;
	bool negative = at < s.n && s.p[at] == '-';
	at += at < s.n && (s.p[at] == '-' || s.p[at] == '+');
	size_t n = count_digits(s, at);
	if (n == 0 || n > 9 || at + n != s.n)
		return false;
	for (; at < s.n; at++)
		exponent = exponent * 10 + (s.p[at] - '0');
	*ret = negative ? -exponent : exponent;
	return true;
}

static void trim_mantissa(struct decimal *number)
{
	struct str *s = &number->mantissa;
	while (s->n && (s->p[0] == '0' || s->p[0] == '.')) {
		number->magnitude -= s->p[0] == '0';
		s->p++;
		s->n--;
	}
	while (s->n && (s->p[s->n - 1] == '0' || s->p[s->n - 1] == '.'))
		s->n--;
	number->zero = s->n == 0;
}

/* False unless it is a number as JSON writes it: a text such as "007" is a text. */
static bool read_decimal(struct str s, struct decimal *ret)
{
	struct decimal number = {.negative = s.n && s.p[0] == '-'};
	size_t start = number.negative, whole = count_digits(s, start), at = start + whole, fraction = 0;
	long exponent;
	if (whole == 0 || (whole > 1 && s.p[start] == '0'))
		return false;
	if (at < s.n && s.p[at] == '.') {
		fraction = count_digits(s, at + 1);
		if (fraction == 0)
			return false;
		at += 1 + fraction;
	}
	if (!read_exponent(s, at, &exponent))
		return false;
	number.magnitude = (long)whole + exponent;
	number.mantissa = (struct str){s.p + start, at - start};
	trim_mantissa(&number);
	*ret = number;
	return true;
}

static bool same_digits(struct str a, struct str b)
{
	size_t i = 0, j = 0;
	for (;;) {
		i += i < a.n && a.p[i] == '.';
		j += j < b.n && b.p[j] == '.';
		if (i == a.n || j == b.n)
			return i == a.n && j == b.n;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

static bool same_number(struct str a, struct str b)
{
	struct decimal x, y;
	if (!read_decimal(a, &x) || !read_decimal(b, &y))
		return false;
	if (x.zero || y.zero)
		return x.zero && y.zero;
	return x.negative == y.negative && x.magnitude == y.magnitude && same_digits(x.mantissa, y.mantissa);
}

static bool values_equal(const struct value *a, const struct value *b)
{
	struct str x, y;
	if (value_is_empty(a) || value_is_empty(b))
		return value_is_empty(a) && value_is_empty(b);
	if (!value_text(a, &x) || !value_text(b, &y))
		return false;
	return str_eq(x, y) || same_number(x, y);
}

/* --- Conditions ------------------------------------------------------------------------------------------
 */

enum verdict { FAILS, HOLDS, UNDECIDED /* the pattern cost too much on this text */ };

static enum verdict any_of(const struct condition *condition, const struct value *value)
{
	for (size_t i = 0; i < condition->n_values; i++)
		if (values_equal(value, &condition->values[i]))
			return HOLDS;
	return FAILS;
}

static enum verdict matches(const struct condition *condition, const struct value *value)
{
	struct str text;
	struct pattern_match match;
	int64_t steps = MATCH_STEPS;
	if (value_is_empty(value) || !value_text(value, &text))
		return FAILS;
	switch (pattern_find(text, condition->pattern, 0, &steps, &match, NULL)) {
	case PATTERN_YES:
		return HOLDS;
	case PATTERN_TOO_MUCH_WORK:
		return UNDECIDED;
	case PATTERN_NO:
	case PATTERN_MALFORMED:
		break;
	}
	return FAILS;
}

static enum verdict in_range(const struct condition *condition, const struct value *value)
{
	double number;
	if (!value_number(value, &number))
		return FAILS;
	bool low = condition->kind == CONDITION_AT_MOST || number >= condition->low;
	bool high = condition->kind == CONDITION_AT_LEAST || number <= condition->high;
	return low && high ? HOLDS : FAILS;
}

static enum verdict judge(const struct condition *condition, const struct value *value)
{
	switch (condition->kind) {
	case CONDITION_ANY_OF:
		return any_of(condition, value);
	case CONDITION_AT_LEAST:
	case CONDITION_AT_MOST:
	case CONDITION_BETWEEN:
		return in_range(condition, value);
	case CONDITION_MATCHES:
		return matches(condition, value);
	case CONDITION_ABSENT:
		return value_is_empty(value) ? HOLDS : FAILS;
	case CONDITION_PRESENT:
		return value_is_empty(value) ? FAILS : HOLDS;
	}
	return FAILS;
}

bool rule_matches(const struct rule *rule, const struct event *event, const struct condition **ret_failed)
{
	for (size_t i = 0; i < rule->n_when; i++) {
		const struct condition *condition = &rule->when[i];
		/* A condition that could not be decided must not fire anything, negated or not. */
		if (judge(condition, event_tag(event, condition->tag)) !=
		    (condition->negated ? FAILS : HOLDS)) {
			*ret_failed = condition;
			return false;
		}
	}
	return true;
}

/* --- In words --------------------------------------------------------------------------------------------
 */

/* The start of the text on whole characters. Whoever shows it expects one line. */
static void show_text(struct buf *out, struct str text)
{
	size_t n = text.n <= SHOWN_BYTES ? text.n : SHOWN_BYTES;
	while (n < text.n && n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		buf_char(out, (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F ? ' ' : text.p[i]);
	if (n < text.n)
		buf_str(out, STR("…"));
}

static void show_value(struct buf *out, const struct value *value)
{
	struct str text;
	if (!value) {
		buf_str(out, STR("absent"));
	} else if (value->kind == VALUE_NULL) {
		buf_str(out, STR("null"));
	} else if (value->kind == VALUE_STRING) {
		buf_char(out, '"');
		show_text(out, value->text);
		buf_char(out, '"');
	} else if (value_text(value, &text)) {
		show_text(out, text);
	} else {
		buf_printf(out, "%s of %u", value->kind == VALUE_ARRAY ? "a list" : "an object", value->n);
	}
}

void condition_explain(const struct condition *condition, const struct event *event, struct buf *out)
{
	const struct value *value = event_tag(event, condition->tag);
	buf_str(out, condition->tag);
	buf_str(out, STR(" is "));
	show_value(out, value);
	if (judge(condition, value) == UNDECIDED) {
		buf_printf(out, ", on which " STR_FMT " takes too much work", STR_ARG(condition->shown));
	} else if (condition->negated) {
		buf_printf(out, ", which " STR_FMT " rules out", STR_ARG(condition->shown));
	} else {
		buf_printf(out, ", not " STR_FMT, STR_ARG(condition->shown));
	}
}
