#include "template_fixture.h"

/* The tag `x` with this value, a JSON text, through the filters. */
static const char *filtered(struct fixture *f, const char *filters, const char *json)
{
	char text[256], *data = mem_alloc(strlen(json) + 16);
	snprintf(text, sizeof text, "#x|%s#", filters);
	sprintf(data, "{\"x\":%s}", json);
	const char *result = fill_in(f, CONTEXT_TEXT, text, data);
	free(data);
	return result;
}

static void default_takes_the_place_of_what_is_missing_null_or_empty(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_TEXT, "#x|default:'none'#", "{}"), "none");
	assert_string_equal(filtered(f, "default:'none'", "null"), "none");
	assert_string_equal(filtered(f, "default:'none'", "\"\""), "none");
	assert_string_equal(filtered(f, "default:'none'", "\"a\""), "a");
	assert_string_equal(filtered(f, "default:'none'", "0"), "0");
	assert_string_equal(filtered(f, "default:'none'", "false"), "false");
	assert_string_equal(filtered(f, "default:''", "null"), "");
	assert_string_equal(filtered(f, "default:'it''s #1 | \"x\"'", "null"), "it's #1 | \"x\"");
	assert_string_equal(filtered(f, "trim|default:no", "\"  \""), "no");
	assert_string_equal(filtered(f, "default:no|upper", "\"\""), "NO");
	assert_null(f->log.first);
}

static void default_keeps_the_type_of_a_bare_word(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:0#]", "{}"), "[0]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[\"#x|default:-1.5|json#\"]", "{}"), "[-1.5]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:true#]", "{}"), "[true]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:false#]", "{}"), "[false]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:'0'#]", "{}"), "[\"0\"]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:007#]", "{}"), "[\"007\"]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[\"#x|default:0#\"]", "{}"), "[\"0\"]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|default:0#]", "{\"x\":[1]}"), "[[1]]");
}

static void e164_gives_the_international_form(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(filtered(f, "e164:US", "\"5105550111\""), "+15105550111");
	assert_string_equal(filtered(f, "e164:us", "\"(510) 555-0111\""), "+15105550111");
	assert_string_equal(filtered(f, "e164:US", "5105550111"), "+15105550111");
	assert_string_equal(filtered(f, "e164:US", "\"16505550100\""), "+16505550100");
	assert_string_equal(filtered(f, "e164:US", "\"+49 30 901820\""), "+4930901820");
	assert_string_equal(filtered(f, "e164:DE", "\"030 901820\""), "+4930901820");
	assert_string_equal(filtered(f, "e164:GB", "\"020 7946 0018\""), "+442079460018");
	assert_string_equal(filtered(f, "e164:US", "\"\""), "");
	assert_string_equal(filtered(f, "e164:US", "null"), "");
	assert_null(f->log.first);
}

static void e164_leaves_what_is_no_number_and_says_so(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(filtered(f, "e164:US", "\"anonymous\""), "anonymous");
	assert_str(f->log.first->text, "the tag 'x' holds no phone number: sent as it is (crm)");
	assert_string_equal(filtered(f, "e164:US", "\"123\""), "123");
	assert_string_equal(filtered(f, "e164:US", "\"+1\\u0000\""), "+1");
	assert_int_equal(f->out.n, 3);
	assert_string_equal(filtered(f, "e164:US", "[1]"), "[1]");
	assert_string_equal(filtered(f, "e164:US|upper", "\"no\""), "NO");
	assert_int_equal(f->log.n, 1);
}

/* Of longer texts the time that the library takes grows with the square. */
static void e164_looks_at_no_text_of_more_than_250_bytes(void **state)
{
	struct fixture *f = *state;
	char text[256];
	snprintf(text, sizeof text, "\"5105550111%240s\"", "");
	assert_string_equal(filtered(f, "e164:US", text), "+15105550111");
	snprintf(text, sizeof text, "\"5105550111%241s\"", "");
	assert_int_equal(strlen(filtered(f, "e164:US", text)), 251);
	assert_int_equal(f->log.n, 1);
}

#define AS_NEW_YORK "time:'%Y-%m-%dT%H:%M:%S%z','America/New_York'"
#define AS_UTC      "time:'%Y-%m-%d %H:%M:%S'"
#define AS_BERLIN   "time:'%H:%M %z %Z',Europe/Berlin"

