#include "unit.h"

#include "format/cloudevents.h"
#include "format/json.h"
#include "format/rfc3339.h"

#include <stdio.h>

#define NOW    ((int64_t)1760466879000) /* 2025-10-14T18:34:39Z */
#define NOW_MS ((int64_t)1760466879123)

struct fixture {
	struct event_list list;
	struct event_limits limits;
	struct error error;
};

static int set_up(void **state)
{
	*state = mem_zalloc(sizeof(struct fixture));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	event_list_finish(&f->list);
	free(f);
	return 0;
}

typedef int (*parse_function)(struct str text, const struct event_limits *limits, int64_t now_ms,
			      struct event_list *list, struct error *reterr);

/* On a copy of the exact size that is gone afterwards: events must not point into it. */
static int parse_with(struct fixture *f, parse_function with, const char *text)
{
	struct str copy = {mem_strndup(text, strlen(text)), strlen(text)};
	int result = with(copy, &f->limits, NOW_MS, &f->list, &f->error);
	free((void *)(uintptr_t)copy.p);
	return result;
}

static struct event *parse(struct fixture *f, const char *text)
{
	event_list_finish(&f->list);
	if (parse_with(f, events_parse_json, text))
		fail_msg("%s", f->error.what);
	assert_int_equal(f->list.n, 1);
	return f->list.events[0];
}

static const char *refusal(struct fixture *f, parse_function with, const char *text)
{
	size_t before = f->list.n;
	memset(&f->error, 0, sizeof f->error);
	assert_int_equal(parse_with(f, with, text), -1);
	assert_int_equal(f->list.n, before);
	return f->error.what;
}

static void keeps_a_whole_event_as_it_came(void **state)
{
	const char *text =
		"{\"specversion\":\"1.0\",\"id\":\"evt-1\",\"type\":\"post_call\",\"source\":\"/queues/1\","
		"\"subject\":\"2025\",\"time\":\"2025-10-14T20:34:39.5+02:00\",\"ext\":7,"
		"\"data\":{\"id\":12345678901234567890,\"n\":1.50,\"l\":[],\"o\":{},\"x\":null}}";
	struct event *event = parse(*state, text);
	assert_str(event->json, text);
	assert_str(event->id, "evt-1");
	assert_str(event->type, "post_call");
	assert_str(event->source, "/queues/1");
	assert_str(event->subject, "2025");
	assert_str(event->time, "2025-10-14T20:34:39.5+02:00");
	assert_int_equal(event->time_ms, NOW + 500);
	assert_int_equal(event->arrived_ms, NOW_MS);
	assert_int_equal(event->refs, 1);
	assert_str(event_tag(event, STR("id"))->text, "12345678901234567890");
	assert_int_equal(event_tag(event, STR("l"))->kind, VALUE_ARRAY);
	assert_null(event_tag(event, STR("absent")));
}

static void fills_in_what_the_sender_left_out(void **state)
{
	struct event *event =
		parse(*state, " {\"type\":\"t\",\n\"ext\" : \"e\", \"data\":{\"uii\":1234, \"b\":2},\r\n"
			      "\"source\":\"/s\", \"flag\":true}\n");
	char expected[400];
	assert_int_equal(event->id.n, 32);
	assert_str(event->subject, "1234");
	assert_str(event->time, "2025-10-14T18:34:39.123Z");
	snprintf(expected, sizeof expected,
		 "{\"specversion\":\"1.0\",\"id\":\"" STR_FMT
		 "\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"1234\","
		 "\"time\":\"2025-10-14T18:34:39.123Z\",\"ext\":\"e\",\"flag\":true,\"data\":{\"uii\":1234,"
		 "\"b\":2}}",
		 STR_ARG(event->id));
	assert_str(event->json, expected);

	event = parse(*state, "{\"type\":\"t\",\"source\":\"/s\",\"data\":{\"event_id\":\"e-7\"}}");
	assert_str(event->id, "e-7");
	assert_str(event->subject, "e-7");
	event = parse(
		*state,
		"{\"type\":\"t\",\"source\":\"/s\",\"id\":\"i\",\"data\":{\"event_id\":7,\"uii\":\"\"}}");
	assert_str(event->id, "i");
	assert_str(event->subject, "i");
	event = parse(*state, "{\"type\":\"t\",\"source\":\"/s\",\"id\":\"i\",\"time\":null,\"data\":null}");
	assert_int_equal(event->data.kind, VALUE_OBJECT);
	assert_int_equal(event->data.n, 0);
	assert_str(event->json,
		   "{\"specversion\":\"1.0\",\"id\":\"i\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"i\","
		   "\"time\":\"2025-10-14T18:34:39.123Z\",\"data\":{}}");
	event = parse(*state,
		      "{\"specversion\":\"1.0\",\"id\":\"1\",\"id\":\"2\",\"type\":\"t\",\"source\":\"/s\","
		      "\"subject\":\"s\",\"time\":\"2025-10-14T18:34:39Z\",\"data\":{}}");
	assert_str(event->json,
		   "{\"specversion\":\"1.0\",\"id\":\"2\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"s\","
		   "\"time\":\"2025-10-14T18:34:39Z\",\"data\":{}}");
}

