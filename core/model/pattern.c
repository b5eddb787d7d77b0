/* A pattern is checked as a whole before it is matched: there is no alternation, so where captures open and
 * close does not depend on the subject. The matcher then takes well formed patterns for granted. */
#include "model/pattern.h"

enum { DEPTH_MAX = 200 };

static const char *const too_many_captures = "too many captures (at most 32)";

/* --- Elements of a pattern -------------------------------------------------------------------------------
 */

static bool in_range(char c, char low, char high)
{
	return (unsigned char)c >= (unsigned char)low && (unsigned char)c <= (unsigned char)high;
}

/* ASCII, whatever the locale of the process. */
static bool is_graph(char c)
{
	return in_range(c, 0x21, 0x7E);
}

static bool is_lower(char c)
{
	return in_range(c, 'a', 'z');
}

static bool is_upper(char c)
{
	return in_range(c, 'A', 'Z');
}

static bool is_digit(char c)
{
	return in_range(c, '0', '9');
}

static bool is_alnum(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c);
}

/* %x for a letter x that names a class, in either case; any other x stands for itself. */
static bool class_holds(char class, char c)
{
	bool in;
	switch (class | 0x20) {
	case 'a':
		in = is_lower(c) || is_upper(c);
		break;
	case 'c':
		in = in_range(c, 0, 0x1F) || c == 0x7F;
		break;
	case 'd':
		in = is_digit(c);
		break;
	case 'g':
		in = is_graph(c);
		break;
	case 'l':
		in = is_lower(c);
		break;
	case 'p':
		in = is_graph(c) && !is_alnum(c);
		break;
	case 's':
		in = c == ' ' || in_range(c, '\t', '\r');
		break;
	case 'u':
		in = is_upper(c);
		break;
	case 'w':
		in = is_alnum(c);
		break;
	case 'x':
		in = is_digit(c) || in_range(c, 'a', 'f') || in_range(c, 'A', 'F');
		break;
	case 'z': /* of older Lua, still understood */
		in = c == 0;
		break;
	default:
		return class == c;
	}
	return is_lower(class) ? in : !in;
}

/* The end of the set that opens at `p`, behind its ']'; NULL when there is none. The first character of a set
 * is never its end, so that "[]]" is possible. */
static const char *set_end(const char *p, const char *end)
{
	p++;
	if (p < end && *p == '^')
		p++;
	for (bool first = true; p < end; first = false) {
		if (*p == ']' && !first)
			return p + 1;
		if (*p++ == '%') {
			if (p == end)
				return NULL;
			p++;
		}
	}
	return NULL;
}

/* `end` is behind the set's ']'. */
static bool set_holds(const char *p, const char *end, char c)
{
	const char *close = end - 1;
	p++;
	bool negated = *p == '^';
	p += negated;
	while (p < close) {
		if (*p == '%') {
			if (class_holds(p[1], c))
				return !negated;
			p += 2;
		} else if (p + 2 < close && p[1] == '-') {
			if (in_range(c, p[0], p[2]))
				return !negated;
			p += 3;
		} else if (*p++ == c) {
			return !negated;
		}
	}
	return negated;
}

/* The end of the single character class at `p`; NULL when it is malformed. */
static const char *single_end(const char *p, const char *end)
{
	if (*p == '[')
		return set_end(p, end);
	if (*p == '%')
		return end - p < 2 ? NULL : p + 2;
	return p + 1;
}

static bool single_holds(const char *p, const char *end, char c)
{
	switch (*p) {
	case '.':
		return true;
	case '%':
		return class_holds(p[1], c);
	case '[':
		return set_holds(p, end, c);
	}
	return *p == c;
}

/* --- The check -------------------------------------------------------------------------------------------
 */

struct check {
	const char *p, *end;
	const char *why;
	int n, open[PATTERN_CAPTURES_MAX], n_open;
	bool closed[PATTERN_CAPTURES_MAX];
};

static bool malformed(struct check *check, const char *why)
{
	check->why = why;
	return false;
}

static bool check_capture(struct check *check)
{
	if (*check->p++ == '(') {
		if (check->n == PATTERN_CAPTURES_MAX)
			return malformed(check, too_many_captures);
		bool position = check->p < check->end && *check->p == ')';
		if (position)
			check->p++;
		else
			check->open[check->n_open++] = check->n;
		/* A position has no text that %1 could look for. */
		check->closed[check->n++] = false;
		return true;
	}
	if (check->n_open == 0)
		return malformed(check, "')' without its '('");
	check->closed[check->open[--check->n_open]] = true;
	return true;
}

