/* Servers that speak at the wrong moment, in the wrong order, or not to the end. Each is a plain socket of
 * the test, so that what has come when the transport looks is not left to chance. */
#include "transport_fixture.h"

#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

struct peer {
	int listener, fd;
	char url[64];
};

static struct peer peer_listen(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	struct peer peer = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .fd = -1};
	struct timeval latest = {.tv_sec = 5};
	setsockopt(peer.listener, SOL_SOCKET, SO_RCVTIMEO, &latest, sizeof latest);
	assert_int_equal(bind(peer.listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(peer.listener, 8), 0);
	assert_int_equal(getsockname(peer.listener, (struct sockaddr *)&address, &length), 0);
	snprintf(peer.url, sizeof peer.url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	return peer;
}

/* Somebody has connected: the kernel does that while they are still asking. */
static void peer_accept(struct peer *peer)
{
	peer->fd = accept(peer->listener, NULL, NULL);
	assert_true(peer->fd >= 0);
}

static void peer_say(struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the loop until the peer has read this many bytes, or the end of the connection. */
static size_t peer_read(struct fixture *f, struct peer *peer, size_t n)
{
	char bytes[65536];
	size_t seen = 0;
	int64_t late_us = clock_mono_us(clock_system()) + FIXTURE_LATEST_MS * 1000;
	while (seen < n && clock_mono_us(clock_system()) < late_us) {
		ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got > 0)
			seen += (size_t)got;
		else if (got == 0 || errno != EAGAIN)
			break;
		else
			uv_run(&f->loop, UV_RUN_NOWAIT);
	}
	return seen;
}

static void peer_hang_up(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -1;
}

static void peer_reset(struct peer *peer)
{
	struct linger at_once = {1, 0};
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	peer_hang_up(peer);
}

static void peer_finish(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	close(peer->listener);
}

static void call_peer(struct call *call, struct fixture *f, struct peer *peer, struct str body)
{
	call_init(call, f, "POST", peer->url, body);
	call_send(call);
}

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void kept_connection(struct fixture *f, struct peer *peer, struct call *call)
{
	call_peer(call, f, peer, STR("1"));
	peer_accept(peer);
	assert_true(peer_read(f, peer, 1) > 0);
	peer_say(peer, ok);
	assert_int_equal(call_await(call)->status, 200);
	call_finish(call);
}

/* Curl speaks for itself where HTTP/2 may be spoken, which it does not offer without TLS. */
static const struct peer_options by_curl = {.http2 = true};

static const struct peer_options *const both_ways[] = {NULL, &by_curl};

/* --- before the request */

static void takes_the_answer_of_a_server_that_speaks_first(void **state)
{
	struct fixture *f = fixture_start();
	struct peer peer = peer_listen();
	struct call call;
	call_peer(&call, f, &peer, STR("x"));
	peer_accept(&peer);
	peer_say(&peer, "HTTP/1.1 503 Full\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nfull");
	assert_int_equal(call_await(&call)->status, 503);
	assert_str(call.answer->body, "full");
	assert_str(answer_header(call.answer, STR("retry-after")), "7");
	call_finish(&call);
	/* Nobody knows what that was an answer to. */
	call_peer(&call, f, &peer, STR("y"));
	peer_hang_up(&peer);
	peer_accept(&peer);
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_say(&peer, ok);
	assert_int_equal(call_await(&call)->status, 200);
	call_finish(&call);
	peer_finish(&peer);
	fixture_stop(f);
}

static void says_that_a_server_that_greets_is_no_http(void **state)
{
	struct fixture *f = fixture_start();
	struct peer peer = peer_listen();
	struct call call;
	call_peer(&call, f, &peer, STR("x"));
	peer_accept(&peer);
	peer_say(&peer, "220 mail.example.com ESMTP\r\n");
	assert_string_equal(call_await(&call)->detail, "what came back is not HTTP/1.1");
	call_finish(&call);
	peer_finish(&peer);
	fixture_stop(f);
}

/* Room for one connection that nobody accepts; the next is in the middle of being opened for ever. */
static void gives_up_a_connection_that_is_being_opened(void **state)
{
	for (size_t i = 0; i < 2 * countof(both_ways); i++) {
		struct fixture *f = fixture_start();
		struct peer peer = peer_listen();
		struct call holder, call;
		char expected[100];
		assert_int_equal(listen(peer.listener, 0), 0);
		call_peer(&holder, f, &peer, STR("x"));
		call_init(&call, f, "POST", peer.url, STR("x"));
		call.exchange.peer = both_ways[i / 2];
		call.exchange.timeout_ms = i % 2 ? 50 : 10000;
		call_send(&call);
		uv_run(&f->loop, UV_RUN_NOWAIT);
		if (i % 2) {
			snprintf(expected, sizeof expected, "no connection to %.*s within 50 ms",
				 (int)(strlen(peer.url) - strlen("http:///")), peer.url + strlen("http://"));
			assert_string_equal(call_await(&call)->detail, expected);
		} else {
			transport_cancel(f->transport, &call.exchange);
		}
		transport_cancel(f->transport, &holder.exchange);
		call_finish(&call);
		peer_finish(&peer);
		fixture_stop(f);
	}
}

/* --- between two requests */

static void never_takes_what_came_before_the_request_for_its_answer(void **state)
{
	static const char *const said[] = {
		"HTTP/1.1 200 Forged\r\nContent-Length: 6\r\n\r\nforged",
		"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	};
	for (size_t i = 0; i < countof(said); i++) {
		struct fixture *f = fixture_start();
		struct peer peer = peer_listen();
		struct call call;
		kept_connection(f, &peer, &call);
		peer_say(&peer, said[i]);
		call_peer(&call, f, &peer, STR("2"));
		peer_hang_up(&peer);
		peer_accept(&peer);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_say(&peer, ok);
		assert_int_equal(call_await(&call)->status, 200);
		assert_str(call.answer->body, "ok");
		call_finish(&call);
		peer_finish(&peer);
		fixture_stop(f);
	}
}

static void call_peer_by(struct call *call, struct fixture *f, struct peer *peer,
			 const struct peer_options *by)
{
	call_init(call, f, "POST", peer->url, STR("x"));
	call->exchange.peer = by;
	call_send(call);
}

static void says_that_a_request_was_sent_twice(void **state)
{
	for (size_t i = 0; i < countof(both_ways); i++) {
		struct fixture *f = fixture_start();
		struct peer peer = peer_listen();
		struct call call;
		call_peer_by(&call, f, &peer, both_ways[i]);
		peer_accept(&peer);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_say(&peer, ok);
		assert_false(call_await(&call)->sent_twice);
		call_finish(&call);
		/* It reads the request and dies over it. */
		call_peer_by(&call, f, &peer, both_ways[i]);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_hang_up(&peer);
		uv_run(&f->loop, UV_RUN_ONCE);
		peer_accept(&peer);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_say(&peer, ok);
		assert_int_equal(call_await(&call)->status, 200);
		assert_true(call.answer->sent_twice);
		call_finish(&call);
		/* It was closed before it was used again, so nothing went out. */
		peer_hang_up(&peer);
		call_peer_by(&call, f, &peer, both_ways[i]);
		peer_accept(&peer);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_say(&peer, ok);
		assert_int_equal(call_await(&call)->status, 200);
		assert_false(call.answer->sent_twice);
		call_finish(&call);
		peer_finish(&peer);
		fixture_stop(f);
	}
}

/* Only one connection may be open, and it ends over the second of three. */
static void sends_it_before_what_waits_for_the_same_connection(void **state)
{
	struct transport_curl_options options = {.connections_per_host_max = 1};
	struct fixture *f = fixture_start_with(&options);
	struct peer peer = peer_listen();
	struct call calls[3];
	for (int i = 0; i < 3; i++)
		call_peer(&calls[i], f, &peer, STR("x"));
	peer_accept(&peer);
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_say(&peer, ok);
	assert_int_equal(call_await(&calls[0])->status, 200);
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_hang_up(&peer);
	uv_run(&f->loop, UV_RUN_ONCE);
	peer_accept(&peer);
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_say(&peer, ok);
	fixture_await(f, &f->n_done, 2);
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_say(&peer, ok);
	fixture_await(f, &f->n_done, 3);
	assert_true(calls[1].answer->sent_twice);
	assert_false(calls[2].answer->sent_twice);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(calls[i].answer->status, 200);
		call_finish(&calls[i]);
	}
	peer_finish(&peer);
	fixture_stop(f);
}

struct refused_call {
	uv_poll_t poll;
	struct call call;
	struct header header;
};

static void send_what_is_refused(uv_poll_t *poll, int status, int events)
{
	struct refused_call *refused = container_of(poll, struct refused_call, poll);
	uv_poll_stop(poll);
	call_send(&refused->call);
}

/* The connection ends after the request was refused and before the caller is told so. */
static void a_request_that_is_refused_outlives_the_connection_it_would_have_had(void **state)
{
	struct fixture *f = fixture_start();
	struct peer peer = peer_listen();
	struct refused_call refused;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	kept_connection(f, &peer, &refused.call);
	call_init(&refused.call, f, "POST", peer.url, STR("2"));
	refused.header = (struct header){STR("x"), STR("a\r\nb")};
	refused.call.request.headers = &refused.header;
	refused.call.request.n_headers = 1;
	uv_poll_init(&f->loop, &refused.poll, ends[0]);
	uv_poll_start(&refused.poll, UV_READABLE, send_what_is_refused);
	uv_run(&f->loop, UV_RUN_NOWAIT); /* tells the kernel of it */
	/* Both are told to the loop at once, and in this order. */
	assert_int_equal(write(ends[1], "x", 1), 1);
	peer_hang_up(&peer);
	assert_int_equal(call_await(&refused.call)->failure, FAILURE_REFUSED);
	assert_string_equal(refused.call.answer->detail, "a header's value holds a line break or a zero");
	call_finish(&refused.call);
	/* And the next ones are kept as ever. */
	kept_connection(f, &peer, &refused.call);
	call_peer(&refused.call, f, &peer, STR("3"));
	assert_true(peer_read(f, &peer, 1) > 0);
	peer_say(&peer, ok);
	assert_int_equal(call_await(&refused.call)->status, 200);
	call_finish(&refused.call);
	uv_close((uv_handle_t *)&refused.poll, NULL);
	peer_finish(&peer);
	close(ends[0]);
	close(ends[1]);
	fixture_stop(f);
}

/* --- while the request goes out */

enum { LARGE = 12 << 20 };

static struct str large_body(void)
{
	char *bytes = mem_alloc(LARGE);
	memset(bytes, 'b', LARGE);
	return (struct str){bytes, LARGE};
}

static void sends_all_of_a_request_that_was_accepted_early(void **state)
{
	struct fixture *f = fixture_start();
	struct peer peer = peer_listen();
	struct str body = large_body();
	struct call call;
	call_peer(&call, f, &peer, body);
	peer_accept(&peer);
	size_t seen = peer_read(f, &peer, 1);
	peer_say(&peer, ok);
	seen += peer_read(f, &peer, LARGE);
	assert_true(seen > LARGE);
	assert_int_equal(call_await(&call)->status, 200);
	call_finish(&call);
	peer_finish(&peer);
	free((void *)(uintptr_t)body.p);
	fixture_stop(f);
}

static void takes_the_answer_of_a_server_that_reads_no_further(void **state)
{
	static const char *const said[] = {
		"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
		"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
	};
	struct str body = large_body();
	for (size_t i = 0; i < 2 * countof(said); i++) {
		struct fixture *f = fixture_start();
		struct peer peer = peer_listen();
		struct call call;
		call_peer(&call, f, &peer, body);
		peer_accept(&peer);
		assert_true(peer_read(f, &peer, 1) > 0);
		peer_say(&peer, said[i % 2]);
		if (i < 2)
			peer_hang_up(&peer);
		else
			peer_reset(&peer);
		assert_int_equal(call_await(&call)->status, i % 2 ? 202 : 413);
		assert_str(call.answer->body, "big");
		call_finish(&call);
		peer_finish(&peer);
		fixture_stop(f);
	}
	free((void *)(uintptr_t)body.p);
}

/* --- what an answer says of its body */

static const char *told;

static void tell(struct raw_connection *connection, const char *request)
{
	raw_reply(connection, told);
}

static void knows_which_answers_have_no_body(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *body;
	} cases[] = {
		{"HTTP/1.1 204 No Content\r\nContent-Length: 20\r\n\r\n", 204, ""},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\n\r\n", 304, ""},
		{"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, ""},
		{"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
		 "2\r\n\r\nok",
		 200, "ok"},
		{"HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 "
		 "OK\r\nContent-Length: 2\r\n\r\nok",
		 200, "ok"},
		{"HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
		{"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
		 "2\r\n\r\nok",
		 200, "ok"},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct fixture *f = fixture_start();
		struct call call;
		f->server.on_request = tell;
		told = cases[i].text;
		call_init(&call, f, "POST", "/", STR("x"));
		call.exchange.timeout_ms = 3000;
		call_send(&call);
		assert_string_equal(call_await(&call)->detail,
				    cases[i].status == 304 ? "answered with status 304" : "");
		assert_int_equal(call.answer->status, cases[i].status);
		assert_str(call.answer->body, cases[i].body);
		call_finish(&call);
		fixture_stop(f);
	}
}

static void says_which_status_lines_are_none(void **state)
{
	static const char *const cases[] = {
		"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct fixture *f = fixture_start();
		struct call call;
		f->server.on_request = tell;
		told = cases[i];
		call_init(&call, f, "POST", "/", STR("x"));
		call.exchange.timeout_ms = 3000;
		call_send(&call);
		assert_string_equal(call_await(&call)->detail, "what came back is not HTTP/1.1");
		call_finish(&call);
		fixture_stop(f);
	}
}

/* The other end of the peer's connection, which is the transport's. */
static int other_end(const struct peer *peer)
{
	struct sockaddr_in own, other, address;
	socklen_t n = sizeof own;
	assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&own, &n), 0);
	assert_int_equal(getpeername(peer->fd, (struct sockaddr *)&other, &n), 0);
	for (int fd = 3; fd < 200; fd++) {
		n = sizeof address;
		if (getsockname(fd, (struct sockaddr *)&address, &n) == 0 && n == sizeof address &&
		    address.sin_port == other.sin_port)
			return fd;
	}
	return -1;
}

