/* A text against a simple type: white space, the built-in rule, then the facets of every restriction on the
 * way from the built-in type. */
#include "soap/simple.h"

#include "soap/pattern.h"

#include <inttypes.h>
#include <stdio.h>

/* Unions of unions can try many members for one value. */
enum { UNION_STEPS_MAX = 10 * 1000, UNION_DEPTH_MAX = 16, SHOWN_MAX = 60, LISTED_MAX = 12 };

struct effort {
	int depth, steps;
};

static struct str shown(struct str text)
{
	return (struct str){text.p, text.n < SHOWN_MAX ? text.n : SHOWN_MAX};
}

static char whitespace_of(const struct schema_type *type)
{
	if (type->variety == VARIETY_LIST)
		return 'c';
	for (const struct schema_type *at = type; at; at = at->base)
		if (at->facets && at->facets->whitespace)
			return at->facets->whitespace;
	if (type->builtin == BUILTIN_STRING || type->builtin == BUILTIN_ANY_SIMPLE ||
	    type->builtin == BUILTIN_ANY_TYPE || type->variety == VARIETY_UNION)
		return 'p';
	return type->builtin == BUILTIN_NORMALIZED ? 'r' : 'c';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Most values have nothing to collapse and stay a slice of what was given. */
static bool is_collapsed(struct str text)
{
	if (text.n && (is_space(text.p[0]) || is_space(text.p[text.n - 1])))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (is_space(text.p[i]) && (text.p[i] != ' ' || is_space(text.p[i + 1])))
			return false;
	return true;
}

static struct str apply_whitespace(char mode, struct str text, struct arena *scratch)
{
	if (mode == 'p' || (mode == 'c' && is_collapsed(text)))
		return text;
	char *out = arena_alloc(scratch, text.n);
	if (!out)
		return text;
	size_t n = 0;
	bool space = true;
	for (size_t i = 0; i < text.n; i++) {
		char c = is_space(text.p[i]) ? ' ' : text.p[i];
		if (mode == 'c' && c == ' ' && space)
			continue;
		space = c == ' ';
		out[n++] = c;
	}
	if (mode == 'c' && n && out[n - 1] == ' ')
		n--;
	return (struct str){out, n};
}

static int64_t characters(struct str text)
{
	int64_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}

static int64_t list_items(struct str text)
{
	int64_t n = text.n > 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ' ';
	return n;
}

static int64_t length_of(const struct schema_type *type, struct str text)
{
	if (type->variety == VARIETY_LIST)
		return list_items(text);
	if (type->builtin == BUILTIN_HEX)
		return (int64_t)text.n / 2;
	if (type->builtin != BUILTIN_BASE64)
		return characters(text);
	int64_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] != ' ' && text.p[i] != '=';
	return n * 3 / 4;
}

void facets_expected(const struct schema_type *type, struct buf *out)
{
	const struct facets *facets = type->facets;
	uint32_t n = facets ? facets->n_enumeration : 0;
	for (uint32_t i = 0; i < n && i < LISTED_MAX; i++)
		buf_printf(out, "%s'" STR_FMT "'", i ? ", " : "one of ", STR_ARG(facets->enumeration[i]));
	if (n > LISTED_MAX)
		buf_printf(out, " and %" PRIu32 " more", n - LISTED_MAX);
}

static int check_enumeration(const struct schema_type *type, struct str text, struct error *reterr)
{
	const struct facets *facets = type->facets;
	for (uint32_t i = 0; i < facets->n_enumeration; i++)
		if (str_eq(facets->enumeration[i], text) ||
		    builtin_compare(type->builtin, facets->enumeration[i], text) == 0)
			return 0;
	struct buf expected;
	buf_init(&expected, 400);
	facets_expected(type, &expected);
	error_set(reterr, "expected %s, got '" STR_FMT "'", buf_z(&expected), STR_ARG(shown(text)));
	buf_finish(&expected);
	return -1;
}

static int check_patterns(const struct facets *facets, struct str text, struct error *reterr)
{
	for (uint32_t i = 0; i < facets->n_patterns; i++)
		if (pattern_matches(facets->patterns[i], text))
			return 0;
	return error_set(reterr, "'" STR_FMT "' does not match the pattern " STR_FMT, STR_ARG(shown(text)),
			 STR_ARG(facets->pattern_texts[0]));
}

static int check_lengths(const struct schema_type *type, struct str text, struct error *reterr)
{
	const struct facets *facets = type->facets;
	if (facets->length < 0 && facets->min_length < 0 && facets->max_length < 0)
		return 0;
	/* Lengths of QNames were never meant (XML Schema 1.0, second edition, erratum). */
	if (type->builtin == BUILTIN_QNAME)
		return 0;
	int64_t n = length_of(type, text);
	const char *unit = type->variety == VARIETY_LIST                                     ? "items"
			   : type->builtin == BUILTIN_HEX || type->builtin == BUILTIN_BASE64 ? "bytes"
											     : "characters";
	if (facets->length >= 0 && n != facets->length)
		return error_set(reterr, "expected %" PRId64 " %s, got %" PRId64, facets->length, unit, n);
	if (facets->min_length >= 0 && n < facets->min_length)
		return error_set(reterr, "expected at least %" PRId64 " %s, got %" PRId64, facets->min_length,
				 unit, n);
	if (facets->max_length >= 0 && n > facets->max_length)
		return error_set(reterr, "expected at most %" PRId64 " %s, got %" PRId64, facets->max_length,
				 unit, n);
	return 0;
}