/* %b, %f and %1 to %9, which are no single characters. False with no `why`: it is none of these. */
static bool check_special(struct check *check)
{
	const char *p = check->p, *end = check->end;
	if (end - p < 2 || *p != '%')
		return false;
	if (p[1] == 'b') {
		if (end - p < 4)
			return malformed(check, "%b wants two characters behind it");
		check->p += 4;
		return true;
	}
	if (p[1] == 'f') {
		if (end - p < 3 || p[2] != '[')
			return malformed(check, "%f wants a [set] behind it");
		check->p = set_end(p + 2, end);
		return check->p || malformed(check, "'[' without its ']'");
	}
	if (is_digit(p[1])) {
		int index = p[1] - '1';
		if (index < 0 || index >= check->n || !check->closed[index])
			return malformed(check, "% and a digit want a capture that is already closed");
		check->p += 2;
		return true;
	}
	return false;
}

static bool check_element(struct check *check)
{
	if (*check->p == '(' || *check->p == ')')
		return check_capture(check);
	if (check_special(check))
		return true;
	if (check->why)
		return false;
	const char *next = single_end(check->p, check->end);
	if (!next)
		return malformed(check, *check->p == '[' ? "'[' without its ']'" : "it ends with '%'");
	if (next < check->end && strchr("?*+-", *next) && *next)
		next++;
	check->p = next;
	return true;
}

bool pattern_check(struct str pattern, const char **ret_why)
{
	struct check check = {.p = pattern.p, .end = pattern.p + pattern.n};
	if (pattern.n && *check.p == '^')
		check.p++;
	while (check.p < check.end && check_element(&check))
		;
	if (!check.why && check.n_open)
		check.why = "'(' without its ')'";
	if (check.why && ret_why)
		*ret_why = check.why;
	return !check.why;
}

/* --- The matcher -----------------------------------------------------------------------------------------
 */

enum { OPEN = -1, POSITION = -2 }; /* in place of a capture's length */

struct matcher {
	const char *subject, *subject_end, *pattern_end;
	int64_t *steps;
	bool gave_up; /* too many steps or too deep: everything unwinds */
	int depth, n;
	struct {
		const char *start;
		ptrdiff_t length;
	} captures[PATTERN_CAPTURES_MAX];
};

static const char *match(struct matcher *m, const char *s, const char *p);

/* Pays for a step; false when nothing is left. */
static bool pay(struct matcher *m)
{
	if (*m->steps <= 0)
		m->gave_up = true;
	else
		--*m->steps;
	return !m->gave_up;
}

static bool single_matches(struct matcher *m, const char *s, const char *p, const char *end)
{
	return pay(m) && s < m->subject_end && single_holds(p, end, *s);
}