/* Each of these misses, in one line, a single thing that the stored event must have. */
static void what_is_stored_is_always_the_whole_event(void **state)
{
	static const char *const members[] = {
		"\"specversion\":\"1.0\"",
		"\"id\":\"i\"",
		"\"type\":\"t\"",
		"\"source\":\"/s\"",
		"\"subject\":\"i\"",
		"\"time\":\"2025-10-14T18:34:39.123Z\"",
		"\"data\":{}",
	};
	static const size_t optional[] = {0, 4, 5, 6, 7 /* none */};
	const char *whole =
		"{\"specversion\":\"1.0\",\"id\":\"i\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"i\","
		"\"time\":\"2025-10-14T18:34:39.123Z\",\"data\":{}}";
	for (size_t i = 0; i < countof(optional); i++) {
		char text[400] = "";
		for (size_t k = 0; k < countof(members); k++)
			if (k != optional[i])
				snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s",
					 text[0] ? ',' : '{', members[k]);
		strcat(text, "}");
		assert_str(parse(*state, text)->json, whole);
	}
}

static void a_repeat_gets_the_same_id_and_another_content_another(void **state)
{
	struct fixture *f = *state;
	char first[40];
	struct event *event = parse(f, "{\"type\":\"t\",\"source\":\"/s\",\"data\":{\"a\":1,\"b\":\"x\"}}");
	snprintf(first, sizeof first, STR_FMT, STR_ARG(event->id));
	event = parse(f, "{ \"source\":\"/s\", \"type\":\"t\", \"data\":{ \"a\":1, \"b\":\"\\u0078\" } }");
	assert_str(event->id, first);
	const char *others[] = {
		"{\"type\":\"u\",\"source\":\"/s\",\"data\":{\"a\":1,\"b\":\"x\"}}",
		"{\"type\":\"t\",\"source\":\"/r\",\"data\":{\"a\":1,\"b\":\"x\"}}",
		"{\"type\":\"t\",\"source\":\"/s\",\"data\":{\"a\":2,\"b\":\"x\"}}",
		"{\"type\":\"t/\",\"source\":\"s\",\"data\":{\"a\":1,\"b\":\"x\"}}",
	};
	for (size_t i = 0; i < countof(others); i++) {
		char id[40];
		event = parse(f, others[i]);
		snprintf(id, sizeof id, STR_FMT, STR_ARG(event->id));
		assert_string_not_equal(id, first);
	}
}

