#include "unit.h"

#include "format/json.h"

#include <math.h>

struct fixture {
	struct arena arena;
	struct value value;
	struct error error;
	struct buf out;
};

static int set_up(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	arena_init(&f->arena, 16 << 20);
	buf_init(&f->out, 16 << 20);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	arena_finish(&f->arena);
	buf_finish(&f->out);
	free(f);
	return 0;
}

/* A copy of the exact size on the heap, so that a read past the end is seen. */
static int parse(struct fixture *f, struct str text, struct json_limits limits)
{
	char *copy = mem_alloc(text.n);
	if (text.n)
		memcpy(copy, text.p, text.n);
	int result = json_parse((struct str){copy, text.n}, limits, &f->arena, &f->value, &f->error);
	free(copy);
	return result;
}

static const char *again(struct fixture *f, const char *text)
{
	buf_clear(&f->out);
	if (parse(f, str_of(text), (struct json_limits){0}))
		return f->error.what;
	json_write(&f->out, &f->value);
	return buf_z(&f->out);
}

static void writes_what_it_read(void **state)
{
	const char *same[] = {
		"null",
		"true",
		"false",
		"0",
		"-0",
		"1",
		"\"\"",
		"[]",
		"{}",
		"[[]]",
		"[{}]",
		"{\"a\":[]}",
		"12345678901234567890123",
		"1.50",
		"1E+2",
		"9007199254740993",
		"0.10",
		"-1.5e-300",
		"[1,[2,[3,{\"a\":{\"b\":[null,true,false,\"x\"]}}],4],5]",
		"{\"b\":1,\"a\":2,\"b\":3}",
		"\"Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x98\x80\"",
		"{\"\":\"\"}",
		"\"a\\u0000b\"",
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f/\"",
	};
	for (size_t i = 0; i < countof(same); i++)
		assert_string_equal(again(*state, same[i]), same[i]);
	assert_string_equal(again(*state, " [ 1 , { \"a\" : \"\\u00e9\\/\" } ]\r\n\t"),
			    "[1,{\"a\":\"\xC3\xA9/\"}]");
	assert_string_equal(again(*state, "\"\\ud83d\\ude00\""), "\"\xF0\x9F\x98\x80\"");
	assert_string_equal(again(*state, "\"\\\\ud800\""), "\"\\\\ud800\"");
}

