/* GET /v1/stream: deliveries as they happen, as server-sent events.
 *
 * A person who watches can follow so many lines a second and no more: past FEED_ROOM deliveries in TICK_MS
 * the rest is only counted, and `totals` says how many were left out.
 */
#include "api/api_private.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CLIENTS_MAX = 32,
	CLIENT_WAITING_MAX = 256 * 1024, /* bytes for a reader that is slow */
	TICK_MS = 200,
	FEED_ROOM = 20,
	TOTALS_EVERY = 5,  /* ticks */
	REMEMBERED = 1024, /* deliveries, for who comes back with Last-Event-ID */
	ITEM_MAX = 16 * 1024,
	TOLD_AT_ONCE_MAX = FEED_ROOM * ITEM_MAX,
};

struct client {
	struct stream_hub *hub; /* NULL: it is gone */
	struct list in_hub;
	struct http_stream *stream;
};

struct item {
	uint64_t number; /* 0: empty */
	char *text;
	size_t n;
};

struct stream_hub {
	struct api *api;
	uv_timer_t timer;
	unsigned ticks;
	struct list clients;
	size_t n_clients;
	uint64_t last;     /* number of the newest item */
	uint64_t left_out; /* since the last totals */
	struct buf told;   /* since the last tick: a write for each would cost more than all the rest */
	struct item items[REMEMBERED];
};

static void send_to_all(struct stream_hub *hub, struct str text)
{
	for (struct list *at = hub->clients.next, *next; at != &hub->clients; at = next) {
		next = at->next;
		http_stream_send(container_of(at, struct client, in_hub)->stream, text);
	}
}

/* --- what is told --- */

static void remember(struct stream_hub *hub, const struct buf *text)
{
	struct item *item = &hub->items[hub->last % REMEMBERED];
	free(item->text);
	*item = (struct item){hub->last, mem_strndup(text->p, text->n), text->n};
}

static void take_delivery(void *context, const struct journal_delivery *row)
{
	struct stream_hub *hub = context;
	struct buf text;
	hub->last++;
	buf_init(&text, ITEM_MAX);
	buf_printf(&text, "event: delivery\nid: %llx-%llu\ndata: {", (unsigned long long)hub->api->started_ms,
		   (unsigned long long)hub->last);
	show_delivery(&text, row, SHOW_ROW);
	buf_str(&text, STR("}\n\n"));
	if (!text.overflow) {
		remember(hub, &text);
		buf_str(&hub->told, buf_view(&text));
	}
	buf_finish(&text);
}

static void send_totals(struct stream_hub *hub)
{
	struct engine *engine = hub->api->options.engine;
	struct engine_totals totals;
	struct ruleset *ruleset = engine_ruleset(engine);
	struct buf text;
	buf_init(&text, ITEM_MAX);
	engine_totals(engine, &totals);
	buf_str(&text, STR("event: totals\ndata: {"));
	put_number(&text, "time_ms", clock_wall_ms(hub->api->options.clock));
	put_number(&text, "events", (int64_t)totals.events);
	put_number(&text, "duplicates", (int64_t)totals.duplicates);
	put_number(&text, "runs", (int64_t)totals.runs);
	put_number(&text, "runs_failed", (int64_t)totals.runs_failed);
	put_number(&text, "delivered", (int64_t)totals.delivered);
	put_number(&text, "dead", (int64_t)totals.dead);
	put_number(&text, "attempts", (int64_t)totals.attempts);
	put_number(&text, "pending", (int64_t)engine_pending(engine));
	put_number(&text, "left_out", (int64_t)hub->left_out);
	put_number(&text, "generation", ruleset->generation);
	put_bool(&text, "journal_failing",
		 hub->api->options.journal && journal_failing(hub->api->options.journal));
	buf_str(&text, STR("}\n\n"));
	send_to_all(hub, buf_view(&text));
	hub->left_out = 0;
	ruleset_unref(ruleset);
	buf_finish(&text);
}

static void tell(struct stream_hub *hub)
{
	if (hub->told.n)
		send_to_all(hub, buf_view(&hub->told));
	buf_clear(&hub->told);
}

static void on_tick(uv_timer_t *timer)
{
	struct stream_hub *hub = timer->data;
	tell(hub);
	hub->left_out += engine_watch_room(hub->api->options.engine, FEED_ROOM);
	if (++hub->ticks % TOTALS_EVERY == 0)
		send_totals(hub);
}

