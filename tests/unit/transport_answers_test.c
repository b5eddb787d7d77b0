/* What comes back, and what is said when nothing good does. */
#include "transport_fixture.h"

/* --- answers --- */

static const char *told;
static size_t told_n;

static void tell(struct raw_connection *connection, const char *request)
{
	raw_reply_n(connection, told, told_n ? told_n : strlen(told));
}

static void tell_and_close(struct raw_connection *connection, const char *request)
{
	tell(connection, request);
	raw_close(connection);
}

static void hands_over_status_headers_and_body(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = tell;
	told = "HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\nX-Two:  a: b \r\nX-EMPTY:\r\nLocation: "
	       "/9\r\n"
	       "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n";
	const struct answer *answer = call_make(&call, f, "POST", "/", STR("x"));
	assert_int_equal(answer->failure, FAILURE_NONE);
	assert_int_equal(answer->status, 201);
	assert_str(answer->body, "abcde");
	assert_int_equal(answer->n_headers, 5);
	assert_str(answer_header(answer, STR("content-type")), "text/plain");
	assert_str(answer_header(answer, STR("x-two")), "a: b");
	assert_str(answer_header(answer, STR("x-empty")), "");
	assert_str(answer_header(answer, STR("location")), "/9");
	assert_int_equal(strlen(answer_header(answer, STR("x-two")).p), 4);
	assert_false(answer->cut);
	call_finish(&call);
	told = "HTTP/1.1 204 No Content\r\n\r\n";
	assert_int_equal(call_make(&call, f, "POST", "/", STR("x"))->failure, FAILURE_NONE);
	assert_int_equal(call.answer->status, 204);
	assert_int_equal(call.answer->n_headers, 0);
	assert_int_equal(call.answer->body.n, 0);
	call_finish(&call);
	assert_int_equal(f->server.n_connections, 1);
	fixture_stop(f);
}

static void does_not_follow_redirects(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = tell;
	told = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
	assert_int_equal(call_make(&call, f, "GET", "/", no_body)->failure, FAILURE_STATUS);
	assert_int_equal(call.answer->status, 302);
	assert_str(answer_header(call.answer, STR("location")), "/elsewhere");
	assert_int_equal(f->server.n_requests, 1);
	call_finish(&call);
	told = "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nlate";
	assert_int_equal(call_make(&call, f, "POST", "/", STR("x"))->failure, FAILURE_STATUS);
	assert_int_equal(call.answer->status, 503);
	assert_string_equal(call.answer->detail, "answered with status 503");
	assert_str(call.answer->body, "late");
	call_finish(&call);
	fixture_stop(f);
}

static void passes_over_interim_answers(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = tell;
	told = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
	       "HTTP/1.1 200 OK\r\nX-Real: 1\r\nContent-Length: 2\r\n\r\nhi";
	assert_int_equal(call_make(&call, f, "POST", "/", STR("x"))->status, 200);
	assert_int_equal(call.answer->n_headers, 2);
	assert_str(answer_header(call.answer, STR("x-real")), "1");
	assert_null(answer_header(call.answer, STR("link")).p);
	assert_str(call.answer->body, "hi");
	call_finish(&call);
	fixture_stop(f);
}

static void cuts_a_body_that_is_too_long(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	enum { HEAD = 80, SIZE = 5 * 1024 * 1024 };
	char *huge = mem_alloc(HEAD + SIZE + 1);
	int n = snprintf(huge, HEAD + 1, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SIZE);
	memset(huge + n, 'y', SIZE);
	told = huge;
	told_n = (size_t)n + SIZE;
	f->server.on_request = tell;
	for (size_t max = 0; max <= 100000; max += 50000) {
		call_init(&call, f, "GET", "/", no_body);
		call.exchange.answer_max = max;
		call_send(&call);
		call_await(&call);
		assert_int_equal(call.answer->failure, FAILURE_NONE);
		assert_int_equal(call.answer->status, 200);
		assert_true(call.answer->cut);
		assert_int_equal(call.answer->body.n, max);
		call_finish(&call);
		fixture_await_zero(f, &f->server.n_open);
	}
	call_init(&call, f, "GET", "/", no_body);
	call.exchange.answer_max = SIZE;
	call_send(&call);
	assert_false(call_await(&call)->cut);
	assert_int_equal(call.answer->body.n, SIZE);
	call_finish(&call);
	told_n = 0;
	free(huge);
	fixture_stop(f);
}