static void refuses_with_the_field_and_the_place(void **state)
{
	static const struct {
		const char *text, *what;
		int line, column;
	} cases[] = {
		{"", "the JSON text is empty", 1, 1},
		{"\n 7", "an event must be a JSON object, not a number", 2, 2},
		{"{}", "'type' is missing", 1, 1},
		{"{\"type\":\"t\"}", "'source' is missing", 1, 1},
		{"{\"type\":null,\"source\":\"s\"}", "'type' is missing", 1, 1},
		{"{\"type\":1,\"source\":\"s\"}", "'type' must be a string, not a number", 1, 1},
		{"{\"type\":\"\",\"source\":\"s\"}", "'type' is empty", 1, 1},
		{"{\"type\":\"t\",\"source\":\"\"}", "'source' is empty", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"id\":\"\"}", "'id' is empty", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"id\":[]}", "'id' must be a string, not an array", 1, 1},
		{"{\"type\":\"a\\u0000b\",\"source\":\"s\"}", "'type' holds a control character (0x00)", 1,
		 1},
		{"{\"type\":\"t\",\"source\":\"s\\n\"}", "'source' holds a control character (0x0A)", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"specversion\":\"0.3\"}",
		 "'specversion' must be \"1.0\", not \"0.3\"", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"specversion\":1.0}",
		 "'specversion' must be the string \"1.0\", not a number", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"data\":[1]}", "'data' must be an object, not an array",
		 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"data\":\"x\"}", "'data' must be an object, not a string",
		 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"data_base64\":\"eA==\"}",
		 "'data_base64' is not supported: 'data' must be a JSON object", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"ext\":{}}",
		 "'ext' must be a string, a number or a boolean, not an object", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"time\":\"yesterday\"}",
		 "'time' is no RFC 3339 time: 'yesterday'", 1, 1},
		{"{\"type\":\"t\",\"source\":\"s\",\"data\":{\"uii\":\"a\\tb\"}}",
		 "'data.uii' holds a control character (0x09)", 1, 1},
		{"{\"type\":\"t\",\n\"source\":}", "unexpected '}'", 2, 10},
		{"{\"type\":\"t\",\"source\":\"s\"} {}", "the JSON text goes on after its end with '{'", 1,
		 27},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_string_equal(refusal(f, events_parse_json, cases[i].text), cases[i].what);
		assert_int_equal(f->error.line, cases[i].line);
		assert_int_equal(f->error.column, cases[i].column);
	}
}

static void bounds_attributes_data_and_depth(void **state)
{
	struct fixture *f = *state;
	char text[4000], filler[1001];
	memset(filler, 'x', 1000);
	filler[1000] = 0;
	snprintf(text, sizeof text, "{\"type\":\"t\",\"source\":\"%.512s\"}", filler);
	parse(f, text);
	snprintf(text, sizeof text, "{\"type\":\"t\",\"source\":\"%.513s\"}", filler);
	assert_string_equal(refusal(f, events_parse_json, text), "'source' has 513 bytes, more than 512");
	f->limits.data_bytes = 100;
	snprintf(text, sizeof text,
		 "{\"id\":\"i\",\"type\":\"t\",\"source\":\"s\",\"data\": {\"a\": \"%.92s\"}}", filler);
	parse(f, text);
	snprintf(text, sizeof text,
		 "{\"id\":\"i\",\"type\":\"t\",\"source\":\"s\",\"data\":{\"a\":\"%.93s\"}}", filler);
	assert_string_equal(refusal(f, events_parse_json, text), "'data' is larger than 100 bytes");
	f->limits.depth = 3;
	parse(f, "{\"type\":\"t\",\"source\":\"s\",\"data\":{\"a\":[[1]]}}");
	assert_string_equal(
		refusal(f, events_parse_json, "{\"type\":\"t\",\"source\":\"s\",\"data\":{\"a\":[[[1]]]}}"),
		"nested deeper than is allowed (4)");
	struct buf huge;
	buf_init(&huge, 1 << 20);
	buf_printf(&huge, "{\"type\":\"t\",\"source\":\"s\",%100000s}", "");
	refusal(f, events_parse_json, buf_z(&huge));
	assert_non_null(strstr(f->error.what, "('data' may have 100)"));
	buf_finish(&huge);
}

/* The trees that take most room for their text: none may meet the end of its arena. */
static void data_of_many_small_values_fits(void **state)
{
	static const char *const pieces[] = {
		"1,", "\"\\n\",", "[],", "{\"\":1},", "{\"\\n\":\"\\n\"},", "[[1]],", "[[[[[[[[[1]]]]]]]]],"};
	struct fixture *f = *state;
	for (size_t i = 0; i < countof(pieces); i++) {
		struct buf text;
		buf_init(&text, 1 << 20);
		buf_str(&text, STR("{\"type\":\"t\",\"source\":\"s\",\"data\":{\"a\":["));
		while (text.n < 65400)
			buf_str(&text, str_of(pieces[i]));
		text.n--;
		buf_str(&text, STR("]}}"));
		struct event *event = parse(f, buf_z(&text));
		assert_true(event->json.n > 65400);
		buf_finish(&text);
	}
}