static void says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *what;
		int line, column;
	} cases[] = {
		{"", "the JSON text is empty", 1, 1},
		{" \n ", "the JSON text is empty", 2, 2},
		{"[1,2,]", "unexpected ']'", 1, 6},
		{"{\"a\":1,}", "an object's key must be a string in double quotes, not '}'", 1, 8},
		{"[1,\f2]", "a control character (0x0C) is no white space of JSON", 1, 4},
		{"\v1", "a control character (0x0B) is no white space of JSON", 1, 1},
		{"[,1]", "unexpected ','", 1, 2},
		{"[1,,2]", "unexpected ','", 1, 4},
		{"{\"a\"::1}", "unexpected ':'", 1, 6},
		{"{,}", "an object's key must be a string in double quotes, not ','", 1, 2},
		{"[\"\\udc00\\udc00\"]", "\\udc00 is half of a surrogate pair and no character by itself", 1,
		 3},
		{"{\n \"a\" 1}", "expected ':' after an object's key, not '1'", 2, 6},
		{"{1:2}", "an object's key must be a string in double quotes, not '1'", 1, 2},
		{"{a:2}", "unexpected 'a'", 1, 2},
		{"[1 \"two\"]", "expected ',' or ']' after an item of an array, not '\"two\"'", 1, 4},
		{"{\"a\":1 \"b\":2}", "expected ',' or '}' after a member of an object, not '\"b\"'", 1, 8},
		{"[01]", "expected ',' or ']' after an item of an array, not '1'", 1, 3},
		{"[1.]", "a number needs a digit after its decimal point", 1, 4},
		{"[-]", "a digit must follow the minus sign", 1, 3},
		{"[1e]", "a number needs a digit in its exponent", 1, 4},
		{"[+1]", "unexpected '+1'", 1, 2},
		{"[\"a\nb\"]", "a control character stands in a string; it must be escaped", 1, 4},
		{"[\"\\x41\"]",
		 "no escape of JSON: in a string, '\\' stands only before one of \" \\ / b f n r t u", 1, 4},
		{"[\"\\u12g4\"]", "\\u must be followed by four hexadecimal digits", 1, 7},
		{"[1] x", "the JSON text goes on after its end with 'x'", 1, 5},
		{"1 2", "the JSON text goes on after its end with '2'", 1, 3},
		{"{}}", "the JSON text goes on after its end with '}'", 1, 3},
		{"[\n[1,2]\n", "the JSON text ends too early", 3, 1},
		{"\"abc", "the JSON text ends too early", 1, 5},
		{"{\"a\":", "the JSON text ends too early", 1, 6},
		{"/* */ 1", "JSON has no comments", 1, 1},
		{"[\"\xFF\"]", "the text is not valid UTF-8 (byte 0xFF)", 1, 3},
		{"[\"\xC0\x80\"]", "the text is not valid UTF-8 (byte 0xC0)", 1, 3},
		{"[\"\xED\xA0\x80\"]", "the text is not valid UTF-8 (byte 0xED)", 1, 3},
		{"[\"\xF4\x90\x80\x80\"]", "the text is not valid UTF-8 (byte 0xF4)", 1, 3},
		{"[\"\xE2\x82", "the text is not valid UTF-8 (byte 0xE2)", 1, 3},
		{"[\"\\ud800\"]", "\\ud800 is half of a surrogate pair and no character by itself", 1, 3},
		{"[\"\\uDC00x\"]", "\\uDC00 is half of a surrogate pair and no character by itself", 1, 3},
		{"[\"\\ud83d\\u0041\"]", "\\ud83d is half of a surrogate pair and no character by itself", 1,
		 3},
		{"[\"\\ud83d\\ud83d\\ude00\"]",
		 "\\ud83d is half of a surrogate pair and no character by itself", 1, 3},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < countof(cases); i++) {
		f->value.kind = VALUE_TRUE;
		assert_int_equal(parse(f, str_of(cases[i].text), (struct json_limits){0}), -1);
		assert_string_equal(f->error.what, cases[i].what);
		assert_int_equal(f->error.line, cases[i].line);
		assert_int_equal(f->error.column, cases[i].column);
		assert_int_equal(f->value.kind, VALUE_TRUE);
	}
	const char *refused[] = {"nul",     "nan", "NaN", "Infinity", "0x10", "'a'",
				 "[truex]", ".5",  "tru", "]",        ","};
	for (size_t i = 0; i < countof(refused); i++) {
		assert_int_equal(parse(f, str_of(refused[i]), (struct json_limits){0}), -1);
		assert_true(f->error.what[0] && f->error.line == 1 && f->error.column > 0);
	}
	assert_int_equal(parse(f, (struct str){"[1,\0]", 5}, (struct json_limits){0}), -1);
}

static void every_piece_of_a_document_is_an_error_and_no_crash(void **state)
{
	struct fixture *f = *state;
	struct str whole =
		STR("{\"a\":[1.5e3,-2,{\"b\\u00e9\\ud83d\\ude00\":null}],\"c\":\"Zo\xC3\xAB\",\"d\":true}");
	assert_int_equal(parse(f, whole, (struct json_limits){0}), 0);
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(parse(f, (struct str){whole.p, n}, (struct json_limits){0}), -1);
}

static void bounds_depth_values_and_memory(void **state)
{
	struct fixture *f = *state;
	char deep[130];
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	assert_int_equal(parse(f, (struct str){deep + 1, 128}, (struct json_limits){0}), 0);
	assert_int_equal(parse(f, (struct str){deep, 130}, (struct json_limits){0}), -1);
	assert_string_equal(f->error.what, "nested deeper than is allowed (64)");
	assert_int_equal(f->error.column, 65);
	assert_int_equal(parse(f, STR("[[1]]"), (struct json_limits){.depth = 1}), -1);
	assert_int_equal(parse(f, STR("[1,2]"), (struct json_limits){.values = 3}), 0);
	assert_int_equal(parse(f, STR("[1,2,3]"), (struct json_limits){.values = 3}), -1);
	assert_string_equal(f->error.what, "more values than are allowed (3)");
	assert_int_equal(f->error.column, 6);
	struct arena small;
	arena_init(&small, 4096);
	char *text = mem_alloc(4001);
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(text + i, "1,", 2);
	text[0] = '[';
	memcpy(text + 3999, "]", 2);
	text[1] = ' ';
	struct value value;
	assert_int_equal(json_parse_in_place((struct str){text, 4000}, (struct json_limits){0}, &small,
					     &value, &f->error),
			 -1);
	assert_string_equal(f->error.what, "the document is too large");
	free(text);
	arena_finish(&small);
}

