#include "unit.h"

#include "source/ingest_forms.h"

enum { NOW_MS = 1760000000 };

static struct event_list events;
static struct error error;
static int status;

static int translate(struct ingest_request request)
{
	event_list_finish(&events);
	error_set(&error, "%s", "");
	status = 0;
	return ingest_translate(&request, NULL, NOW_MS, &events, &status, &error);
}

static int post(const char *content_type, struct str body)
{
	return translate((struct ingest_request){.content_type = str_of(content_type), .body = body});
}

static int teardown(void **state)
{
	event_list_finish(&events);
	return 0;
}

static struct str tag(const char *name)
{
	const struct value *value = event_tag(events.events[0], str_of(name));
	assert_non_null(value);
	assert_int_equal(value->kind, VALUE_STRING);
	return value->text;
}

#define EVENT(id)                                                                                     \
	"{\"specversion\":\"1.0\",\"id\":\"" id "\",\"type\":\"post_call\",\"source\":\"/queues/1\"," \
	"\"data\":{\"uii\":\"u1\",\"ani\":\"2095550101\"}}"

static void every_json_form_is_taken(void **state)
{
	assert_int_equal(post("application/cloudevents+json", STR(EVENT("a"))), 0);
	assert_int_equal(events.n, 1);
	assert_str(events.events[0]->id, "a");
	assert_int_equal(post("application/cloudevents-batch+json; charset=UTF-8",
			      STR("[" EVENT("a") "," EVENT("b") "]")),
			 0);
	assert_int_equal(events.n, 2);
	assert_int_equal(post("application/json", STR(EVENT("a"))), 0);
	assert_int_equal(post("Application/JSON;charset=\"utf-8\"", STR("[" EVENT("a") "," EVENT("b") "]")),
			 0);
	assert_int_equal(events.n, 2);
	assert_int_equal(post("application/x-ndjson", STR(EVENT("a") "\r\n\n" EVENT("b"))), 0);
	assert_int_equal(events.n, 2);
}

static void an_empty_batch_is_no_error(void **state)
{
	assert_int_equal(post("application/cloudevents-batch+json", STR("[]")), 0);
	assert_int_equal(post("application/json", STR(" [ ] ")), 0);
	assert_int_equal(post("application/x-ndjson", STR("\n\n")), 0);
	assert_int_equal(events.n, 0);
}

static void other_content_types_are_refused_with_a_list(void **state)
{
	static const char *const others[] = {"text/plain",
					     "application/xml",
					     "multipart/form-data; boundary=x",
					     "",
					     "application/x-www-form-urlencoded",
					     "application/jsonx"};
	for (size_t i = 0; i < countof(others); i++) {
		assert_int_equal(post(others[i], STR(EVENT("a"))), -1);
		assert_int_equal(status, 415);
		assert_non_null(strstr(error.what, "application/cloudevents+json"));
	}
	assert_int_equal(post(NULL, STR(EVENT("a"))), -1);
	assert_int_equal(status, 415);
	assert_non_null(strstr(error.what, "no Content-Type"));
}

static void another_charset_is_refused(void **state)
{
	assert_int_equal(post("application/json; charset=iso-8859-1", STR(EVENT("a"))), -1);
	assert_int_equal(status, 415);
	assert_non_null(strstr(error.what, "iso-8859-1"));
	assert_int_equal(post("application/json; a=\"x; charset=z\"; charset=\"utf-16\"", STR(EVENT("a"))),
			 -1);
	assert_int_equal(status, 415);
	assert_int_equal(post("application/json; a=\"x; charset=z\"", STR(EVENT("a"))), 0);
	assert_int_equal(post("application/json; a=\"x", STR(EVENT("a"))), -1);
}

static void a_single_event_and_a_batch_are_not_mixed_up(void **state)
{
	assert_int_equal(post("application/cloudevents+json", STR("[" EVENT("a") "]")), -1);
	assert_int_equal(status, 400);
	assert_int_equal(post("application/cloudevents-batch+json", STR(EVENT("a"))), -1);
	assert_int_equal(status, 400);
}

