#include "unit.h"

#include "model/pattern.h"

#include <stdio.h>

/* "start-end:capture,capture", positions as "@3"; "no", "work", "bad". On an exact copy on the heap, so that
 * a read past the end is seen. */
static const char *find_from(struct str subject, struct str pattern, size_t from, int64_t steps)
{
	static char out[512];
	struct pattern_match match;
	const char *why = NULL;
	char *s = mem_alloc(subject.n), *p = mem_alloc(pattern.n);
	memcpy(s, subject.p, subject.n);
	memcpy(p, pattern.p, pattern.n);
	enum pattern_result result = pattern_find((struct str){s, subject.n}, (struct str){p, pattern.n},
						  from, &steps, &match, &why);
	strcpy(out, result == PATTERN_NO ? "no" : result == PATTERN_TOO_MUCH_WORK ? "work" : "bad");
	if (result == PATTERN_YES) {
		int n = sprintf(out, "%zu-%zu", match.start, match.end);
		for (int i = 0; i < match.n_captures; i++) {
			struct pattern_capture *c = &match.captures[i];
			n += sprintf(out + n, "%c", i ? ',' : ':');
			if (c->text.p)
				n += sprintf(out + n, STR_FMT, STR_ARG(c->text));
			else
				n += sprintf(out + n, "@%zu", c->position);
		}
	}
	assert_true((result == PATTERN_MALFORMED) == (why != NULL));
	free(s);
	free(p);
	return out;
}

static const char *find(const char *subject, const char *pattern)
{
	return find_from(str_of(subject), str_of(pattern), 0, 100000);
}