/* Others have their turn, and so have the timers. */
static void reads_a_long_answer_in_several_turns(void **state)
{
	enum { HEAD = 100, SIZE = 400 * 1024 };
	struct fixture *f = fixture_start();
	struct peer peer = peer_listen();
	struct call call;
	int room = 4 << 20;
	char *text = mem_zalloc(HEAD + SIZE);
	int n = snprintf(text, HEAD, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SIZE);
	call_init(&call, f, "POST", peer.url, STR("x"));
	call.exchange.answer_max = SIZE;
	call_send(&call);
	peer_accept(&peer);
	assert_int_equal(setsockopt(peer.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
	assert_int_equal(setsockopt(other_end(&peer), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
	assert_true(peer_read(f, &peer, 1) > 0);
	assert_int_equal(send(peer.fd, text, (size_t)n + SIZE, MSG_DONTWAIT), n + SIZE);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_int_equal(call.n_done, 0);
	assert_int_equal(call_await(&call)->body.n, SIZE);
	call_finish(&call);
	free(text);
	peer_finish(&peer);
	fixture_stop(f);
}

/* --- compression */

static void pack(struct buf *bytes)
{
	z_stream stream = {0};
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&stream, bytes->n);
	unsigned char *packed = mem_alloc(room);
	stream.next_in = (Bytef *)bytes->p;
	stream.avail_in = (uInt)bytes->n;
	stream.next_out = packed;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	buf_clear(bytes);
	buf_add(bytes, (const char *)packed, stream.total_out);
	deflateEnd(&stream);
	free(packed);
}

static struct buf told_bytes;

static void tell_bytes(struct raw_connection *connection, const char *request)
{
	raw_reply_n(connection, told_bytes.p, told_bytes.n);
}

/* Blocks that hold nothing make a stream as long as one likes, and it packs as well as zeros do. Each layer
 * multiplies the work by a thousand. */
static void bounds_what_lies_between_the_layers_of_compression(void **state)
{
	struct fixture *f = fixture_start();
	struct buf bytes;
	struct call call;
	buf_init(&bytes, 64 << 20);
	buf_add(&bytes, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	for (int i = 0; i < 4000000; i++)
		buf_add(&bytes, "\0\0\0\xff\xff", 5);
	buf_add(&bytes, "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 13);
	pack(&bytes);
	pack(&bytes);
	assert_true(bytes.n < 4096);
	buf_init(&told_bytes, 8192);
	buf_printf(&told_bytes,
		   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\nContent-Length: %zu\r\n\r\n",
		   bytes.n);
	buf_str(&told_bytes, buf_view(&bytes));
	f->server.on_request = tell_bytes;
	for (size_t i = 0; i < countof(both_ways); i++) {
		call_init(&call, f, "POST", "/", STR("x"));
		call.exchange.peer = both_ways[i];
		call_send(&call);
		assert_string_equal(call_await(&call)->detail,
				    "the answer is compressed in a way that cannot be undone");
		call_finish(&call);
	}
	buf_finish(&bytes);
	buf_finish(&told_bytes);
	fixture_stop(f);
}

static void undoes_no_compression_of_the_transfer(void **state)
{
	struct fixture *f = fixture_start();
	struct call call;
	f->server.on_request = tell;
	told = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
	assert_string_equal(call_make(&call, f, "POST", "/", STR("x"))->detail,
			    "the answer is compressed in a way that cannot be undone");
	call_finish(&call);
	fixture_stop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_answer_of_a_server_that_speaks_first),
		cmocka_unit_test(says_that_a_server_that_greets_is_no_http),
		cmocka_unit_test(gives_up_a_connection_that_is_being_opened),
		cmocka_unit_test(never_takes_what_came_before_the_request_for_its_answer),
		cmocka_unit_test(says_that_a_request_was_sent_twice),
		cmocka_unit_test(sends_it_before_what_waits_for_the_same_connection),
		cmocka_unit_test(a_request_that_is_refused_outlives_the_connection_it_would_have_had),
		cmocka_unit_test(sends_all_of_a_request_that_was_accepted_early),
		cmocka_unit_test(takes_the_answer_of_a_server_that_reads_no_further),
		cmocka_unit_test(knows_which_answers_have_no_body),
		cmocka_unit_test(says_which_status_lines_are_none),
		cmocka_unit_test(reads_a_long_answer_in_several_turns),
		cmocka_unit_test(bounds_what_lies_between_the_layers_of_compression),
		cmocka_unit_test(undoes_no_compression_of_the_transfer),
	};
	return cmocka_run_group_tests(tests, start_curl, end_curl);
}