static void time_reads_every_form_that_events_have(void **state)
{
	struct fixture *f = *state;
	const char *same[] = {
		"\"2020-04-22 00:00:00.0000\"",
		"\"2020-04-22 00:00:00\"",
		"\"2020-04-22T00:00:00\"",
		"\" 2020-04-22T00:00:00 \"",
		"\"2020-04-22T04:00:00Z\"",
		"\"2020-04-22t04:00:00.000z\"",
		"\"2020-04-22T06:00:00+02:00\"",
		"\"2020-04-22T06:00:00+0200\"",
		"\"2020-04-21T22:30:00-05:30\"",
		"1587528000",
		"1587528000000",
		"1587528000.0",
		"\"1587528000\"",
		"\"1587528000000\"",
		"\"1587528000.25\"",
	};
	for (size_t i = 0; i < countof(same); i++) {
		assert_string_equal(filtered(f, AS_UTC, same[i]), "2020-04-22 04:00:00");
		assert_string_equal(filtered(f, AS_NEW_YORK, same[i]), "2020-04-22T00:00:00-0400");
	}
	assert_string_equal(filtered(f, "time:'%S.%f'", "\"2020-04-22 00:00:01.25\""), "01.250000");
	assert_string_equal(filtered(f, "time:'%S.%f'", "\"2020-04-22 00:00:01.1234567\""), "01.123456");
	assert_string_equal(filtered(f, "time:'%s'", "\"1969-12-31T23:59:59.5Z\""), "-1");
	assert_string_equal(filtered(f, "time:%H:%M,UTC,Europe/Berlin", "\"2020-04-22 00:00:00\""), "22:00");
	assert_string_equal(filtered(f, "time:'%H',UTC,'+05:30'", "\"2020-04-22 05:30:00\""), "00");
	assert_string_equal(filtered(f, AS_UTC, "null"), "");
	assert_null(f->log.first);
}

static void time_knows_when_the_clocks_change(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *filters, *in, *out;
	} cases[] = {
		/* New York, 9 March 2025: 02:00 becomes 03:00. */
		{AS_NEW_YORK, "\"2025-03-09 01:59:59\"", "2025-03-09T01:59:59-0500"},
		{AS_NEW_YORK, "\"2025-03-09 03:00:00\"", "2025-03-09T03:00:00-0400"},
		{AS_NEW_YORK, "\"2025-03-09 02:30:00\"", "2025-03-09T03:00:00-0400"},
		{AS_UTC, "\"2025-03-09 01:59:59\"", "2025-03-09 06:59:59"},
		{AS_UTC, "\"2025-03-09 03:00:00\"", "2025-03-09 07:00:00"},
		/* 2 November 2025: 02:00 becomes 01:00 again. */
		{AS_NEW_YORK, "\"2025-11-02T05:30:00Z\"", "2025-11-02T01:30:00-0400"},
		{AS_NEW_YORK, "\"2025-11-02T06:30:00Z\"", "2025-11-02T01:30:00-0500"},
		{AS_UTC, "\"2025-11-02 00:59:59\"", "2025-11-02 04:59:59"},
		{AS_UTC, "\"2025-11-02 01:30:00\"", "2025-11-02 06:30:00"},
		{AS_UTC, "\"2025-11-02 02:00:00\"", "2025-11-02 07:00:00"},
		/* Berlin, 30 March and 26 October 2025. */
		{AS_BERLIN, "\"2025-03-30T00:59:00Z\"", "01:59 +0100 CET"},
		{AS_BERLIN, "\"2025-03-30T01:00:00Z\"", "03:00 +0200 CEST"},
		{AS_BERLIN, "\"2025-10-26T00:30:00Z\"", "02:30 +0200 CEST"},
		{AS_BERLIN, "\"2025-10-26T01:30:00Z\"", "02:30 +0100 CET"},
		/* The weeks in which only one of the two has changed. */
		{AS_BERLIN, "\"2025-03-20 12:00:00\"", "17:00 +0100 CET"},
		{AS_BERLIN, "\"2025-04-20 12:00:00\"", "18:00 +0200 CEST"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_string_equal(filtered(f, cases[i].filters, cases[i].in), cases[i].out);
}

static void time_leaves_what_is_no_time_and_says_so(void **state)
{
	struct fixture *f = *state;
	const char *bad[] = {
		"soon",
		"2020-04-22",
		"2020-13-22 00:00:00",
		"2020-02-30 00:00:00",
		"2020-04-22 24:00:00",
		"2020-04-22 00:00",
		"2020-04-22 00:00:00.",
		"2020-04-22 00:00:00 PM",
		"2020-04-22T00:00:00+25:00",
		"0000-01-01 00:00:00",
		"2020-04-22 00:00:0x",
		"20251014110205",
		"5105550111123456",
		"12345",
		"1e9",
		"0x5e9f8a40",
		"999999999999999999999999999999999999999",
		"nan",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		char json[128];
		snprintf(json, sizeof json, "\"%s\"", bad[i]);
		assert_string_equal(filtered(f, AS_UTC, json), bad[i]);
	}
	assert_string_equal(filtered(f, AS_UTC, "1e300"), "1e300");
	assert_string_equal(filtered(f, AS_UTC, "-1e300"), "-1e300");
	assert_string_equal(filtered(f, AS_UTC, "true"), "true");
	assert_string_equal(filtered(f, AS_UTC, "{\"a\":1}"), "{\"a\":1}");
	assert_str(f->log.first->text, "the tag 'x' holds no time: sent as it is (crm)");
	assert_int_equal(f->log.n, 1);
}

static void seconds_reads_durations(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(filtered(f, "seconds", "\"01:35\""), "95");
	assert_string_equal(filtered(f, "seconds", "\"1:02:03\""), "3723");
	assert_string_equal(filtered(f, "seconds", "\"00:00:00\""), "0");
	assert_string_equal(filtered(f, "seconds", "95"), "95");
	assert_string_equal(filtered(f, "seconds", "95.9"), "95");
	assert_string_equal(filtered(f, "seconds", "\"95\""), "95");
	assert_string_equal(filtered(f, "seconds", "\"\""), "");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#x|seconds#,\"#x|seconds#\",\"#x|seconds|json#\"]",
				    "{\"x\":\"00:10\"}"),
			    "[10,\"10\",10]");
	assert_null(f->log.first);
	assert_string_equal(filtered(f, "seconds", "\"a while\""), "a while");
	assert_string_equal(filtered(f, "seconds", "1e300"), "1e300");
	assert_string_equal(filtered(f, "seconds", "12345678901234567890"), "12345678901234567890");
	assert_str(f->log.first->text, "the tag 'x' holds no duration: sent as it is (crm)");
}