static const char *match_many(struct matcher *m, const char *s, const char *p, const char *end, size_t least)
{
	size_t n = 0;
	while (single_matches(m, s + n, p, end))
		n++;
	for (n++; n-- > least && !m->gave_up;) {
		const char *found = match(m, s + n, end + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const char *match_few(struct matcher *m, const char *s, const char *p, const char *end)
{
	for (;;) {
		const char *found = match(m, s, end + 1);
		if (found || m->gave_up || !single_matches(m, s, p, end))
			return found;
		s++;
	}
}

static const char *match_open(struct matcher *m, const char *s, const char *p, ptrdiff_t length)
{
	m->captures[m->n].start = s;
	m->captures[m->n++].length = length;
	const char *found = match(m, s, p);
	if (!found)
		m->n--;
	return found;
}

static const char *match_close(struct matcher *m, const char *s, const char *p)
{
	int i = m->n - 1;
	while (m->captures[i].length != OPEN)
		i--;
	m->captures[i].length = s - m->captures[i].start;
	const char *found = match(m, s, p);
	if (!found)
		m->captures[i].length = OPEN;
	return found;
}

/* Behind the text from `open` to the `close` that balances it. */
static const char *balanced_end(struct matcher *m, const char *s, char open, char close)
{
	if (s == m->subject_end || *s != open)
		return NULL;
	size_t deep = 1;
	while (++s < m->subject_end && pay(m)) {
		if (*s == close) {
			if (--deep == 0)
				return s + 1;
		} else if (*s == open) {
			deep++;
		}
	}
	return NULL;
}

static bool at_frontier(struct matcher *m, const char *s, const char *set, const char *end)
{
	char before = s == m->subject ? 0 : s[-1];
	char here = s == m->subject_end ? 0 : *s;
	return !set_holds(set, end, before) && set_holds(set, end, here);
}

static const char *repeated_end(struct matcher *m, const char *s, int index)
{
	size_t n = (size_t)m->captures[index].length;
	if ((size_t)(m->subject_end - s) < n || memcmp(m->captures[index].start, s, n) != 0)
		return NULL;
	/* A long comparison is more than one step's work. */
	*m->steps -= (int64_t)(n / 16);
	return s + n;
}

/* %b, %f, %1: where the subject goes on, or NULL; ret_next is where the pattern does, NULL when this is none
 * of them. */
static const char *match_special(struct matcher *m, const char *s, const char *p, const char **ret_next)
{
	*ret_next = NULL;
	if (*p != '%')
		return NULL;
	if (p[1] == 'b') {
		*ret_next = p + 4;
		return balanced_end(m, s, p[2], p[3]);
	}
	if (p[1] == 'f') {
		*ret_next = set_end(p + 2, m->pattern_end);
		return at_frontier(m, s, p + 2, *ret_next) ? s : NULL;
	}
	if (is_digit(p[1])) {
		*ret_next = p + 2;
		return repeated_end(m, s, p[1] - '1');
	}
	return NULL;
}

/* One single character class with what follows it. *ret_next is where the pattern goes on after one step of
 * the subject; NULL when the return value is the answer for all that is left. */
static const char *match_single(struct matcher *m, const char *s, const char *p, const char **ret_next)
{
	const char *end = single_end(p, m->pattern_end), *found;
	*ret_next = NULL;
	switch (end < m->pattern_end ? *end : 0) {
	case '*':
		return match_many(m, s, p, end, 0);
	case '+':
		return match_many(m, s, p, end, 1);
	case '-':
		return match_few(m, s, p, end);
	case '?':
		if (single_matches(m, s, p, end) && (found = match(m, s + 1, end + 1)))
			return found;
		*ret_next = end + 1;
		return s;
	}
	if (!single_matches(m, s, p, end))
		return NULL;
	*ret_next = end;
	return s + 1;
}

static const char *match_on(struct matcher *m, const char *s, const char *p)
{
	while (s && p < m->pattern_end && !m->gave_up) {
		const char *next;
		if (*p == '(')
			return p[1] == ')' ? match_open(m, s, p + 2, POSITION)
					   : match_open(m, s, p + 1, OPEN);
		if (*p == ')')
			return match_close(m, s, p + 1);
		if (*p == '$' && p + 1 == m->pattern_end)
			return s == m->subject_end ? s : NULL;
		const char *after = match_special(m, s, p, &next);
		if (!next) {
			after = match_single(m, s, p, &next);
			if (!next)
				return after;
		}
		s = after;
		p = next;
	}
	return m->gave_up ? NULL : s;
}

/* Where the subject's match of the pattern from `p` on ends, or NULL. */
static const char *match(struct matcher *m, const char *s, const char *p)
{
	if (!pay(m))
		return NULL;
	if (m->depth == DEPTH_MAX) {
		m->gave_up = true;
		return NULL;
	}
	m->depth++;
	const char *found = match_on(m, s, p);
	m->depth--;
	return found;
}

static void fill(const struct matcher *m, const char *start, const char *end, struct pattern_match *ret)
{
	ret->start = (size_t)(start - m->subject);
	ret->end = (size_t)(end - m->subject);
	ret->n_captures = m->n;
	for (int i = 0; i < m->n; i++) {
		const char *at = m->captures[i].start;
		bool position = m->captures[i].length == POSITION;
		ret->captures[i].position = position ? (size_t)(at - m->subject) + 1 : 0;
		ret->captures[i].text.p = position ? NULL : at;
		ret->captures[i].text.n = position ? 0 : (size_t)m->captures[i].length;
	}
}

enum pattern_result pattern_find(struct str subject, struct str pattern, size_t from, int64_t *steps,
				 struct pattern_match *ret, const char **ret_why)
{
	if (!pattern_check(pattern, ret_why))
		return PATTERN_MALFORMED;
	if (from > subject.n)
		return PATTERN_NO;
	const char *text = subject.p ? subject.p : "", *p = pattern.n ? pattern.p : "";
	struct matcher m;
	m.subject = text;
	m.subject_end = text + subject.n;
	m.pattern_end = p + pattern.n;
	m.steps = steps;
	m.gave_up = false;
	bool anchored = pattern.n && *p == '^';
	for (const char *s = text + from; s <= m.subject_end; s++) {
		m.depth = m.n = 0;
		const char *end = match(&m, s, p + anchored);
		if (m.gave_up)
			return PATTERN_TOO_MUCH_WORK;
		if (end) {
			fill(&m, s, end, ret);
			return PATTERN_YES;
		}
		if (anchored)
			break;
	}
	return PATTERN_NO;
}