static int check_range(const struct schema_type *type, struct str text, struct error *reterr)
{
	const struct facets *facets = type->facets;
	const struct {
		struct str bound;
		int wrong, also_wrong;
		const char *words;
	} checks[] = {
		{facets->min_inclusive, -1, -1, "at least"},
		{facets->max_inclusive, 1, 1, "at most"},
		{facets->min_exclusive, -1, 0, "more than"},
		{facets->max_exclusive, 1, 0, "less than"},
	};
	for (size_t i = 0; i < countof(checks); i++) {
		if (!checks[i].bound.p)
			continue;
		int order = builtin_compare(type->builtin, text, checks[i].bound);
		if (order == checks[i].wrong || order == checks[i].also_wrong)
			return error_set(reterr, "expected %s " STR_FMT ", got " STR_FMT, checks[i].words,
					 STR_ARG(checks[i].bound), STR_ARG(shown(text)));
	}
	return 0;
}

static int check_digits(const struct facets *facets, struct str text, struct error *reterr)
{
	if (facets->total_digits < 0 && facets->fraction_digits < 0)
		return 0;
	int64_t whole = 0, fraction = 0, zeros = 0;
	bool behind = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '.')
			behind = true;
		else if (c >= '0' && c <= '9' && behind) {
			fraction++;
			zeros = c == '0' ? zeros + 1 : 0;
		} else if (c >= '0' && c <= '9' && (whole || c != '0'))
			whole++;
	}
	fraction -= zeros;
	if (facets->total_digits >= 0 && whole + fraction > facets->total_digits)
		return error_set(reterr, "expected at most %" PRId64 " digits, got " STR_FMT,
				 facets->total_digits, STR_ARG(shown(text)));
	if (facets->fraction_digits >= 0 && fraction > facets->fraction_digits)
		return error_set(reterr, "expected at most %" PRId64 " digits behind the point, got " STR_FMT,
				 facets->fraction_digits, STR_ARG(shown(text)));
	return 0;
}

static int check_facets(const struct schema_type *type, struct str text, struct error *reterr)
{
	const struct facets *facets = type->facets;
	if (!facets)
		return 0;
	if (facets->n_enumeration && check_enumeration(type, text, reterr))
		return -1;
	if (facets->n_patterns && check_patterns(facets, text, reterr))
		return -1;
	if (check_lengths(type, text, reterr) || check_digits(facets, text, reterr))
		return -1;
	return check_range(type, text, reterr);
}

static int wrong_builtin(enum builtin builtin, struct str text, struct error *reterr)
{
	return error_set(reterr, "expected %s, got '" STR_FMT "'", builtin_name(builtin).p,
			 STR_ARG(shown(text)));
}

static int check(const struct schema_type *type, struct str text, struct arena *scratch,
		 struct effort *effort, struct str *ret, struct error *reterr);

static int check_items(const struct schema_type *item, struct str list, struct arena *scratch,
		       struct effort *effort, struct error *reterr)
{
	for (size_t at = 0; at < list.n;) {
		const char *space = memchr(list.p + at, ' ', list.n - at);
		size_t n = space ? (size_t)(space - list.p) - at : list.n - at;
		struct str ignored;
		if (n && check(item, (struct str){list.p + at, n}, scratch, effort, &ignored, reterr))
			return -1;
		at += n + 1;
	}
	return 0;
}

static int check_union(const struct schema_type *type, struct str text, struct arena *scratch,
		       struct effort *effort, struct str *ret, struct error *reterr)
{
	for (uint32_t i = 0; i < type->n_members; i++)
		if (check(type->members[i], text, scratch, effort, ret, NULL) == 0)
			return 0;
	return error_set(reterr, "'" STR_FMT "' is none of the kinds that " STR_FMT " allows",
			 STR_ARG(shown(text)), STR_ARG(schema_type_name(type)));
}

static int check_all(const struct schema_type *type, struct str text, struct arena *scratch,
		     struct effort *effort, struct str *ret, struct error *reterr)
{
	if (effort->depth > UNION_DEPTH_MAX || ++effort->steps > UNION_STEPS_MAX)
		return error_set(reterr, "its type is made of too many unions and lists");
	text = apply_whitespace(whitespace_of(type), text, scratch);
	if (type->variety == VARIETY_LIST) {
		if (type->item && check_items(type->item, text, scratch, effort, reterr))
			return -1;
	} else if (type->variety == VARIETY_UNION) {
		if (type->n_members && check_union(type, text, scratch, effort, &text, reterr))
			return -1;
	} else if (!builtin_valid(type->builtin, text))
		return wrong_builtin(type->builtin, text, reterr);
	for (const struct schema_type *at = type; at; at = at->base)
		if (check_facets(at, text, reterr))
			return -1;
	*ret = text;
	return 0;
}

static int check(const struct schema_type *type, struct str text, struct arena *scratch,
		 struct effort *effort, struct str *ret, struct error *reterr)
{
	effort->depth++;
	int status = check_all(type, text, scratch, effort, ret, reterr);
	effort->depth--;
	return status;
}

int simple_check(const struct schema_type *type, struct str text, struct arena *scratch, struct str *ret,
		 struct error *reterr)
{
	struct effort effort = {0};
	return check(type, text, scratch, &effort, ret, reterr);
}