static void upper_lower_and_trim_know_unicode(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(filtered(f, "upper", "\"Zoë ☎ straße\""), "ZOË ☎ STRASSE");
	assert_string_equal(filtered(f, "lower", "\"NGUYỄN & Sons\""), "nguyễn & sons");
	assert_string_equal(filtered(f, "lower|upper", "\"abc\""), "ABC");
	assert_string_equal(filtered(f, "upper", "true"), "TRUE");
	assert_string_equal(filtered(f, "upper", "[\"a\"]"), "[\"A\"]");
	assert_string_equal(filtered(f, "trim", "\"\\t a b \\r\\n\""), "a b");
	assert_string_equal(filtered(f, "trim", "\"   \""), "");
	assert_string_equal(filtered(f, "trim|upper|lower|trim|upper|lower|trim|upper", "\" a \""), "A");
	filtered(f, "upper", "\"é\\u0000b\"");
	assert_int_equal(f->out.n, 4);
	assert_memory_equal(f->out.p, "é\0B", 4);
}

static void json_keeps_the_type(void **state)
{
	struct fixture *f = *state;
	const char *values[] = {"1",     "12345678901234567890", "1.50",      "true", "null",
				"[2,3]", "{\"a\":[]}",           "\"x\\\"y\""};
	for (size_t i = 0; i < countof(values); i++)
		assert_string_equal(filtered(f, "json", values[i]), values[i]);
	assert_string_equal(fill_in(f, CONTEXT_TEXT, "#x|json#", "{}"), "null");
	assert_string_equal(fill_in(f, CONTEXT_XML, "<a>#x|json#</a>", "{\"x\":[\"<\"]}"),
			    "<a>[\"&lt;\"&#93;</a>");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[\"a #x|json#\"]", "{\"x\":[\"b\"]}"),
			    "[\"a [\\\"b\\\"]\"]");
}

static void long_values_pass_through(void **state)
{
	struct fixture *f = *state;
	char *json = mem_alloc(65535 + 3);
	memset(json, 'a', 65535 + 2);
	json[0] = json[65536] = '"';
	json[65537] = 0;
	assert_int_equal(strlen(filtered(f, "upper|trim", json)), 65535);
	assert_int_equal(f->out.p[65534], 'A');
	assert_int_equal(strlen(filtered(f, "e164:US", json)), 65535);
	assert_int_equal(strlen(filtered(f, AS_UTC, json)), 65535);
	assert_int_equal(strlen(filtered(f, "seconds", json)), 65535);
	free(json);
}