static void of_a_bad_batch_nothing_is_taken_and_the_place_is_told(void **state)
{
	assert_int_equal(post("application/json", STR("[" EVENT("a") ",\n{\"id\":}]")), -1);
	assert_int_equal(status, 400);
	assert_int_equal(events.n, 0);
	assert_int_equal(error.line, 2);
	assert_true(error.column > 0);
	assert_int_equal(post("application/x-ndjson", STR(EVENT("a") "\nnonsense\n")), -1);
	assert_int_equal(events.n, 0);
	assert_int_equal(error.line, 2);
	assert_int_equal(post("application/json", STR("")), -1);
	assert_int_equal(status, 400);
}

static int post_binary(const struct header *headers, size_t n, const char *content_type, struct str body)
{
	return translate((struct ingest_request){
		.headers = headers, .n_headers = n, .content_type = str_of(content_type), .body = body});
}

static void binary_mode_reads_attributes_from_headers(void **state)
{
	struct header headers[] = {{STR("CE-SpecVersion"), STR("1.0")},
				   {STR("ce-type"), STR("\"post \\\"call\\\"\"")},
				   {STR("ce-source"), STR("/queues/%E2%82%AC+1")},
				   {STR("ce-id"), STR("x%201")},
				   {STR("ce-subject"), STR("call 7")},
				   {STR("ce-time"), STR("2025-10-14T18:34:39Z")},
				   {STR("ce-extension"), STR("is passed over")}};
	assert_int_equal(post_binary(headers, countof(headers), "application/json",
				     STR("{\"n\":12345678901234567890}")),
			 0);
	const struct event *event = events.events[0];
	assert_str(event->type, "post \"call\"");
	assert_str(event->source, "/queues/\xe2\x82\xac+1");
	assert_str(event->id, "x 1");
	assert_str(event->subject, "call 7");
	assert_str(event->time, "2025-10-14T18:34:39Z");
	assert_str(event_tag(event, STR("n"))->text, "12345678901234567890");
	assert_int_equal(post_binary(headers, countof(headers), NULL, STR("")), 0);
	assert_int_equal(event_tag(events.events[0], STR("n")) == NULL, 1);
}

static void binary_mode_needs_whole_attributes(void **state)
{
	struct header good[] = {{STR("ce-specversion"), STR("1.0")},
				{STR("ce-type"), STR("t")},
				{STR("ce-source"), STR("s")},
				{STR("ce-id"), STR("i")},
				{STR("ce-subject"), STR("x")}};
	assert_int_equal(post_binary(good, 5, "application/json", STR("{}")), 0);
	for (size_t missing = 0; missing < 4; missing++) {
		struct header headers[4];
		for (size_t i = 0, n = 0; i < 5; i++)
			if (i != missing)
				headers[n++] = good[i];
		assert_int_equal(post_binary(headers, 4, "application/json", STR("{}")), -1);
		assert_int_equal(status, 400);
		assert_non_null(strstr(error.what, "needs the header ce-"));
	}
	static const struct header bad[] = {{{"ce-specversion", 14}, {"0.3", 3}},
					    {{"ce-subject", 10}, {"%zz", 3}},
					    {{"ce-subject", 10}, {"%ff", 3}},
					    {{"ce-id", 5}, {"again", 5}}};
	for (size_t i = 0; i < countof(bad); i++) {
		struct header headers[5];
		memcpy(headers, good, sizeof headers);
		headers[i == 0 ? 0 : 4] = bad[i];
		assert_int_equal(post_binary(headers, 5, "application/json", STR("{}")), -1);
		assert_int_equal(status, 400);
	}
	assert_int_equal(post_binary(good, 5, "application/xml", STR("<x/>")), -1);
	assert_int_equal(status, 415);
	assert_int_equal(post_binary(good, 5, "application/json", STR("[1]")), -1);
	assert_int_equal(status, 400);
}

/* --- The short form --- */

static const struct header source = {{"source", 6}, {"/queues/72992", 13}};

static int post_short(const struct header *query, size_t n, const char *content_type, struct str body)
{
	return translate((struct ingest_request){.type = STR("post_call"),
						 .query = query,
						 .n_query = n,
						 .content_type = str_of(content_type),
						 .body = body});
}

