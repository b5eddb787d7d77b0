#include "app/sink.h"

#include "base/list.h"

enum {
	BODY_MAX = 8 * 1024 * 1024,
	STATUS_NONE = 0, /* nothing that HTTP can say: the server closes the connection instead */
};

struct sink {
	struct sink_options options;
	uv_loop_t *loop;
	struct http_server *server;
	struct list waiting; /* struct waiting */
};

/* A request whose answer comes later. */
struct waiting {
	struct list link;
	uv_timer_t timer;
	struct sink *sink;
	struct http_request *request;
	const struct scripted_answer *answer;
};

static void respond(struct http_request *request, const struct scripted_answer *answer)
{
	if (!answer)
		http_respond(request, 200, NULL, 0, STR(""));
	else if (answer->error == ANSWER_RESET)
		http_respond(request, STATUS_NONE, NULL, 0, STR(""));
	else if (answer->error == ANSWER_TIMEOUT)
		http_respond(request, 504, NULL, 0, STR(""));
	else
		http_respond(request, answer->status, answer->headers, answer->n_headers, answer->body);
}

static void free_waiting(uv_handle_t *timer)
{
	free(container_of((uv_timer_t *)timer, struct waiting, timer));
}

static void end_waiting(struct waiting *waiting)
{
	list_remove(&waiting->link);
	uv_close((uv_handle_t *)&waiting->timer, free_waiting);
}

static void on_timer(uv_timer_t *timer)
{
	struct waiting *waiting = container_of(timer, struct waiting, timer);
	respond(waiting->request, waiting->answer);
	end_waiting(waiting);
}

static void respond_later(struct sink *sink, struct http_request *request,
			  const struct scripted_answer *answer, int64_t delay_ms)
{
	struct waiting *waiting = mem_zalloc(sizeof *waiting);
	waiting->sink = sink;
	waiting->request = request;
	waiting->answer = answer;
	list_append(&sink->waiting, &waiting->link);
	uv_timer_init(sink->loop, &waiting->timer);
	/* Without this the delay would count from the start of this turn of the loop. */
	uv_update_time(sink->loop);
	uv_timer_start(&waiting->timer, on_timer, (uint64_t)delay_ms, 0);
}

static void handle(void *context, struct http_request *request)
{
	struct sink *sink = context;
	struct answer_key key = {.method = http_request_method(request), .path = http_request_path(request)};
	const struct scripted_answer *answer = answers_take(sink->options.answers, &key);
	sink->options.seen(sink->options.context, request, answer);
	int64_t delay_ms = !answer ? 0 : answer->error == ANSWER_TIMEOUT ? SINK_TIMEOUT_MS : answer->delay_ms;
	if (delay_ms > 0)
		respond_later(sink, request, answer, delay_ms);
	else
		respond(request, answer);
}

int sink_create(uv_loop_t *loop, const struct sink_options *options, struct sink **ret, struct error *reterr)
{
	struct sink *sink = mem_zalloc(sizeof *sink);
	sink->options = *options;
	sink->loop = loop;
	list_init(&sink->waiting);
	struct http_server_options server = {
		.address = options->address,
		.port = options->port,
		.body_max = BODY_MAX,
		.log = options->log,
	};
	if (http_server_create(loop, &server, &sink->server, reterr)) {
		free(sink);
		return -1;
	}
	http_server_route(sink->server, "*", "/", handle, sink);
	http_server_route(sink->server, "*", "/*", handle, sink);
	*ret = sink;
	return 0;
}

uint16_t sink_port(const struct sink *sink)
{
	return http_server_port(sink->server);
}

static void on_closed(void *context)
{
	free(context);
}

void sink_destroy(struct sink *sink)
{
	if (!sink)
		return;
	while (!list_empty(&sink->waiting)) {
		struct waiting *waiting = container_of(list_first(&sink->waiting), struct waiting, link);
		http_respond(waiting->request, 503, NULL, 0, STR(""));
		end_waiting(waiting);
	}
	http_server_destroy(sink->server, on_closed, sink);
}