static void wrong_filters_are_told_when_rules_load(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *what, *hint;
		int line, column;
	} cases[] = {
		{"#x|uper#", "unknown filter 'uper'", "did you mean 'upper'?", 1, 4},
		{"a\nb #x|trim|secnds#", "unknown filter 'secnds'", "did you mean 'seconds'?", 2, 11},
		{"#x|zzzzzzzz#", "unknown filter 'zzzzzzzz'",
		 "the filters are default, e164, time, seconds, upper, lower, trim, json", 1, 4},
		{"#x|e164#", "the filter 'e164' needs an argument", "write it as in #tag|e164:US#", 1, 4},
		{"#x|upper:1#", "the filter 'upper' takes no argument", "write it as in #tag|upper#", 1, 4},
		{"#x|default:a,b#", "the filter 'default' takes at most 1 argument",
		 "write it as in #tag|default:'none'#", 1, 4},
		{"#x|time:a,b,c,d#", "the filter 'time' takes at most 3 arguments",
		 "write it as in #tag|time:'%Y-%m-%d %H:%M','Europe/Berlin'#", 1, 4},
		{"#x|e164:XX#", "unknown country 'XX' in the filter 'e164'",
		 "it is the two letters of ISO 3166: e164:US, e164:DE", 1, 4},
		{"#x|e164:USA#", "unknown country 'USA' in the filter 'e164'",
		 "it is the two letters of ISO 3166: e164:US, e164:DE", 1, 4},
		{"#x|time:'%Y','Europe/Berln'#", "unknown time zone 'Europe/Berln'",
		 "a name of the tz database: 'America/New_York', 'Europe/Berlin', 'UTC'", 1, 4},
		{"#x|time:'%Y','UTC','../etc/passwd'#", "unknown time zone '../etc/passwd'",
		 "a name of the tz database: 'America/New_York', 'Europe/Berlin', 'UTC'", 1, 4},
		{"#x|time:'%Q'#", "invalid time format '%Q'", "as strftime's: '%Y-%m-%dT%H:%M:%S%z'", 1, 4},
		{"#x|time:'%'#", "invalid time format '%'", "as strftime's: '%Y-%m-%dT%H:%M:%S%z'", 1, 4},
		{"#x|time:'%H%%%'#", "invalid time format '%H%%%'", "as strftime's: '%Y-%m-%dT%H:%M:%S%z'", 1,
		 4},
		{"#x|time:''#", "invalid time format ''", "as strftime's: '%Y-%m-%dT%H:%M:%S%z'", 1, 4},
		{"#x|json|trim#", "'json' must be the last filter of a tag", "", 1, 8},
		{"#x|default:#", "an argument of a tag's filter is missing",
		 "put single quotes around anything but letters, digits and +./:%-", 1, 12},
		{"#x|default:'a#", "the quote in a tag's filter is not closed", "", 1, 1},
		{"#x|upper", "the tag is not closed: '#' or '|' must follow the filter 'upper'", "", 1, 9},
		{"#x|upper; #y#", "the tag is not closed: '#' or '|' must follow the filter 'upper'", "", 1,
		 9},
		{"#x|#", "a filter's name is missing after '|'", "", 1, 4},
		{"#x||upper#", "a filter's name is missing after '|'", "", 1, 4},
		{"#x|trim|trim|trim|trim|trim|trim|trim|trim|trim#", "a tag has at most 8 filters", "", 1,
		 43},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		assert_string_equal(fill_in(f, CONTEXT_TEXT, cases[i].text, "{}"), cases[i].what);
		assert_string_equal(f->error.hint, cases[i].hint);
		assert_int_equal(f->error.line, cases[i].line);
		assert_int_equal(f->error.column, cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(default_takes_the_place_of_what_is_missing_null_or_empty,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(default_keeps_the_type_of_a_bare_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(e164_gives_the_international_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(e164_looks_at_no_text_of_more_than_250_bytes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(e164_leaves_what_is_no_number_and_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_reads_every_form_that_events_have, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_knows_when_the_clocks_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_leaves_what_is_no_time_and_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(seconds_reads_durations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(upper_lower_and_trim_know_unicode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_keeps_the_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_values_pass_through, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_filters_are_told_when_rules_load, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