static void takes_an_array_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	const char *good = " [ {\"type\":\"a\",\"source\":\"s\",\"id\":\"1\"} "
			   ",\n{\"type\":\"b\",\"source\":\"s\",\"id\":\"2\"} ] ";
	assert_int_equal(parse_with(f, events_parse_json, good), 0);
	assert_int_equal(f->list.n, 2);
	assert_str(f->list.events[0]->type, "a");
	assert_str(f->list.events[1]->type, "b");
	assert_int_equal(parse_with(f, events_parse_json, "[]"), 0);
	assert_string_equal(
		refusal(f, events_parse_json, "[{\"type\":\"a\",\"source\":\"s\"},\n {\"type\":\"b\"}]"),
		"event 2 of the array: 'source' is missing");
	assert_int_equal(f->error.line, 2);
	assert_int_equal(f->error.column, 2);
	assert_string_equal(refusal(f, events_parse_json, "[{\"type\":\"a\",\"source\":\"s\"},]"),
			    "event 2 of the array: unexpected ']'");
	assert_int_equal(f->error.column, 28);
	assert_string_equal(refusal(f, events_parse_json, "[{\"type\":\"a\",\"source\":\"s\"}"),
			    "expected ',' or ']' after event 1 of the array");
	assert_string_equal(refusal(f, events_parse_json, "[{\"type\":\"a\",\"source\":\"s\"}] 1"),
			    "the JSON text goes on after its end with '1'");
	assert_string_equal(refusal(f, events_parse_json, "[[]]"),
			    "event 1 of the array: an event must be a JSON object, not an array");
	assert_string_equal(refusal(f, events_parse_json, "["),
			    "event 1 of the array: the JSON text is empty");
	f->limits.events = 1;
	assert_string_equal(refusal(f, events_parse_json, good),
			    "event 2 of the array: more than 1 events in one text");
}

static void takes_lines_and_names_the_bad_one(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
		parse_with(f, events_parse_ndjson,
			   "\n{\"type\":\"a\",\"source\":\"s\"}\r\n\n  {\"type\":\"b\",\"source\":\"s\"}"),
		0);
	assert_int_equal(f->list.n, 2);
	assert_string_equal(
		refusal(f, events_parse_ndjson, "{\"type\":\"a\",\"source\":\"s\"}\n\n  {\"type\":}\n"),
		"unexpected '}'");
	assert_int_equal(f->error.line, 3);
	assert_int_equal(f->error.column, 11);
	assert_string_equal(refusal(f, events_parse_ndjson, "{\"type\":\n\"a\",\"source\":\"s\"}"),
			    "the JSON text ends too early");
	assert_int_equal(f->error.line, 1);
	assert_int_equal(parse_with(f, events_parse_ndjson, ""), 0);
	assert_int_equal(f->list.n, 2);
}

static void makes_an_event_of_parts(void **state)
{
	struct fixture *f = *state;
	struct event_attributes attributes = {.type = STR("post_call"), .source = STR("/queues/1")};
	struct event *event;
	assert_int_equal(event_from_parts(&attributes, STR("{\"uii\":\"77\",\"event_id\":\"e1\"}"), NULL,
					  NOW_MS, &event, &f->error),
			 0);
	assert_str(event->json,
		   "{\"specversion\":\"1.0\",\"id\":\"e1\",\"type\":\"post_call\",\"source\":\"/queues/1\","
		   "\"subject\":\"77\",\"time\":\"2025-10-14T18:34:39.123Z\","
		   "\"data\":{\"uii\":\"77\",\"event_id\":\"e1\"}}");
	event_unref(event);
	attributes.id = STR("x");
	attributes.time = STR("2025-10-14T18:34:39Z");
	assert_int_equal(event_from_parts(&attributes, (struct str){0}, NULL, NOW_MS, &event, &f->error), 0);
	assert_str(event->id, "x");
	assert_int_equal(event->time_ms, NOW);
	event_unref(event);
	attributes.id = STR("\xFF");
	assert_int_equal(event_from_parts(&attributes, STR("{}"), NULL, NOW_MS, &event, &f->error), -1);
	assert_string_equal(f->error.what, "'id' is not valid UTF-8");
	attributes.id = STR("x");
	assert_int_equal(event_from_parts(&attributes, STR("[]"), NULL, NOW_MS, &event, &f->error), -1);
	assert_string_equal(f->error.what, "the data of an event must be a JSON object, not an array");
	assert_int_equal(event_from_parts(&attributes, STR("{"), NULL, NOW_MS, &event, &f->error), -1);
	assert_int_equal(f->error.column, 2);
}