/* --- who listens --- */

static void begin_watching(struct stream_hub *hub)
{
	engine_watch(hub->api->options.engine, take_delivery, hub);
	engine_watch_room(hub->api->options.engine, FEED_ROOM);
	uv_timer_start(&hub->timer, on_tick, TICK_MS, TICK_MS);
}

static void end_watching(struct stream_hub *hub)
{
	uv_timer_stop(&hub->timer);
	buf_clear(&hub->told);
	engine_watch(hub->api->options.engine, NULL, NULL);
}

/* May come after the hub's end. */
static void client_gone(void *context)
{
	struct client *client = context;
	struct stream_hub *hub = client->hub;
	list_remove(&client->in_hub);
	free(client);
	if (hub && --hub->n_clients == 0)
		end_watching(hub);
}

/* Who comes back gets what was told meanwhile, as far as it is remembered; who was away for longer is told to
 * ask for everything anew. */
static void catch_up(struct stream_hub *hub, struct client *client, struct str last_id)
{
	unsigned long long started, number;
	char text[48];
	if (!last_id.n)
		return;
	snprintf(text, sizeof text, STR_FMT, STR_ARG(last_id));
	if (sscanf(text, "%llx-%llu", &started, &number) != 2 ||
	    started != (unsigned long long)hub->api->started_ms || number > hub->last ||
	    number + REMEMBERED < hub->last) {
		http_stream_send(client->stream, STR("event: reset\ndata: {}\n\n"));
		return;
	}
	while (number < hub->last) {
		const struct item *item = &hub->items[++number % REMEMBERED];
		if (item->number == number)
			http_stream_send(client->stream, (struct str){item->text, item->n});
	}
}

static bool refuse(const struct api *api, struct http_request *request)
{
	struct error error;
	if (api->closed)
		error_set(&error, "the engine is stopping");
	else if (!api->options.journal)
		error_set(&error, "this engine keeps no journal (--durability none)");
	else if (api->hub->n_clients >= CLIENTS_MAX)
		error_set(&error, "%d readers listen already", CLIENTS_MAX);
	else
		return false;
	http_respond_problem(request, 503, &error, 5);
	return true;
}

static void on_stream(void *context, struct http_request *request)
{
	static const struct header headers[] = {{{"Content-Type", 12}, {"text/event-stream", 17}},
						{{"Cache-Control", 13}, {"no-store", 8}},
						{{"X-Accel-Buffering", 17}, {"no", 2}}};
	const struct api *api = context;
	struct stream_hub *hub = api->hub; /* gone when it is closed */
	struct str last_id = http_request_header(request, "last-event-id");
	char id[48];
	if (refuse(api, request))
		return;
	snprintf(id, sizeof id, STR_FMT, STR_ARG(last_id));
	tell(hub); /* or who comes back would get it twice */
	struct client *client = mem_zalloc(sizeof *client);
	client->hub = hub;
	list_append(&hub->clients, &client->in_hub);
	if (hub->n_clients++ == 0)
		begin_watching(hub);
	client->stream = http_respond_stream(request, headers, countof(headers), CLIENT_WAITING_MAX,
					     client_gone, client);
	http_stream_send(client->stream, STR("retry: 2000\n\n"));
	catch_up(hub, client, str_of(id));
}

/* --- life --- */

void routes_stream(struct api *api, struct http_server *server)
{
	struct stream_hub *hub = mem_zalloc(sizeof *hub);
	api->hub = hub;
	hub->api = api;
	list_init(&hub->clients);
	buf_init(&hub->told, TOLD_AT_ONCE_MAX);
	uv_timer_init(api->options.loop, &hub->timer);
	hub->timer.data = hub;
	http_server_route(server, "GET", "/v1/stream", on_stream, api);
}

static void on_closed(uv_handle_t *handle)
{
	struct stream_hub *hub = handle->data;
	for (size_t i = 0; i < REMEMBERED; i++)
		free(hub->items[i].text);
	buf_finish(&hub->told);
	free(hub);
}

void stream_close(struct api *api)
{
	struct stream_hub *hub = api->hub;
	engine_watch(api->options.engine, NULL, NULL);
	for (struct list *at; (at = list_first(&hub->clients));) {
		struct client *client = container_of(at, struct client, in_hub);
		list_remove(at);
		client->hub = NULL;
		http_stream_end(client->stream);
	}
	uv_close((uv_handle_t *)&hub->timer, on_closed);
}
