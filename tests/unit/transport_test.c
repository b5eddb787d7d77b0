#include "transport_fixture.h"

/* --- what goes out --- */

static void assert_sent(struct fixture *f, const char *expected)
{
	char text[1024], host[64];
	snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", f->server.port);
	snprintf(text, sizeof text, "%s", buf_z(&f->server.last));
	char *at = strstr(text, host);
	assert_non_null(at);
	memmove(at, at + strlen(host), strlen(at + strlen(host)) + 1);
	assert_string_equal(text, expected);
}

static void sends_every_method_with_and_without_a_body(void **state)
{
	struct fixture *f = fixture_start();
	static const struct {
		const char *method;
		struct str body;
		const char *sent;
	} cases[] = {
#define COMMON " /a?b=c HTTP/1.1\r\nAccept: */*\r\n"
#define AGENT  "user-agent: switchhook/test\r\n"
		{"GET", {"", 0}, "GET" COMMON AGENT "\r\n"},
		{"POST", {"x=1", 3}, "POST" COMMON AGENT "Content-Length: 3\r\n\r\nx=1"},
		{"HEAD", {"", 0}, "HEAD" COMMON AGENT "\r\n"},
		{"PUT", {"two", 3}, "PUT" COMMON AGENT "Content-Length: 3\r\n\r\ntwo"},
		{"GET", {"q", 1}, "GET" COMMON AGENT "Content-Length: 1\r\n\r\nq"},
		{"PATCH", {"", 0}, "PATCH" COMMON AGENT "Content-Length: 0\r\n\r\n"},
		{"DELETE", {"", 0}, "DELETE" COMMON AGENT "\r\n"},
		{"HEAD", {"", 0}, "HEAD" COMMON AGENT "\r\n"},
		{"DELETE", {"d", 1}, "DELETE" COMMON AGENT "Content-Length: 1\r\n\r\nd"},
		{"POST", {"", 0}, "POST" COMMON AGENT "Content-Length: 0\r\n\r\n"},
		{"PUT", {"", 0}, "PUT" COMMON AGENT "Content-Length: 0\r\n\r\n"},
		{"GET", {"", 0}, "GET" COMMON AGENT "\r\n"},
	};
	/* Every pair of neighbours goes through the same easy handle. */
	for (size_t i = 0; i < countof(cases); i++) {
		struct call call;
		bool head = strcmp(cases[i].method, "HEAD") == 0;
		const struct answer *answer = call_make(&call, f, cases[i].method, "/a?b=c", cases[i].body);
		assert_string_equal(answer->detail, "");
		assert_int_equal(answer->failure, FAILURE_NONE);
		assert_int_equal(answer->status, 200);
		assert_str(answer->body, head ? "" : "ok");
		assert_sent(f, cases[i].sent);
		call_finish(&call);
	}
	assert_int_equal(f->server.n_connections, 1);
	fixture_stop(f);
}

static void sends_headers_of_request_and_attempt(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	struct header headers[] = {
		{STR("content-type"), STR("application/json")},
		{STR("x-empty"), STR("")},
		{STR("user-agent"), STR("other/2")},
		{STR("accept"), STR("text/plain")},
		{STR("authorization"), STR("Basic eDp5")},
	};
	call_init(&call, f, "POST", "/", STR("{}"));
	call.request.headers = headers;
	call.request.n_headers = countof(headers);
	call.exchange.extra[0] = (struct header){STR("webhook-id"), STR("msg_1")};
	call.exchange.n_extra = 1;
	call_send(&call);
	assert_int_equal(call_await(&call)->failure, FAILURE_NONE);
	assert_sent(f,
		    "POST / HTTP/1.1\r\ncontent-type: application/json\r\nx-empty:\r\nuser-agent: other/2\r\n"
		    "accept: text/plain\r\nauthorization: Basic eDp5\r\nwebhook-id: msg_1\r\n"
		    "Content-Length: 2\r\n\r\n{}");
	call_finish(&call);
	/* Nothing of it is left for the next. */
	call_make(&call, f, "GET", "/", no_body);
	assert_sent(f, "GET / HTTP/1.1\r\nAccept: */*\r\nuser-agent: switchhook/test\r\n\r\n");
	call_finish(&call);
	fixture_stop(f);
}