/* --- failures --- */

static void assert_fails(struct fixture *f, enum failure failure, const char *detail)
{
	struct call call;
	const struct answer *answer = call_make(&call, f, "POST", "/", STR("x"));
	assert_string_equal(answer->detail, detail);
	assert_int_equal(answer->failure, failure);
	assert_int_equal(answer->status, 0);
	call_finish(&call);
}

static void reset_request(struct raw_connection *connection, const char *request)
{
	raw_reset(connection);
}

static void says_how_a_connection_broke(void **state)
{
	struct fixture *f = fixture_start();
	f->server.on_request = reset_request;
	assert_fails(f, FAILURE_RESET, "the connection ended before there was an answer");
	f->server.on_request = tell_and_close;
	told = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
	assert_fails(f, FAILURE_RESET, "the connection ended after 4 bytes of the body (status 200)");
	told = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
	assert_fails(f, FAILURE_RESET, "the connection ended after 4 bytes of the body (status 200)");
	told = "HTTP/1.1 200 OK\r\nContent-Len";
	assert_fails(f, FAILURE_RESET, "the connection ended within the answer's headers");
	fixture_stop(f);
}

static void says_what_is_no_http(void **state)
{
	struct fixture *f = fixture_start();
	f->server.on_request = tell_and_close;
	told = "SSH-2.0-OpenSSH_9.2p1 and more of it that is not HTTP\r\n";
	assert_fails(f, FAILURE_PROTOCOL, "what came back is not HTTP/1.1");
	told = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n";
	assert_fails(f, FAILURE_PROTOCOL, "the answer's chunks are not valid (status 200)");
	fixture_stop(f);
}

static void bounds_the_headers_of_an_answer(void **state)
{
	struct fixture *f = fixture_start();
	struct buf text;
	f->server.on_request = tell;
	buf_init(&text, 1024 * 1024);
	buf_str(&text, STR("HTTP/1.1 200 OK\r\nX-Long: "));
	for (int i = 0; i < 200000; i++)
		buf_char(&text, 'z');
	told = buf_z(&text);
	assert_fails(f, FAILURE_PROTOCOL, "a line of the answer's headers does not end");
	buf_clear(&text);
	buf_str(&text, STR("HTTP/1.1 200 OK\r\n"));
	for (int i = 0; i < 201; i++)
		buf_printf(&text, "X-%d: y\r\n", i);
	told = buf_z(&text);
	assert_fails(f, FAILURE_PROTOCOL, "the answer has more than 200 headers");
	buf_clear(&text);
	buf_str(&text, STR("HTTP/1.1 200 OK\r\n"));
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "X-%d: %01000d\r\n", i, i);
	told = buf_z(&text);
	assert_fails(f, FAILURE_PROTOCOL, "the answer's headers are larger than 64 KiB");
	buf_clear(&text);
	for (int i = 0; i < 10000; i++)
		buf_str(&text, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	told = buf_z(&text);
	assert_fails(f, FAILURE_PROTOCOL, "the answer's headers are larger than 64 KiB");
	buf_finish(&text);
	fixture_stop(f);
}