static void tags_come_as_json_form_or_query(void **state)
{
	assert_int_equal(
		post_short(&source, 1, "application/json", STR("{\"uii\":\"u1\",\"gate_id\":72992}")), 0);
	const struct event *event = events.events[0];
	assert_str(event->type, "post_call");
	assert_str(event->source, "/queues/72992");
	assert_str(event->subject, "u1");
	assert_int_equal(event_tag(event, STR("gate_id"))->kind, VALUE_NUMBER);
	assert_int_equal(post_short(&source, 1, "application/x-www-form-urlencoded",
				    STR("uii=u2&agent_username=a%2Bb%40c&note=a+b&&empty=&flag")),
			 0);
	assert_str(tag("uii"), "u2");
	assert_str(tag("agent_username"), "a+b@c");
	assert_str(tag("note"), "a b");
	assert_str(tag("empty"), "");
	assert_str(tag("flag"), "");
	struct header query[] = {source, {STR("uii"), STR("u3")}, {STR("ani"), STR("\"quoted\"\n")}};
	assert_int_equal(post_short(query, 3, NULL, STR("")), 0);
	assert_str(tag("uii"), "u3");
	assert_str(tag("ani"), "\"quoted\"\n");
}

static void the_body_wins_over_the_query(void **state)
{
	struct header query[] = {source, {STR("a"), STR("query")}, {STR("b"), STR("query")}};
	assert_int_equal(post_short(query, 3, "application/json",
				    STR("{\"a\":\"body\",\"big\":12345678901234567890}")),
			 0);
	assert_str(tag("a"), "body");
	assert_str(tag("b"), "query");
	assert_str(event_tag(events.events[0], STR("big"))->text, "12345678901234567890");
	assert_int_equal(events.events[0]->data.n, 3);
	assert_int_equal(post_short(query, 3, "application/x-www-form-urlencoded", STR("a=body")), 0);
	assert_str(tag("a"), "body");
	assert_str(tag("b"), "query");
}

static void a_repeated_name_becomes_an_array(void **state)
{
	struct header query[] = {source, {STR("q"), STR("1")}, {STR("x"), STR("2")}, {STR("q"), STR("3")}};
	assert_int_equal(post_short(query, 4, "application/x-www-form-urlencoded", STR("f=4&x=5&f=6&f=7")),
			 0);
	const struct value *q = event_tag(events.events[0], STR("q"));
	const struct value *f = event_tag(events.events[0], STR("f"));
	assert_true(q->kind == VALUE_ARRAY && q->n == 2);
	assert_str(q->items[1].text, "3");
	assert_true(f->kind == VALUE_ARRAY && f->n == 3);
	assert_str(f->items[2].text, "7");
	assert_str(tag("x"), "5");
}

static void the_id_comes_from_event_id_or_is_derived(void **state)
{
	struct header query[] = {source, {STR("event_id"), STR("from-query")}};
	assert_int_equal(post_short(query, 2, NULL, STR("")), 0);
	assert_str(events.events[0]->id, "from-query");
	assert_null(event_tag(events.events[0], STR("event_id")));
	assert_int_equal(post_short(query, 2, "application/json", STR("{\"event_id\":\"from-body\"}")), 0);
	assert_str(events.events[0]->id, "from-body");
	assert_int_equal(post_short(query, 2, "application/x-www-form-urlencoded", STR("event_id=from-form")),
			 0);
	assert_str(events.events[0]->id, "from-form");
	assert_int_equal(post_short(&source, 1, "application/json", STR("{\"a\":1}")), 0);
	char *first = mem_strndup(events.events[0]->id.p, events.events[0]->id.n);
	assert_int_equal(post_short(&source, 1, "application/json", STR("{\"a\":1}")), 0);
	assert_str(events.events[0]->id, first);
	assert_int_equal(post_short(&source, 1, "application/json", STR("{\"a\":2}")), 0);
	assert_false(str_eq(events.events[0]->id, str_of(first)));
	free(first);
}

static void subject_and_time_come_as_parameters(void **state)
{
	struct header query[] = {
		source, {STR("subject"), STR("call-9")}, {STR("time"), STR("2025-10-14T18:34:39Z")}};
	assert_int_equal(post_short(query, 3, NULL, STR("")), 0);
	assert_str(events.events[0]->subject, "call-9");
	assert_str(events.events[0]->time, "2025-10-14T18:34:39Z");
	assert_int_equal(events.events[0]->data.n, 0);
}

static void the_body_of_a_get_does_not_count(void **state)
{
	struct header query[] = {source, {STR("a"), STR("1")}};
	assert_int_equal(translate((struct ingest_request){.is_get = true,
							   .type = STR("t"),
							   .query = query,
							   .n_query = 2,
							   .content_type = STR("text/plain"),
							   .body = STR("nonsense")}),
			 0);
	assert_str(tag("a"), "1");
}

