#include "unit.h"

#include "model/event.h"
#include "model/request.h"
#include "model/runlog.h"
#include "model/tag.h"
#include "model/value.h"

static struct value text(enum value_kind kind, const char *z)
{
	struct value value = {.kind = kind};
	value.text = str_of(z);
	return value;
}

static void finds_a_member_and_the_last_of_its_name(void **state)
{
	struct member members[] = {{STR("a"), text(VALUE_NUMBER, "1")},
				   {STR("bb"), text(VALUE_NUMBER, "2")},
				   {STR("a"), text(VALUE_NUMBER, "3")},
				   {STR(""), text(VALUE_NUMBER, "4")}};
	struct value object = {.kind = VALUE_OBJECT, .n = 4, .members = members},
		     empty = {.kind = VALUE_OBJECT};
	struct value string = text(VALUE_STRING, "a");
	assert_str(value_get(&object, STR("a"))->text, "3");
	assert_str(value_get(&object, STR("bb"))->text, "2");
	assert_str(value_get(&object, STR(""))->text, "4");
	assert_null(value_get(&object, STR("b")));
	assert_null(value_get(&object, STR("A")));
	assert_null(value_get(&empty, STR("a")));
	assert_null(value_get(&string, STR("a")));
	assert_null(value_get(NULL, STR("a")));
}

static void has_a_plain_text(void **state)
{
	struct value values[] = {text(VALUE_STRING, "x\"y"),
				 text(VALUE_NUMBER, "1.50"),
				 {.kind = VALUE_TRUE},
				 {.kind = VALUE_FALSE},
				 {.kind = VALUE_NULL}};
	struct value array = {.kind = VALUE_ARRAY}, empty = text(VALUE_STRING, "");
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < countof(values); i++) {
		assert_true(value_plain(&values[i], &out));
		buf_char(&out, ' ');
	}
	assert_true(value_plain(NULL, &out));
	assert_string_equal(buf_z(&out), "x\"y 1.50 true false  ");
	assert_false(value_plain(&array, &out));
	assert_int_equal(out.n, 21);
	assert_true(value_is_empty(NULL) && value_is_empty(&values[4]) && value_is_empty(&empty));
	assert_false(value_is_empty(&values[3]) || value_is_empty(&array));
	buf_finish(&out);
}

static void reads_numbers_and_durations(void **state)
{
	static const struct {
		const char *text;
		double number;
	} good[] = {
		{"0", 0},
		{"95", 95},
		{" 95 ", 95},
		{"-1.5", -1.5},
		{"+3", 3},
		{"007", 7},
		{"1e3", 1000},
		{"1.25E-2", 0.0125},
		{"01:35", 95},
		{"1:35", 95},
		{"0:00", 0},
		{"75:30", 4530},
		{"00:01:35", 95},
		{"1:02:03", 3723},
		{"100:00:00", 360000},
		{"9007199254740993", 9007199254740993.0},
		{"0000000000000000000000000000000000000000000000000000000000000000000000000001", 1},
	};
	const char *bad[] = {"",      " ",     "x",   "1x",           "0x10",   "inf",     "nan",
			     "1.",    ".5",    "1e",  "1e+",          "--1",    "1 2",     "1:2",
			     "1:60",  "1:234", ":30", "1:",           "1:02:3", "1:02:60", "1:02:03:04",
			     "-1:30", "1e999", "1,5", "1234567890:00"};
	double number;
	for (size_t i = 0; i < countof(good); i++) {
		struct value value = text(VALUE_STRING, good[i].text);
		assert_true(value_number(&value, &number));
		assert_true(number == good[i].number);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		struct value value = text(VALUE_STRING, bad[i]);
		number = 77;
		assert_false(value_number(&value, &number));
		assert_true(number == 77);
	}
	struct value json = text(VALUE_NUMBER, "-12.5"), yes = {.kind = VALUE_TRUE};
	assert_true(value_number(&json, &number));
	assert_true(number == -12.5);
	assert_false(value_number(&yes, &number));
	assert_false(value_number(NULL, &number));
}