static void says_who_refused_the_connection(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	char url[64], expected[64];
	uv_tcp_t unused;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int length = sizeof address;
	uv_tcp_init(&f->loop, &unused);
	assert_int_equal(uv_tcp_bind(&unused, (struct sockaddr *)&address, 0), 0);
	uv_tcp_getsockname(&unused, (struct sockaddr *)&address, &length);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	snprintf(expected, sizeof expected, "connection refused by 127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(call_make(&call, f, "POST", url, STR("x"))->failure, FAILURE_CONNECT);
	assert_string_equal(call.answer->detail, expected);
	call_finish(&call);
	uv_close((uv_handle_t *)&unused, NULL);
	fixture_stop(f);
}

static void never_answer(struct raw_connection *connection, const char *request)
{
}

static void answer_half(struct raw_connection *connection, const char *request)
{
	raw_reply(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
}

static void assert_times_out(struct fixture *f, const char *url, const char *detail)
{
	struct call call;
	call_init(&call, f, "POST", url, STR("x"));
	call.exchange.timeout_ms = 60;
	call_send(&call);
	assert_string_equal(call_await(&call)->detail, detail);
	assert_int_equal(call.answer->failure, FAILURE_TIMEOUT);
	assert_int_equal(call.answer->status, 0);
	assert_true(call.answer->took_us >= 60000);
	call_finish(&call);
}

static void says_what_took_too_long(void **state)
{
	struct fixture *f = fixture_start();
	f->server.on_request = never_answer;
	assert_times_out(f, "/", "no answer within 60 ms");
	f->server.on_request = answer_half;
	assert_times_out(f, "/", "the answer did not end within 60 ms");
	f->server.on_request = never_answer;
	char url[64], expected[128];
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", f->server.port);
	snprintf(expected, sizeof expected, "no TLS connection to 127.0.0.1:%u within 60 ms", f->server.port);
	assert_times_out(f, url, expected);
	fixture_await_zero(f, &f->server.n_open);
	fixture_stop(f);
}

static void bounds_connecting_by_its_own_limit(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	char url[64], expected[128];
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", f->server.port);
	snprintf(expected, sizeof expected, "no TLS connection to 127.0.0.1:%u within 50 ms", f->server.port);
	call_init(&call, f, "POST", url, STR("x"));
	call.exchange.connect_timeout_ms = 50;
	call_send(&call);
	assert_string_equal(call_await(&call)->detail, expected);
	call_finish(&call);
	/* It does not touch the time for the answer. */
	f->server.on_request = never_answer;
	call_init(&call, f, "POST", "/", STR("x"));
	call.exchange.connect_timeout_ms = 20;
	call.exchange.timeout_ms = 80;
	call_send(&call);
	assert_string_equal(call_await(&call)->detail, "no answer within 80 ms");
	call_finish(&call);
	fixture_stop(f);
}

static void says_when_no_connection_was_free(void **state)
{
	struct transport_curl_options options = {.connections_per_host_max = 1};
	struct fixture *f = fixture_start_with(&options);
	struct call holder;
	f->server.on_request = never_answer;
	call_init(&holder, f, "POST", "/", STR("x"));
	call_send(&holder);
	fixture_await(f, &f->server.n_requests, 1);
	assert_times_out(f, "/", "no connection was free within 60 ms");
	transport_cancel(f->transport, &holder.exchange);
	fixture_stop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_status_headers_and_body),
		cmocka_unit_test(does_not_follow_redirects),
		cmocka_unit_test(passes_over_interim_answers),
		cmocka_unit_test(cuts_a_body_that_is_too_long),
		cmocka_unit_test(says_how_a_connection_broke),
		cmocka_unit_test(says_what_is_no_http),
		cmocka_unit_test(bounds_the_headers_of_an_answer),
		cmocka_unit_test(says_who_refused_the_connection),
		cmocka_unit_test(says_what_took_too_long),
		cmocka_unit_test(bounds_connecting_by_its_own_limit),
		cmocka_unit_test(says_when_no_connection_was_free),
	};
	return cmocka_run_group_tests(tests, start_curl, end_curl);
}