static void reads_only_times_of_rfc3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"2025-10-14T18:34:39Z", NOW},          {"2025-10-14t18:34:39z", NOW},
		{"2025-10-14T18:34:39.1239Z", NOW_MS},  {"2025-10-14T14:34:39-04:00", NOW},
		{"2025-10-15T00:04:39+05:30", NOW},     {"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59.999Z", -1},       {"2024-02-29T00:00:00Z", 1709164800000},
		{"2000-02-29T00:00:00Z", 951782400000}, {"2016-12-31T23:59:60Z", 1483228800000},
		{"2025-10-14T18:34:39.1Z", NOW + 100},  {"2025-10-14T18:34:39-00:00", NOW},
	};
	const char *bad[] = {
		"",
		"2025-10-14",
		"2025-10-14T18:34:39",
		"2025-10-14 18:34:39Z",
		"2025-10-14T18:34Z",
		"2025-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2025-13-01T00:00:00Z",
		"2025-10-00T00:00:00Z",
		"2025-10-14T24:00:00Z",
		"2025-10-14T18:60:00Z",
		"2025-10-14T18:34:61Z",
		"2025-10-14T18:34:39.Z",
		"2025-10-14T18:34:39+0400",
		"2025-10-14T18:34:39+24:00",
		"2025-10-14T18:34:39Zx",
		"25-10-14T18:34:39Z",
		"+025-10-14T18:34:39Z",
		"2025-10-14T18:34:39+04:",
		" 2025-10-14T18:34:39Z",
	};
	int64_t ms;
	char text[RFC3339_SIZE];
	for (size_t i = 0; i < countof(good); i++) {
		assert_true(rfc3339_read(str_of(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(rfc3339_read(str_of(bad[i]), &ms));
	assert_str(rfc3339_write(-1, text), "1969-12-31T23:59:59.999Z");
	assert_str(rfc3339_write(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
	assert_str(rfc3339_write(INT64_MIN, text), "0000-01-01T00:00:00.000Z");
}

static struct str read_sample(const char *name)
{
	char path[512];
	struct buf text;
	buf_init(&text, 1 << 20);
	snprintf(path, sizeof path, "%s/%s", SAMPLES, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	for (int c; (c = fgetc(file)) != EOF;)
		buf_char(&text, (char)c);
	fclose(file);
	struct str result;
	result.p = buf_take(&text, &result.n);
	return result;
}

/* The sample calls come compact and complete: what is stored is what was sent, and it reads back the same. */
static void sample_calls_are_kept_byte_for_byte(void **state)
{
	static const struct {
		const char *name;
		size_t n;
	} samples[] = {
		{"inbound-transfer.ndjson", 13}, {"outbound-sale.ndjson", 6}, {"queue-abandoned.ndjson", 2}};
	struct fixture *f = *state;
	for (size_t i = 0; i < countof(samples); i++) {
		struct str text = read_sample(samples[i].name);
		event_list_finish(&f->list);
		assert_int_equal(events_parse_ndjson(text, NULL, NOW_MS, &f->list, &f->error), 0);
		assert_int_equal(f->list.n, samples[i].n);
		struct buf lines;
		buf_init(&lines, 1 << 20);
		for (size_t k = 0; k < f->list.n; k++) {
			buf_str(&lines, f->list.events[k]->json);
			buf_char(&lines, '\n');
			assert_true(str_eq(f->list.events[k]->subject,
					   event_tag(f->list.events[k], STR("uii"))->text));
		}
		char *sent = mem_strndup(text.p, text.n);
		assert_string_equal(buf_z(&lines), sent);
		free(sent);
		free((void *)(uintptr_t)text.p);
		buf_finish(&lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_a_whole_event_as_it_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fills_in_what_the_sender_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_stored_is_always_the_whole_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_repeat_gets_the_same_id_and_another_content_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(refuses_with_the_field_and_the_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bounds_attributes_data_and_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(data_of_many_small_values_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_an_array_whole_or_not_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_lines_and_names_the_bad_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_an_event_of_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_only_times_of_rfc3339, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sample_calls_are_kept_byte_for_byte, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
