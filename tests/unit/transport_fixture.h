/* A loop with its timers, a raw server and the curl transport between them, for tests. */
#pragma once

#include "unit.h"

#include "base/timers.h"
#include "raw_server.h"
#include "transport/transport_curl.h"

static const struct str no_body = {"", 0};

enum { FIXTURE_LATEST_MS = 20000 };

struct fixture {
	uv_loop_t loop;
	uv_prepare_t prepare;
	uv_timer_t tick, guard;
	struct timers timers;
	struct transport *transport;
	struct raw_server server;
	int n_done; /* calls that ended */
	bool late;
};

/* One exchange of a test. */
struct call {
	struct exchange exchange;
	struct request request;
	char url[512];
	struct fixture *fixture;
	struct answer *answer;
	int n_done;
	void (*then)(struct call *call); /* may be NULL */
};

static inline void fixture_ticked(uv_timer_t *timer)
{
}

static inline void fixture_is_late(uv_timer_t *timer)
{
	((struct fixture *)timer->data)->late = true;
}

static inline void fixture_before_sleep(uv_prepare_t *prepare)
{
	struct fixture *f = prepare->data;
	timers_run(&f->timers, clock_mono_us(clock_system()));
	int64_t next = timers_next_us(&f->timers);
	if (next == INT64_MAX) {
		uv_timer_stop(&f->tick);
		return;
	}
	int64_t wait_us = next - clock_mono_us(clock_system());
	uv_update_time(&f->loop);
	uv_timer_start(&f->tick, fixture_ticked, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
}

static inline void fixture_ok(struct raw_connection *connection, const char *request)
{
	bool head = strncmp(request, "HEAD ", 5) == 0;
	raw_reply(connection, head ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
				   : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static inline struct fixture *fixture_start_with(const struct transport_curl_options *options)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	timers_init(&f->timers);
	ensure(uv_loop_init(&f->loop) == 0);
	uv_prepare_init(&f->loop, &f->prepare);
	uv_prepare_start(&f->prepare, fixture_before_sleep);
	uv_timer_init(&f->loop, &f->tick);
	uv_timer_init(&f->loop, &f->guard);
	f->prepare.data = f->guard.data = f;
	f->server.on_request = fixture_ok;
	raw_server_start(&f->server, &f->loop);
	struct error error;
	assert_int_equal(
		transport_curl_create(&f->loop, clock_system(), &f->timers, options, &f->transport, &error),
		0);
	return f;
}

static inline struct fixture *fixture_start(void)
{
	struct transport_curl_options options = {.user_agent = "switchhook/test"};
	return fixture_start_with(&options);
}

/* Runs the loop until `*value` has reached `at_least`, and fails when that takes too long. */
static inline void fixture_await(struct fixture *f, const int *value, int at_least)
{
	uv_timer_start(&f->guard, fixture_is_late, FIXTURE_LATEST_MS, 0);
	while (*value < at_least && !f->late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_timer_stop(&f->guard);
	assert_true(*value >= at_least);
}

static inline void fixture_await_zero(struct fixture *f, const int *value)
{
	uv_timer_start(&f->guard, fixture_is_late, FIXTURE_LATEST_MS, 0);
	while (*value > 0 && !f->late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_timer_stop(&f->guard);
	assert_int_equal(*value, 0);
}

/* Everything is closed; nothing may be left open on the loop. */
static inline void fixture_stop(struct fixture *f)
{
	transport_destroy(f->transport);
	raw_server_stop(&f->server);
	uv_close((uv_handle_t *)&f->prepare, NULL);
	uv_close((uv_handle_t *)&f->tick, NULL);
	uv_close((uv_handle_t *)&f->guard, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	assert_true(timers_next_us(&f->timers) == INT64_MAX);
	timers_finish(&f->timers);
	free(f);
}

static inline void call_done(struct exchange *exchange, const struct answer *answer)
{
	struct call *call = container_of(exchange, struct call, exchange);
	free(call->answer);
	call->answer = answer_copy(answer);
	call->n_done++;
	call->fixture->n_done++;
	uv_stop(&call->fixture->loop); /* it may be about to sleep, and what the test waits for is here */
	if (call->then)
		call->then(call);
}

static inline void call_init(struct call *call, struct fixture *f, const char *method, const char *path,
			     struct str body)
{
	*call = (struct call){.fixture = f};
	if (strstr(path, "://"))
		snprintf(call->url, sizeof call->url, "%s", path);
	else
		snprintf(call->url, sizeof call->url, "http://127.0.0.1:%u%s", f->server.port, path);
	call->request = (struct request){
		.method = str_of(method),
		.url = str_of(call->url),
		.body = body,
	};
	call->exchange = (struct exchange){
		.request = &call->request,
		.timeout_ms = 10000,
		.answer_max = 64 * 1024,
		.done = call_done,
	};
}

static inline void call_send(struct call *call)
{
	int before = call->n_done;
	transport_send(call->fixture->transport, &call->exchange);
	assert_int_equal(call->n_done, before);
}

static inline const struct answer *call_await(struct call *call)
{
	fixture_await(call->fixture, &call->n_done, 1);
	assert_null(call->exchange.work);
	return call->answer;
}

static inline const struct answer *call_make(struct call *call, struct fixture *f, const char *method,
					     const char *path, struct str body)
{
	call_init(call, f, method, path, body);
	call_send(call);
	return call_await(call);
}

static inline void call_finish(struct call *call)
{
	free(call->answer);
	call->answer = NULL;
}

static inline int start_curl(void **state)
{
	return transport_curl_global_init();
}

static inline int end_curl(void **state)
{
	transport_curl_global_finish();
	return 0;
}