static void sends_a_large_body_with_every_byte_and_without_asking_first(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	enum { SIZE = 3 * 1024 * 1024 };
	char *body = mem_alloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		body[i] = (char)(i * 7 + i / 256);
	const struct answer *answer = call_make(&call, f, "POST", "/", (struct str){body, SIZE});
	assert_int_equal(answer->failure, FAILURE_NONE);
	assert_null(strstr(buf_z(&f->server.last), "Expect"));
	assert_memory_equal(f->server.last.p + f->server.last.n - SIZE, body, SIZE);
	call_finish(&call);
	free(body);
	fixture_stop(f);
}

static void refuses_headers_that_could_forge_a_request(void **state)
{
	struct fixture *f = fixture_start();
	static const struct header bad[] = {
		{STR("x-a"), STR("b\r\nx-c: d")},
		{STR("x-a"), STR("b\nx")},
		{STR("x-a"), STR("b\0c")},
		{STR("x\r\ny"), STR("b")},
		{STR("x a"), STR("b")},
		{STR(""), STR("b")},
		{STR("x:"), STR("b")},
		{STR("content-length"), STR("1")},
		{STR("Transfer-Encoding"), STR("chunked")},
		{STR("x;"), STR("")},
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct call call;
		struct header header = bad[i];
		call_init(&call, f, "POST", "/", STR("b"));
		if (i % 2) {
			call.request.headers = &header;
			call.request.n_headers = 1;
		} else {
			call.exchange.extra[0] = header;
			call.exchange.n_extra = 1;
		}
		call_send(&call);
		assert_int_equal(call_await(&call)->failure, FAILURE_REFUSED);
		assert_true(call.answer->detail[0]);
		call_finish(&call);
	}
	assert_int_equal(f->server.n_connections, 0);
	fixture_stop(f);
}

static void refuses_urls_that_may_not_be_asked(void **state)
{
	struct fixture *f = fixture_start();
	static const char *const bad[] = {
		"file:///etc/passwd",
		"gopher://127.0.0.1/",
		"http://",
		"http:///x",
		"http://user:secret@127.0.0.1/",
		"http://127.1/",
		"http://2130706433/",
		"http://0x7f.0.0.1/",
		"http://127.0.0.1:0/",
		"http://127.0.0.1:65536/",
		"http://127.0.0.1:8x/",
		"http://127.0.0.1:/",
		"http://[::1/",
		"http://[127.0.0.1]/",
		"http://[::1]x/",
		"http://a b/",
		"http://exa%6dple.com/",
		"http://127.0.0.1/a\nb",
		"http://b\xc3\xbc"
		"cher.example/",
		"http://a..b/",
		"ftp://127.0.0.1/",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct call call;
		const struct answer *answer = call_make(&call, f, "GET", bad[i], no_body);
		assert_int_equal(answer->failure, FAILURE_REFUSED);
		assert_int_equal(answer->status, 0);
		assert_null(strstr(answer->detail, "secret"));
		call_finish(&call);
	}
	struct call call;
	assert_int_equal(call_make(&call, f, "G T", "/", no_body)->failure, FAILURE_REFUSED);
	call_finish(&call);
	assert_int_equal(call_make(&call, f, "HEAD", "/", STR("body"))->failure, FAILURE_REFUSED);
	call_finish(&call);
	fixture_stop(f);
}

/* --- connections --- */

static void keeps_a_connection_for_the_next_request(void **state)
{
	struct fixture *f = fixture_start();
	for (int i = 0; i < 20; i++) {
		struct call call;
		assert_int_equal(call_make(&call, f, "POST", "/", STR("a=b"))->status, 200);
		assert_true(call.answer->took_us >= 0);
		call_finish(&call);
	}
	assert_int_equal(f->server.n_connections, 1);
	fixture_stop(f);
}