static void what_is_missing_or_bad_is_said(void **state)
{
	struct header twice[] = {source, source};
	struct header empty = {STR("source"), STR("")};
	struct header no_utf8[] = {source, {STR("a"), STR("\xff")}};
	struct header no_name[] = {source, {STR(""), STR("x")}};
	struct header no_time[] = {source, {STR("time"), STR("yesterday")}};
	const struct {
		const struct header *query;
		size_t n;
		const char *type;
		struct str body;
		int status;
		const char *what;
	} cases[] = {
		{NULL, 0, NULL, STR(""), 400, "'source' is missing"},
		{&empty, 1, NULL, STR(""), 400, "'source' is missing"},
		{twice, 2, NULL, STR(""), 400, "given twice"},
		{no_utf8, 2, NULL, STR(""), 400, "not valid UTF-8"},
		{no_name, 2, NULL, STR(""), 400, "no name"},
		{no_time, 2, NULL, STR(""), 400, "time"},
		{&source, 1, "application/x-www-form-urlencoded", STR("a=1&b=%zz"), 400, "field 2"},
		{&source, 1, "application/x-www-form-urlencoded", STR("a=%ff"), 400, "not valid UTF-8"},
		{&source, 1, "application/json", STR("[1]"), 400, "object"},
		{&source, 1, "application/json", STR("{"), 400, ""},
		{&source, 1, "text/plain", STR("a=1"), 415, "application/x-www-form-urlencoded"},
		{&source, 1, NULL, STR("a=1"), 415, "application/x-www-form-urlencoded"},
		{&source, 1, "application/json; charset=latin1", STR("{}"), 415, "latin1"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		print_message("# case %zu\n", i);
		assert_int_equal(post_short(cases[i].query, cases[i].n, cases[i].type, cases[i].body), -1);
		assert_int_equal(status, cases[i].status);
		if (!strstr(error.what, cases[i].what))
			fail_msg("'%s' does not say '%s'", error.what, cases[i].what);
		assert_int_equal(events.n, 0);
	}
}

static void too_many_tags_are_refused(void **state)
{
	struct buf body;
	buf_init(&body, 1024 * 1024);
	for (int i = 0; i < 1001; i++)
		buf_printf(&body, "t%d=x&", i);
	assert_int_equal(post_short(&source, 1, "application/x-www-form-urlencoded", buf_view(&body)), -1);
	assert_int_equal(status, 400);
	buf_clear(&body);
	buf_str(&body, STR("t="));
	for (int i = 0; i < 300000; i++)
		buf_str(&body, STR("%01"));
	assert_int_equal(post_short(&source, 1, "application/x-www-form-urlencoded", buf_view(&body)), -1);
	assert_int_equal(status, 400);
	buf_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_json_form_is_taken, teardown),
		cmocka_unit_test_teardown(an_empty_batch_is_no_error, teardown),
		cmocka_unit_test_teardown(other_content_types_are_refused_with_a_list, teardown),
		cmocka_unit_test_teardown(another_charset_is_refused, teardown),
		cmocka_unit_test_teardown(a_single_event_and_a_batch_are_not_mixed_up, teardown),
		cmocka_unit_test_teardown(of_a_bad_batch_nothing_is_taken_and_the_place_is_told, teardown),
		cmocka_unit_test_teardown(binary_mode_reads_attributes_from_headers, teardown),
		cmocka_unit_test_teardown(binary_mode_needs_whole_attributes, teardown),
		cmocka_unit_test_teardown(tags_come_as_json_form_or_query, teardown),
		cmocka_unit_test_teardown(the_body_wins_over_the_query, teardown),
		cmocka_unit_test_teardown(a_repeated_name_becomes_an_array, teardown),
		cmocka_unit_test_teardown(the_id_comes_from_event_id_or_is_derived, teardown),
		cmocka_unit_test_teardown(subject_and_time_come_as_parameters, teardown),
		cmocka_unit_test_teardown(the_body_of_a_get_does_not_count, teardown),
		cmocka_unit_test_teardown(what_is_missing_or_bad_is_said, teardown),
		cmocka_unit_test_teardown(too_many_tags_are_refused, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