static void catalogues_are_sorted_and_hold_what_is_documented(void **state)
{
	size_t n, n_types;
	const struct str *tags = tag_catalogue(&n), *types = event_type_catalogue(&n_types);
	for (size_t i = 1; i < n; i++)
		assert_true(str_cmp(tags[i - 1], tags[i]) < 0);
	for (size_t i = 1; i < n_types; i++)
		assert_true(str_cmp(types[i - 1], types[i]) < 0);
	for (size_t i = 0; i < n; i++)
		assert_true(tag_is_known(tags[i]));
	const char *known[] = {
		"uii",      "aux_data1", "aux_data5",     "sess_agent_perspective_recording_url",
		"sessions", "event_id",  "script_result", "account_id",
		"zip"};
	for (size_t i = 0; i < countof(known); i++)
		assert_true(tag_is_known(str_of(known[i])));
	assert_false(tag_is_known(STR("aux_data6")) || tag_is_known(STR("")) || tag_is_known(STR("zzz")));
	assert_int_equal(n_types, 18);
}

static void a_request_and_an_answer_are_copied_whole(void **state)
{
	struct header headers[] = {{STR("accept"), STR("*/*")}, {STR("x-a"), STR("")}};
	struct request request = {STR("POST"), STR("http://a/"), headers, 2, STR("body\0x")};
	struct request *copy = request_copy(&request);
	assert_str(copy->method, "POST");
	assert_str(copy->url, "http://a/");
	assert_int_equal(copy->url.p[copy->url.n], 0);
	assert_int_equal(copy->n_headers, 2);
	assert_str(copy->headers[0].value, "*/*");
	assert_int_equal(copy->headers[1].value.p[0], 0);
	assert_int_equal(copy->body.n, 6);
	assert_int_equal(copy->body.p[5], 'x');
	assert_ptr_not_equal(copy->headers, headers);
	free(copy);
	struct answer answer = {.failure = FAILURE_STATUS,
				.status = 404,
				.detail = "404 Not Found",
				.headers = headers,
				.n_headers = 2,
				.body = STR("none")};
	struct answer *other = answer_copy(&answer);
	assert_int_equal(other->status, 404);
	assert_string_equal(other->detail, "404 Not Found");
	assert_str(other->body, "none");
	assert_str(answer_header(other, STR("accept")), "*/*");
	assert_null(answer_header(other, STR("Accept")).p);
	free(other);
	assert_string_equal(failure_name(FAILURE_DNS), "dns");
	assert_string_equal(failure_name(FAILURE_NONE), "none");
}

static void a_log_keeps_as_many_lines_as_it_may(void **state)
{
	struct arena arena;
	struct runlog log;
	arena_init(&arena, 1 << 20);
	runlog_init(&log, &arena, 3);
	char *longest = mem_zalloc(6001);
	for (int i = 0; i < 6000; i += 2)
		memcpy(longest + i, "\xC3\xAB", 2);
	runlog_add(&log, "one %d", 1);
	runlog_add(&log, "x%s", longest);
	runlog_add(&log, "three");
	for (int i = 0; i < 10; i++)
		runlog_add(&log, "too many");
	assert_str(log.first->text, "one 1");
	assert_int_equal(log.first->next->text.n, 4095);
	assert_int_equal((unsigned char)log.first->next->text.p[4094], 0xAB);
	assert_str(log.first->next->next->next->text, "more lines than are kept; the rest is dropped");
	assert_null(log.first->next->next->next->next);
	free(longest);
	arena_finish(&arena);
}

static void the_last_reference_frees_an_event(void **state)
{
	struct event *event = event_create(4096);
	event->id = arena_copy(&event->arena, STR("x"));
	assert_ptr_equal(event_ref(event), event);
	event_unref(event);
	assert_str(event->id, "x");
	assert_null(event_tag(event, STR("ani")));
	event_unref(event);
	event_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_member_and_the_last_of_its_name),
		cmocka_unit_test(has_a_plain_text),
		cmocka_unit_test(reads_numbers_and_durations),
		cmocka_unit_test(catalogues_are_sorted_and_hold_what_is_documented),
		cmocka_unit_test(a_request_and_an_answer_are_copied_whole),
		cmocka_unit_test(a_log_keeps_as_many_lines_as_it_may),
		cmocka_unit_test(the_last_reference_frees_an_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