static void close_when_answered(struct raw_connection *connection, const char *request)
{
	fixture_ok(connection, request);
	raw_close(connection);
}

static void notices_a_connection_that_was_closed_while_idle(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = close_when_answered;
	assert_int_equal(call_make(&call, f, "POST", "/", STR("a"))->status, 200);
	call_finish(&call);
	fixture_await_zero(f, &f->server.n_open);
	assert_int_equal(call_make(&call, f, "POST", "/", STR("b"))->status, 200);
	call_finish(&call);
	assert_int_equal(f->server.n_connections, 2);
	assert_int_equal(f->server.n_requests, 2);
	fixture_stop(f);
}

static void one_request_a_connection(struct raw_connection *connection, const char *request)
{
	if (connection->n_requests > 1)
		raw_close(connection);
	else
		fixture_ok(connection, request);
}

static void repeats_a_post_that_met_a_stale_connection(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = one_request_a_connection;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(call_make(&call, f, "POST", "/", STR("body"))->failure, FAILURE_NONE);
		assert_str(call.answer->body, "ok");
		assert_int_equal(f->server.n_connections, i);
		call_finish(&call);
	}
	assert_int_equal(f->server.n_requests, 5);
	fixture_stop(f);
}

static void answer_too_much(struct raw_connection *connection, const char *request)
{
	raw_reply(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n");
}

/* They would be taken for the answer to the next request. */
static void gives_up_a_connection_with_bytes_behind_the_answer(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = answer_too_much;
	for (int i = 1; i <= 2; i++) {
		assert_str(call_make(&call, f, "POST", "/", STR("a"))->body, "ok");
		call_finish(&call);
		fixture_await_zero(f, &f->server.n_open);
		assert_int_equal(f->server.n_connections, i);
	}
	fixture_stop(f);
}

static void serves_many_exchanges_with_a_bounded_number_of_connections(void **state)
{
	enum { N = 500 };
	struct fixture *f = fixture_start();
	struct call *calls = mem_alloc(N * sizeof *calls);
	for (int i = 0; i < N; i++) {
		call_init(&calls[i], f, "POST", "/", STR("a=b"));
		call_send(&calls[i]);
	}
	fixture_await(f, &f->n_done, N);
	for (int i = 0; i < N; i++) {
		assert_int_equal(calls[i].answer->status, 200);
		assert_int_equal(calls[i].n_done, 1);
		call_finish(&calls[i]);
	}
	assert_int_equal(f->server.n_requests, N);
	assert_true(f->server.n_connections <= 200);
	free(calls);
	fixture_stop(f);
}

static void send_again(struct call *call)
{
	if (call->n_done < 50)
		transport_send(call->fixture->transport, &call->exchange);
}

static void can_be_sent_again_from_done(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	call_init(&call, f, "POST", "/", STR("a"));
	call.then = send_again;
	call_send(&call);
	fixture_await(f, &call.n_done, 50);
	assert_int_equal(f->server.n_requests, 50);
	assert_true(f->server.n_connections <= 2);
	call_finish(&call);
	/* And where each fails at once. */
	call_init(&call, f, "POST", "http://nowhere.invalid/", STR("a"));
	call.then = send_again;
	call_send(&call);
	fixture_await(f, &call.n_done, 50);
	call_finish(&call);
	fixture_stop(f);
}

/* --- names --- */

static void resolves_localhost(void **state)
{
	struct fixture *f = fixture_start();
	static const char *const names[] = {"localhost", "LocalHost"};
	for (size_t i = 0; i < countof(names); i++) {
		struct call call;
		char url[64];
		snprintf(url, sizeof url, "http://%s:%u/", names[i], f->server.port);
		assert_string_equal(call_make(&call, f, "GET", url, no_body)->detail, "");
		assert_int_equal(call.answer->status, 200);
		call_finish(&call);
	}
	fixture_stop(f);
}

static void knows_that_an_invalid_name_does_not_exist(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	assert_int_equal(call_make(&call, f, "GET", "http://crm.invalid/", no_body)->failure, FAILURE_DNS);
	assert_string_equal(call.answer->detail, "no address for crm.invalid: the name does not exist");
	call_finish(&call);
	fixture_stop(f);
}

/* --- cancelling --- */

static void cancel_from_request(struct raw_connection *connection, const char *request)
{
	struct call *call = connection->server->context;
	transport_cancel(call->fixture->transport, &call->exchange);
	fixture_ok(connection, request);
}

static void cancels_in_every_phase(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	char url[64];
	static const char *const at_once[] = {"/", "http://x.invalid/", "ftp://x/"};
	for (size_t i = 0; i < countof(at_once); i++) {
		call_init(&call, f, "POST", at_once[i], STR("x"));
		call_send(&call);
		transport_cancel(f->transport, &call.exchange);
		assert_null(call.exchange.work);
	}
	snprintf(url, sizeof url, "http://localhost:%u/", f->server.port);
	call_init(&call, f, "POST", url, STR("x"));
	call_send(&call);
	transport_cancel(f->transport, &call.exchange);
	call_init(&call, f, "POST", "/", STR("x"));
	f->server.context = &call;
	f->server.on_request = cancel_from_request;
	call_send(&call);
	fixture_await(f, &f->server.n_requests, 1);
	assert_int_equal(f->n_done, 0);
	/* The transport is as good as before. */
	f->server.on_request = fixture_ok;
	assert_int_equal(call_make(&call, f, "POST", "/", STR("x"))->status, 200);
	call_finish(&call);
	fixture_stop(f);
}

static struct call *victims;

static void cancel_the_others(struct call *call)
{
	for (int i = 0; i < 10; i++) {
		if (victims[i].exchange.work)
			transport_cancel(call->fixture->transport, &victims[i].exchange);
	}
}

static void cancels_others_from_done(void **state)
{
	struct fixture *f = fixture_start();
	struct call calls[10];
	victims = calls;
	for (int i = 0; i < 10; i++) {
		call_init(&calls[i], f, "POST", "/", STR("x"));
		calls[i].then = cancel_the_others;
		call_send(&calls[i]);
	}
	fixture_await(f, &f->n_done, 1);
	assert_int_equal(f->n_done, 1);
	for (int i = 0; i < 10; i++)
		call_finish(&calls[i]);
	fixture_stop(f);
}

static void can_be_destroyed_while_a_name_is_looked_up(void **state)
{
	struct fixture *f = fixture_start();
	struct call calls[40];
	for (int i = 0; i < 40; i++) {
		char url[64];
		snprintf(url, sizeof url, "http://localhost:%d/", 1000 + i);
		call_init(&calls[i], f, "POST", url, STR("x"));
		call_send(&calls[i]);
	}
	for (int i = 0; i < 40; i++)
		transport_cancel(f->transport, &calls[i].exchange);
	fixture_stop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_every_method_with_and_without_a_body),
		cmocka_unit_test(sends_headers_of_request_and_attempt),
		cmocka_unit_test(sends_a_large_body_with_every_byte_and_without_asking_first),
		cmocka_unit_test(refuses_headers_that_could_forge_a_request),
		cmocka_unit_test(refuses_urls_that_may_not_be_asked),
		cmocka_unit_test(keeps_a_connection_for_the_next_request),
		cmocka_unit_test(notices_a_connection_that_was_closed_while_idle),
		cmocka_unit_test(repeats_a_post_that_met_a_stale_connection),
		cmocka_unit_test(gives_up_a_connection_with_bytes_behind_the_answer),
		cmocka_unit_test(serves_many_exchanges_with_a_bounded_number_of_connections),
		cmocka_unit_test(can_be_sent_again_from_done),
		cmocka_unit_test(resolves_localhost),
		cmocka_unit_test(knows_that_an_invalid_name_does_not_exist),
		cmocka_unit_test(cancels_in_every_phase),
		cmocka_unit_test(cancels_others_from_done),
		cmocka_unit_test(can_be_destroyed_while_a_name_is_looked_up),
	};
	return cmocka_run_group_tests(tests, start_curl, end_curl);
}
