#include "unit.h"

#include "source/http_framing.h"

static int check(const char *version, const struct header *headers, size_t n, int *ret_status)
{
	struct http_framing framing;
	struct error error;
	*ret_status = 0;
	return http_framing_check(str_of(version), headers, n, &framing, ret_status, &error);
}

#define HEADER(name, value)                        \
	{                                          \
		{(name), sizeof(name) - 1},        \
		{                                  \
			(value), sizeof(value) - 1 \
		}                                  \
	}

#define assert_refused(expected, version, ...)                                                            \
	do {                                                                                              \
		struct header assert_headers[] = {__VA_ARGS__};                                           \
		int assert_status;                                                                        \
		assert_int_equal(check(version, assert_headers, countof(assert_headers), &assert_status), \
				 -1);                                                                     \
		assert_int_equal(assert_status, expected);                                                \
	} while (0)

static void what_two_servers_could_read_differently_is_refused(void **state)
{
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Content-Length", "1"),
		       HEADER("content-length", "1"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Content-Length", "1"),
		       HEADER("Transfer-Encoding", "chunked"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("host", "b"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Authorization", "x"),
		       HEADER("Authorization", "x"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Transfer-Encoding", "chunked"),
		       HEADER("Transfer-Encoding", "chunked"));
	assert_refused(400, "HTTP/1.0", HEADER("Transfer-Encoding", "chunked"));
	assert_refused(501, "HTTP/1.1", HEADER("Host", "a"), HEADER("Transfer-Encoding", "gzip, chunked"));
	assert_refused(417, "HTTP/1.1", HEADER("Host", "a"), HEADER("Expect", "a miracle"));
}

static void a_request_needs_one_host_and_clean_headers(void **state)
{
	assert_refused(400, "HTTP/1.1", HEADER("Accept", "x"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a b"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Name with space", "x"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("", "x"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("X", "a\0b"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("X", "a\rb"));
}

static void a_length_is_a_number_that_fits(void **state)
{
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Content-Length", ""));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Content-Length", "-1"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"), HEADER("Content-Length", "1, 1"));
	assert_refused(400, "HTTP/1.1", HEADER("Host", "a"),
		       HEADER("Content-Length", "18446744073709551616"));
	struct header headers[] = {HEADER("Host", "[::1]:8484"),
				   HEADER("Content-Length", "18446744073709551615")};
	struct http_framing framing;
	int status;
	assert_int_equal(http_framing_check(STR("HTTP/1.1"), headers, 2, &framing, &status, NULL), 0);
	assert_true(framing.has_length && framing.length == UINT64_MAX && !framing.chunked);
}

static void http_1_0_needs_no_host(void **state)
{
	int status;
	assert_int_equal(check("HTTP/1.0", NULL, 0, &status), 0);
}

static void lines_that_do_not_touch_are_noticed(void **state)
{
	/* As a parser leaves it: line ends and the colon are zeros. */
	const char text[] = "A\0 1\0\0B\0 22\0\0\0\0rest";
	struct header headers[] = {{{text, 1}, {text + 3, 1}}, {{text + 6, 1}, {text + 9, 2}}};
	const char *end = text + 15;
	assert_true(http_framing_is_whole(text, end, headers, 2));
	assert_false(http_framing_is_whole(text, end + 1, headers, 2));
	headers[0].value.n = 0;
	assert_false(http_framing_is_whole(text, end, headers, 2));
}

static void a_target_with_rubbish_is_refused(void **state)
{
	assert_int_equal(http_framing_check_target(STR("/v1/a%20b?x=%C3%A9&y=+"), NULL), 0);
	assert_int_equal(http_framing_check_target(STR("/a b"), NULL), -1);
	assert_int_equal(http_framing_check_target(STR("/a%00"), NULL), -1);
	assert_int_equal(http_framing_check_target(STR("/a%2"), NULL), -1);
	assert_int_equal(http_framing_check_target(STR("/a%zz"), NULL), -1);
	assert_int_equal(http_framing_check_target(STR("/a\tb"), NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_two_servers_could_read_differently_is_refused),
		cmocka_unit_test(a_request_needs_one_host_and_clean_headers),
		cmocka_unit_test(a_length_is_a_number_that_fits),
		cmocka_unit_test(http_1_0_needs_no_host),
		cmocka_unit_test(lines_that_do_not_touch_are_noticed),
		cmocka_unit_test(a_target_with_rubbish_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