/* Expectations written by the reference manual, and the same as lua5.4 gives (one-based there). */
static void matches_as_the_manual_says(void **state)
{
	static const struct {
		const char *subject, *pattern, *expected;
	} cases[] = {
		{"hello world", "o w", "4-7"},
		{"hello", "xyz", "no"},
		{"hello", "", "0-0"},
		{"", "", "0-0"},
		{"hello", "l+", "2-4"},
		{"hello", "l*", "0-0"},
		{"hello", "hx?e", "0-2"},
		{"hello", "h.-o", "0-5"},
		{"aXb", "%u", "1-2"},
		{"abc123", "%d+", "3-6"},
		{"abc123", "%a+", "0-3"},
		{"  x", "%s*x", "0-3"},
		{"abc", "%W", "no"},
		{"a-b", "%-", "1-2"},
		{"a.b", "%.", "1-2"},
		{"0xFF", "%x%x$", "2-4"},
		{"a\tb", "%c", "1-2"},
		{"a!b", "%p", "1-2"},
		{" \n!", "%g", "2-3"},
		{"ABC", "%L+", "0-3"},
		{"a1_", "[%w_]+", "0-3"},
		{"x-y", "[a-]+", "1-2"},
		{"]x", "[]]", "0-1"},
		{"x]", "[^]]", "0-1"},
		{"a^b", "[b^]", "1-2"},
		{"m", "[a-z]", "0-1"},
		{"M", "[a-z]", "no"},
		{"%", "[%%]", "0-1"},
		{"5", "[%a%d]", "0-1"},
		{"z", "[^%a%d]", "no"},
		{"-", "[a%-z]", "0-1"},
		{"b", "[a%-z]", "no"},
		{"abc", "^b", "no"},
		{"abc", "^a", "0-1"},
		{"abc", "c$", "2-3"},
		{"abc", "b$", "no"},
		{"a$c", "a$c", "0-3"},
		{"a^b", "a^b", "0-3"},
		{"", "^$", "0-0"},
		{"x*", "*", "1-2"},
		{"key=value", "(%w+)=(%w+)", "0-9:key,value"},
		{"hello", "()ll()", "2-4:@3,@5"},
		{"abc", "((a)(b))", "0-2:ab,a,b"},
		{"abc", "a(.-)c", "0-3:b"},
		{"ac", "a(.-)c", "0-2:"},
		{"say \"hi\" 'ok'", "([\"'])(.-)%1", "4-8:\",hi"},
		{"abab", "(ab)%1", "0-4:ab"},
		{"abac", "(ab)%1", "no"},
		{"f(a(b)c)d", "%b()", "1-8"},
		{"((", "%b()", "no"},
		{"a''b", "%b''", "1-3"},
		{"THE (quick) fox", "%f[%a]%a+%f[%A]", "0-3"},
		{"foo.bar", "%f[%w]bar", "4-7"},
		{"xfoo", "%f[%w]foo", "no"},
		{"foo", "foo%f[%z%W]", "0-3"},
		{"foo", "foo%f[\1-\377]", "no"},
		{"foo", "foo%f[^%w]", "0-3"},
		{"aaab", "a-b", "0-4"},
		{"aaa", "a-$", "0-3"},
		{"aaa", "^(a-)a$", "0-3:aa"},
		{"aab", "a?a?a?ab", "0-3"},
		{"2025-10-14", "(%d+)-(%d+)-(%d+)", "0-10:2025,10,14"},
		{"Zo\xC3\xAB", "\xC3\xAB$", "2-4"},
		{"Zo\xC3\xAB", "[\x80-\xFF]+", "2-4"},
		{"a,b", "([^,]*),", "0-2:a"},
		{"abc", "(a*(.)%w(%s*))", "0-3:abc,b,"},
		{"x", "%q", "no"},
		{"a]", "a]", "0-2"},
		{"alo", ".-l", "0-2"},
		{"  trim me  ", "^%s*(.-)%s*$", "0-11:trim me"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_string_equal(find(cases[i].subject, cases[i].pattern), cases[i].expected);
	assert_string_equal(find_from(STR("a\0b"), STR("%z"), 0, 100), "1-2");
	assert_string_equal(find_from(STR("a\0b"), STR("\0b"), 0, 100), "1-3");
	assert_string_equal(find_from(STR("a\0b"), STR("[\0]"), 0, 100), "1-2");
	assert_string_equal(find_from(STR("foo"), STR("foo%f[\0]"), 0, 100), "0-3");
}

static void begins_where_it_is_told(void **state)
{
	assert_string_equal(find_from(STR("abcabc"), STR("b"), 2, 100), "4-5");
	assert_string_equal(find_from(STR("abcabc"), STR("^b"), 2, 100), "no");
	assert_string_equal(find_from(STR("abcabc"), STR("^c()"), 2, 100), "2-3:@4");
	assert_string_equal(find_from(STR("abc"), STR(""), 3, 100), "3-3");
	assert_string_equal(find_from(STR("abc"), STR(""), 4, 100), "no");
	assert_string_equal(find_from(STR("xab"), STR("%f[%w]a"), 1, 100), "no");
}

static void names_what_is_malformed(void **state)
{
	static const struct {
		const char *pattern, *why;
	} cases[] = {
		{"abc%", "it ends with '%'"},
		{"[abc", "'[' without its ']'"},
		{"[]", "'[' without its ']'"},
		{"[^]", "'[' without its ']'"},
		{"[a%", "'[' without its ']'"},
		{"[a%]", "'[' without its ']'"},
		{"(a", "'(' without its ')'"},
		{"(()", "'(' without its ')'"},
		{"a)", "')' without its '('"},
		{"())", "')' without its '('"},
		{"%b", "%b wants two characters behind it"},
		{"%bx", "%b wants two characters behind it"},
		{"%f", "%f wants a [set] behind it"},
		{"%fa", "%f wants a [set] behind it"},
		{"%f[a", "'[' without its ']'"},
		{"%1", "% and a digit want a capture that is already closed"},
		{"(a%1)", "% and a digit want a capture that is already closed"},
		{"()%1", "% and a digit want a capture that is already closed"},
		{"(a)%2", "% and a digit want a capture that is already closed"},
		{"(a)%0", "% and a digit want a capture that is already closed"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		const char *why = NULL;
		assert_false(pattern_check(str_of(cases[i].pattern), &why));
		assert_string_equal(why, cases[i].why);
		assert_string_equal(find("abc", cases[i].pattern), "bad");
	}
	char many[3 * 33 + 1] = "";
	for (int i = 0; i < 33; i++)
		strcat(many, "(a)");
	assert_false(pattern_check(str_of(many), NULL));
	many[3 * 32] = 0;
	assert_true(pattern_check(str_of(many), NULL));
}

static void no_pattern_works_longer_than_it_may(void **state)
{
	size_t n = 40000;
	char *spaces = mem_alloc(n + 1);
	memset(spaces, ' ', n);
	spaces[n] = 'x';
	assert_string_equal(find_from((struct str){spaces, n + 1}, STR("%s+$"), 0, 1000000), "work");
	assert_string_equal(find_from((struct str){spaces, n}, STR("%s+$"), 0, 1000000), "0-40000");
	assert_string_equal(find_from((struct str){spaces, n + 1}, STR("x$"), 0, 1000000), "40000-40001");
	assert_string_equal(find_from((struct str){spaces, n}, STR(".-.-.-.-.-x"), 0, 1000000), "work");
	assert_string_equal(find_from((struct str){spaces, n}, STR("(.*)%1x"), 0, 1000000), "work");
	memset(spaces, '(', n);
	assert_string_equal(find_from((struct str){spaces, n}, STR("%b()"), 0, 1000000), "work");
	free(spaces);
	char deep[2 * 300 + 1] = "";
	for (int i = 0; i < 300; i++)
		strcat(deep, "a?");
	assert_string_equal(find("aaaa", deep), "0-4");
	for (int i = 0; i < 300; i++)
		deep[2 * i + 1] = '*';
	assert_string_equal(find("aaaa", deep), "work");
}

static void counts_the_steps_down(void **state)
{
	struct pattern_match match;
	int64_t steps = 1000;
	assert_int_equal(pattern_find(STR("hello"), STR("l+o"), 0, &steps, &match, NULL), PATTERN_YES);
	assert_in_range(steps, 900, 990);
	steps = 0;
	assert_int_equal(pattern_find(STR("hello"), STR("l"), 0, &steps, &match, NULL),
			 PATTERN_TOO_MUCH_WORK);
}

/* All short patterns over what has a meaning, on all short subjects: no crash, no read past the end, and what
 * the check accepts the matcher never calls malformed. */
static void survives_every_short_pattern(void **state)
{
	static const char alphabet[] = "a(%)[]^$*-?.1bf";
	const size_t letters = sizeof alphabet - 1;
	char pattern[4];
	for (size_t i = 0; i < letters * letters * letters * letters; i++) {
		size_t code = i;
		for (int k = 0; k < 4; k++, code /= letters)
			pattern[k] = alphabet[code % letters];
		struct pattern_match match;
		int64_t steps = 500;
		char *exact = mem_alloc(4);
		memcpy(exact, pattern, 4);
		struct str p = {exact, 4};
		bool good = pattern_check(p, NULL);
		enum pattern_result result = pattern_find(STR("ab1(a)"), p, 0, &steps, &match, NULL);
		assert_true(good == (result != PATTERN_MALFORMED));
		assert_true(result != PATTERN_YES || (match.start <= match.end && match.end <= 6));
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_the_manual_says),
		cmocka_unit_test(begins_where_it_is_told),
		cmocka_unit_test(names_what_is_malformed),
		cmocka_unit_test(no_pattern_works_longer_than_it_may),
		cmocka_unit_test(counts_the_steps_down),
		cmocka_unit_test(survives_every_short_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
