/* The expressions of XML Schema are anchored at both ends, have no anchors, look-around or lazy quantifiers
 * of their own, and know \i \c (name characters) and classes that subtract ([a-z-[aeiou]]). The rest is what
 * PCRE2 reads as well. Translation goes character by character, so that nothing of PCRE2's own syntax slips
 * through. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "soap/pattern.h"

#include <pcre2.h>

enum { PATTERN_MAX = 4096, MATCH_LIMIT = 100 * 1000, HEAP_LIMIT_KB = 1024, CLASS_DEPTH_MAX = 8 };

#define NAME_START                                                                                        \
	":A-Z_a-z\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{2FF}\\x{370}-\\x{37D}\\x{37F}-\\x{1FFF}"       \
	"\\x{200C}-\\x{200D}\\x{2070}-\\x{218F}\\x{2C00}-\\x{2FEF}\\x{3001}-\\x{D7FF}\\x{F900}-\\x{FDCF}" \
	"\\x{FDF0}-\\x{FFFD}\\x{10000}-\\x{EFFFF}"
#define NAME_CHARS NAME_START "\\-.0-9\\x{B7}\\x{300}-\\x{36F}\\x{203F}-\\x{2040}"

struct translation {
	struct str in;
	size_t at;
	struct buf out;
	int class_depth;
};

static bool more(const struct translation *t)
{
	return t->at < t->in.n;
}

/* \p{IsLatin-1Supplement} and the like name blocks, which PCRE2 does not know: taken for any character, so
 * that a right value is never refused. */
static void translate_property(struct translation *t, char p, bool in_class)
{
	const char *end = memchr(t->in.p + t->at, '}', t->in.n - t->at);
	struct str name = {t->in.p + t->at, end ? (size_t)(end - t->in.p) - t->at + 1 : 0};
	t->at += name.n;
	if (name.n > 3 && memcmp(name.p, "{Is", 3) == 0)
		buf_str(&t->out, in_class ? STR("\\x{0}-\\x{10FFFF}") : STR("[\\x{0}-\\x{10FFFF}]"));
	else {
		buf_char(&t->out, '\\');
		buf_char(&t->out, p);
		buf_str(&t->out, name);
	}
}

static void in_brackets(struct translation *t, bool in_class, const char *open, struct str set)
{
	if (!in_class)
		buf_str(&t->out, str_of(open));
	buf_str(&t->out, set);
	if (!in_class)
		buf_char(&t->out, ']');
}

/* The complement of a set inside of brackets cannot be said by its ranges: \I and \C there are taken for any
 * character, which errs on the side of taking a value. */
static void translate_escape(struct translation *t, bool in_class)
{
	char c = more(t) ? t->in.p[t->at++] : '\\';
	if (c == 'i')
		in_brackets(t, in_class, "[", STR(NAME_START));
	else if (c == 'c')
		in_brackets(t, in_class, "[", STR(NAME_CHARS));
	else if (c == 'I')
		in_brackets(t, in_class, "[^", in_class ? STR("\\x{0}-\\x{10FFFF}") : STR(NAME_START));
	else if (c == 'C')
		in_brackets(t, in_class, "[^", in_class ? STR("\\x{0}-\\x{10FFFF}") : STR(NAME_CHARS));
	else if ((c == 'p' || c == 'P') && more(t) && t->in.p[t->at] == '{')
		translate_property(t, c, in_class);
	else {
		/* A letter that means nothing to XML Schema may mean something to PCRE2 (\b, \Q, \1). */
		bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!letter || strchr("nrtdDwWsS", c))
			buf_char(&t->out, '\\');
		buf_char(&t->out, c);
	}
}

static int translate_class(struct translation *t);

/* [a-z-[aeiou]] becomes (?:(?![aeiou])[a-z]). */
static int translate_subtraction(struct translation *t, size_t class_start)
{
	struct buf positive;
	buf_init(&positive, t->out.max);
	buf_add(&positive, t->out.p + class_start, t->out.n - class_start);
	t->out.n = class_start;
	buf_str(&t->out, STR("(?:(?!"));
	int status = translate_class(t);
	buf_str(&t->out, STR(")"));
	buf_str(&t->out, buf_view(&positive));
	buf_str(&t->out, STR("])"));
	buf_finish(&positive);
	if (status == 0 && more(t) && t->in.p[t->at] == ']')
		t->at++;
	else
		status = -1;
	return status;
}

/* `at` stands on the opening bracket. */
static int translate_class(struct translation *t)
{
	if (++t->class_depth > CLASS_DEPTH_MAX)
		return -1;
	size_t start = t->out.n;
	buf_char(&t->out, t->in.p[t->at++]);
	if (more(t) && t->in.p[t->at] == '^')
		buf_char(&t->out, t->in.p[t->at++]);
	while (more(t)) {
		char c = t->in.p[t->at];
		if (c == ']') {
			t->at++;
			buf_char(&t->out, ']');
			t->class_depth--;
			return 0;
		}
		if (c == '-' && t->at + 1 < t->in.n && t->in.p[t->at + 1] == '[') {
			t->at++;
			int status = translate_subtraction(t, start);
			t->class_depth--;
			return status;
		}
		t->at++;
		if (c == '\\')
			translate_escape(t, true);
		else {
			if (c == '[')
				buf_char(&t->out, '\\');
			buf_char(&t->out, c);
		}
	}
	return -1;
}

static int translate(struct translation *t)
{
	buf_str(&t->out, STR("\\A(?:"));
	while (more(t)) {
		char c = t->in.p[t->at];
		if (c == '[') {
			if (translate_class(t))
				return -1;
			continue;
		}
		t->at++;
		if (c == '\\')
			translate_escape(t, false);
		else if (c == '^' || c == '$') {
			buf_char(&t->out, '\\');
			buf_char(&t->out, c);
		} else if (c == '(') {
			/* Groups are only for grouping; a '?' behind one would be PCRE2's own syntax. */
			buf_str(&t->out, STR("(?:"));
			if (more(t) && t->in.p[t->at] == '?')
				t->at += t->at + 1 < t->in.n && t->in.p[t->at + 1] == ':' ? 2 : 0;
			if (more(t) && (t->in.p[t->at] == '?' || t->in.p[t->at] == '*'))
				return -1;
		} else
			buf_char(&t->out, c);
	}
	buf_str(&t->out, STR(")\\z"));
	return t->out.overflow ? -1 : 0;
}

int pattern_compile(struct str pattern, struct pattern_code **ret, struct error *reterr)
{
	if (pattern.n > PATTERN_MAX)
		return error_set(reterr, "a pattern of more than %d bytes", PATTERN_MAX);
	struct translation t = {.in = pattern};
	buf_init(&t.out, 64 * PATTERN_MAX);
	int status = translate(&t), number = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code = NULL;
	if (status == 0)
		code = pcre2_compile((PCRE2_SPTR)buf_view(&t.out).p, t.out.n,
				     PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
					     PCRE2_NO_AUTO_CAPTURE,
				     &number, &at, NULL);
	buf_finish(&t.out);
	if (!code)
		return error_set(reterr, "the pattern '" STR_FMT "' is not understood", STR_ARG(pattern));
	*ret = (struct pattern_code *)code;
	return 0;
}

void pattern_free(struct pattern_code *code)
{
	pcre2_code_free((pcre2_code *)code);
}

bool pattern_matches(const struct pattern_code *code, struct str text)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	ensure(data && context);
	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_LIMIT_KB);
	int n = pcre2_match((const pcre2_code *)code, (PCRE2_SPTR)text.p, text.n, 0, 0, data, context);
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	return n >= 0;
}