static void long_arrays_keep_their_order(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_printf(&text, "%s{\"n\":%d,\"l\":[%d,%d]}", i ? "," : "[", i, i, i + 1);
	buf_char(&text, ']');
	assert_int_equal(parse(f, buf_view(&text), (struct json_limits){0}), 0);
	assert_int_equal(f->value.n, 5000);
	json_write(&f->out, &f->value);
	assert_string_equal(buf_z(&f->out), buf_z(&text));
	buf_finish(&text);
}

static void reads_one_document_after_the_other(void **state)
{
	struct fixture *f = *state;
	struct str text = STR(" {\"a\":1}{\"a\":2}\n3 [\"x\"]12");
	const char *expected[] = {"{\"a\":1}", "{\"a\":2}", "3", "[\"x\"]", "12"};
	size_t at = 0;
	for (size_t i = 0; i < countof(expected); i++) {
		assert_int_equal(
			json_parse_next(text, &at, (struct json_limits){0}, &f->arena, &f->value, &f->error),
			0);
		buf_clear(&f->out);
		json_write(&f->out, &f->value);
		assert_string_equal(buf_z(&f->out), expected[i]);
	}
	assert_int_equal(json_parse_next(text, &at, (struct json_limits){0}, &f->arena, &f->value, &f->error),
			 1);
	at = 0;
	text = STR("1\n {\"a\":\"\\ud800\"}");
	assert_int_equal(json_parse_next(text, &at, (struct json_limits){0}, &f->arena, &f->value, &f->error),
			 0);
	assert_int_equal(json_parse_next(text, &at, (struct json_limits){0}, &f->arena, &f->value, &f->error),
			 -1);
	assert_int_equal(f->error.line, 2);
	assert_int_equal(f->error.column, 8);
	assert_int_equal(at, 1);
	text = STR("1\n {\"a\":]");
	assert_int_equal(json_parse_next(text, &at, (struct json_limits){0}, &f->arena, &f->value, &f->error),
			 -1);
	assert_int_equal(f->error.line, 2);
	assert_int_equal(f->error.column, 7);
}

static void what_it_writes_is_always_utf8(void **state)
{
	struct fixture *f = *state;
	json_write_string(&f->out, STR("a\xFF\xC3(\xED\xA0\x80\x7F"));
	assert_string_equal(buf_z(&f->out),
			    "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x7F\"");
}

static void every_character_is_escaped_wherever_it_stands(void **state)
{
	struct fixture *f = *state;
	for (int c = 0; c < 128; c++) {
		for (size_t at = 0; at < 17; at++) {
			char text[] = "abcdefgh\xC3\xABjklmnop";
			struct str s = {text, sizeof text - 1};
			if (at == 8 || at == 9)
				continue;
			text[at] = (char)c;
			buf_clear(&f->out);
			json_write_string(&f->out, s);
			assert_int_equal(parse(f, buf_view(&f->out), (struct json_limits){0}), 0);
			assert_true(str_eq(f->value.text, s));
		}
	}
}

static void doubles_are_as_short_as_can_be(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "1"},
		{-3, "-3"},
		{0.1, "0.1"},
		{1.5, "1.5"},
		{95, "95"},
		{9007199254740991.0, "9007199254740991"},
		{-9007199254740991.0, "-9007199254740991"},
		{1e21, "1e+21"},
		{1.0 / 3, "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"},
		{5e-324, "4.94065645841247e-324"},
		{1e300, "1e+300"},
		{NAN, "null"},
		{INFINITY, "null"},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < countof(cases); i++) {
		buf_clear(&f->out);
		json_write_double(&f->out, cases[i].number);
		assert_string_equal(buf_z(&f->out), cases[i].text);
		assert_int_equal(parse(f, buf_view(&f->out), (struct json_limits){0}), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_what_it_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_what_is_wrong_and_where, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_piece_of_a_document_is_an_error_and_no_crash, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(bounds_depth_values_and_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_arrays_keep_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_one_document_after_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_it_writes_is_always_utf8, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_character_is_escaped_wherever_it_stands, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(doubles_are_as_short_as_can_be, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
