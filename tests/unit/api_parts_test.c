#include "unit.h"

#include "api/json_put.h"
#include "api/mask.h"
#include "api/query.h"
#include "api/since.h"
#include "journal/journal.h"

enum { NOW = 1760464455 };

static const int64_t now_ms = NOW * 1000LL;

static void since_is_a_moment_or_how_long_ago(void **state)
{
	int64_t ms;
	assert_true(since_parse(STR("2025-10-14T18:34:39Z"), now_ms, &ms));
	assert_int_equal(ms, 1760466879000);
	assert_true(since_parse(STR("15m"), now_ms, &ms));
	assert_int_equal(ms, now_ms - 15 * 60000);
	assert_true(since_parse(STR("2h"), now_ms, &ms));
	assert_int_equal(ms, now_ms - 2 * 3600000);
	assert_true(since_parse(STR("7d"), now_ms, &ms));
	assert_int_equal(ms, now_ms - 7 * 86400000LL);
}

static void since_of_before_all_time_is_everything(void **state)
{
	int64_t ms;
	assert_true(since_parse(STR("36500d"), now_ms, &ms));
	assert_int_equal(ms, 1);
}

static void since_that_could_mean_two_things_is_refused(void **state)
{
	static const char *const bad[] = {"", "15", "1760464455", "yesterday", "m", "-5m", "2025-10-14"};
	int64_t ms = 7;
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(since_parse(str_of(bad[i]), now_ms, &ms));
	assert_int_equal(ms, 7);
}

static void passwords_in_urls_are_masked(void **state)
{
	static const char *const urls[][2] = {
		{"http://rules:s3cret@crm/x?a=b:c@d", "http://rules:***@crm/x?a=b:c@d"},
		{"http://rules:s3@cret@crm/x", "http://rules:***@crm/x"},
		{"http://rules@crm:80/x", "http://rules@crm:80/x"},
		{"http://crm:80/a@b:c", "http://crm:80/a@b:c"},
		{"http://crm?to=a:b@c", "http://crm?to=a:b@c"},
		{"http://a:b:c@crm", "http://a:***@crm"},
		{"", ""},
	};
	for (size_t i = 0; i < countof(urls); i++) {
		struct buf out;
		buf_init(&out, 1000);
		mask_url(&out, str_of(urls[i][0]));
		assert_str(buf_view(&out), urls[i][1]);
		buf_finish(&out);
	}
}

static void headers_that_let_somebody_in_are_secret(void **state)
{
	assert_true(header_is_secret(STR("authorization")));
	assert_true(header_is_secret(STR("Proxy-Authorization")));
	assert_true(header_is_secret(STR("set-cookie")));
	assert_false(header_is_secret(STR("content-type")));
	assert_false(header_is_secret(STR("x-authorization-id")));
}

static void members_are_separated_by_commas(void **state)
{
	const struct str texts[] = {STR("a"), STR("b")};
	struct buf out;
	buf_init(&out, 1000);
	buf_char(&out, '{');
	put_text(&out, "one", STR("1\n"));
	put_null(&out, "two");
	put_texts(&out, "three", texts, 2);
	put_time(&out, "four", 1760466879000);
	put_text_or_null(&out, "five", STR(""));
	put_body(&out, STR("\xff"));
	buf_char(&out, '}');
	assert_str(buf_view(&out),
		   "{\"one\":\"1\\n\",\"two\":null,\"three\":[\"a\",\"b\"],"
		   "\"four\":\"2025-10-14T18:34:39.000Z\",\"five\":null,\"body_base64\":\"/w==\"}");
	buf_finish(&out);
}

static struct api_query fresh(void)
{
	return (struct api_query){.state = -1, .limit = 50, .limit_max = 1000, .now_ms = now_ms};
}

static void parameters_are_read(void **state)
{
	struct api_query query = fresh();
	struct error error;
	assert_int_equal(api_query_set(&query, ~0U, STR("state"), STR("dead"), &error), 0);
	assert_int_equal(query.state, DELIVERY_DEAD);
	assert_int_equal(api_query_set(&query, ~0U, STR("limit"), STR("1000"), &error), 0);
	assert_int_equal(query.limit, 1000);
	assert_int_equal(api_query_set(&query, ~0U, STR("since"), STR("1s"), &error), 0);
	assert_int_equal(query.since_ms, now_ms - 1000);
	assert_int_equal(api_query_set(&query, ~0U, STR("dry_run"), STR("true"), &error), 0);
	assert_true(query.dry_run);
}

static void wrong_parameters_are_refused_with_a_hint(void **state)
{
	struct api_query query = fresh();
	struct error error;
	assert_int_equal(api_query_set(&query, ~0U, STR("state"), STR("broken"), &error), -1);
	assert_string_equal(error.what, "'broken' is no state");
	assert_int_equal(api_query_set(&query, ~0U, STR("limit"), STR("0"), &error), -1);
	assert_int_equal(api_query_set(&query, ~0U, STR("limit"), STR("1001"), &error), -1);
	assert_string_equal(error.what, "limit goes from 1 to 1000");
	assert_int_equal(api_query_set(&query, ~0U, STR("sevice"), STR("x"), &error), -1);
	assert_string_equal(error.what, "unknown parameter 'sevice'");
	assert_string_equal(error.hint, "did you mean 'service'?");
	assert_int_equal(api_query_set(&query, PARAMETER_SINCE, STR("service"), STR("x"), &error), -1);
	assert_int_equal(query.limit, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(since_is_a_moment_or_how_long_ago),
		cmocka_unit_test(since_of_before_all_time_is_everything),
		cmocka_unit_test(since_that_could_mean_two_things_is_refused),
		cmocka_unit_test(passwords_in_urls_are_masked),
		cmocka_unit_test(headers_that_let_somebody_in_are_secret),
		cmocka_unit_test(members_are_separated_by_commas),
		cmocka_unit_test(parameters_are_read),
		cmocka_unit_test(wrong_parameters_are_refused_with_a_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
