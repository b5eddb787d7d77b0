#include "unit.h"

#include "format/exchange_text.h"
#include "format/json.h"

static void a_request_comes_back_byte_for_byte(void **state)
{
	struct header headers[] = {{STR("content-type"), STR("a: b")}, {STR("x-empty"), STR("")}};
	struct request request = {STR("POST"), STR("http://h/p?a=b"), headers, 2, {"\n\nbody\0\xff", 8}};
	struct buf text;
	buf_init(&text, 10000);
	request_to_text(&text, &request);
	struct request *copy = request_from_text(buf_view(&text));
	assert_non_null(copy);
	assert_str(copy->method, "POST");
	assert_str(copy->url, "http://h/p?a=b");
	assert_int_equal(copy->n_headers, 2);
	assert_str(copy->headers[0].name, "content-type");
	assert_str(copy->headers[0].value, "a: b");
	assert_str(copy->headers[1].value, "");
	assert_int_equal(copy->body.n, 8);
	assert_memory_equal(copy->body.p, request.body.p, 8);
	free(copy);
	buf_finish(&text);
	assert_null(request_from_text(STR("POST")));
	assert_null(request_from_text(STR("POST http://h\nno header\n\n")));
}

static struct answer *through_json(const struct answer *answer, size_t body_max)
{
	struct buf text;
	struct arena arena;
	struct value value;
	struct error error;
	int64_t at_ms;
	buf_init(&text, 100000);
	arena_init(&arena, 100000);
	attempt_to_json(&text, 1760466861123, answer, body_max);
	assert_int_equal(json_parse(buf_view(&text), (struct json_limits){0}, &arena, &value, &error), 0);
	struct answer *copy = attempt_from_json(&value, &at_ms);
	assert_non_null(copy);
	assert_int_equal(at_ms, 1760466861123);
	arena_finish(&arena);
	buf_finish(&text);
	return copy;
}

static void an_answer_comes_back_whatever_its_body(void **state)
{
	struct header headers[] = {{STR("content-type"), STR("text/\"x\"")}};
	struct answer answer = {.status = 503,
				.failure = FAILURE_STATUS,
				.detail = "no",
				.headers = headers,
				.n_headers = 1,
				.body = STR("caf\xc3\xa9 \"\n"),
				.took_us = 5000};
	struct answer *copy = through_json(&answer, 1000);
	assert_int_equal(copy->status, 503);
	assert_int_equal(copy->failure, FAILURE_STATUS);
	assert_string_equal(copy->detail, "no");
	assert_str(copy->headers[0].value, "text/\"x\"");
	assert_str(copy->body, "caf\xc3\xa9 \"\n");
	assert_int_equal(copy->took_us, 5000);
	assert_false(copy->cut);
	assert_false(copy->sent_twice);
	free(copy);
	answer.sent_twice = true;
	answer.body = (struct str){"\xff\xfe\0z", 4};
	answer.failure = FAILURE_NONE;
	copy = through_json(&answer, 1000);
	assert_int_equal(copy->body.n, 4);
	assert_true(copy->sent_twice);
	assert_memory_equal(copy->body.p, "\xff\xfe\0z", 4);
	assert_int_equal(copy->failure, FAILURE_NONE);
	free(copy);
}

static void a_long_body_is_cut_on_a_whole_character(void **state)
{
	struct answer answer = {.status = 200, .body = STR("abc\xc3\xa9xyz")};
	struct answer *copy = through_json(&answer, 4);
	assert_str(copy->body, "abc");
	assert_true(copy->cut);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_byte_for_byte),
		cmocka_unit_test(an_answer_comes_back_whatever_its_body),
		cmocka_unit_test(a_long_body_is_cut_on_a_whole_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
