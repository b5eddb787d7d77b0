/* GET /v1/services/history?service=NAME: how a service did in the last hours, a point a minute.
 *
 * A point is the difference between two readings of what the shards count. The last one, of the minute that
 * is not over, is made when it is asked for.
 */
#include "api/api_private.h"

#include "engine/tally.h"

enum {
	MINUTE_MS = 60 * 1000,
	POINTS = 6 * 60,
	SERVICES_MAX = 500, /* further ones have no history: each takes POINTS points */
};

struct point {
	int64_t time_ms; /* its end */
	uint32_t attempts, failed;
	int32_t p50_ms, p99_ms; /* -1: nothing was sent */
};

struct service_history {
	struct str name;           /* behind it */
	uint64_t attempts, failed; /* at the last reading */
	struct histogram took;
	struct point points[POINTS];
	size_t n; /* that there ever were */
	UT_hash_handle hh;
};

struct history {
	struct api *api;
	uv_timer_t timer;
	struct service_history *services;
};

/* --- readings --- */

/* By linear interpolation within the bucket. */
static int32_t quantile_ms(const struct histogram *took, double q)
{
	uint64_t total = 0, below = 0;
	for (size_t i = 0; i < countof(took->counts); i++)
		total += took->counts[i];
	if (!total)
		return -1;
	double rank = q * (double)total;
	int64_t from_us = 0;
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		uint64_t count = took->counts[i];
		if (count && (double)(below + count) >= rank) {
			double part = (rank - (double)below) / (double)count;
			double span_us = (double)(histogram_bounds_us[i] - from_us);
			return (int32_t)(((double)from_us + part * span_us) / 1000);
		}
		below += count;
		from_us = histogram_bounds_us[i];
	}
	return (int32_t)(from_us / 1000);
}

static struct point point_between(const struct service_history *before, const struct tally_row *now,
				  int64_t time_ms)
{
	struct histogram took;
	for (size_t i = 0; i < countof(took.counts); i++)
		took.counts[i] = now->took.counts[i] - before->took.counts[i];
	return (struct point){
		.time_ms = time_ms,
		.attempts = (uint32_t)(now->figures[TALLY_ATTEMPTS] - before->attempts),
		.failed = (uint32_t)(now->figures[TALLY_FAILED_ATTEMPTS] - before->failed),
		.p50_ms = quantile_ms(&took, 0.5),
		.p99_ms = quantile_ms(&took, 0.99),
	};
}

static struct service_history *find(const struct history *history, struct str name)
{
	struct service_history *service;
	HASH_FIND(hh, history->services, name.p, name.n, service);
	return service;
}

static struct service_history *service_of(struct history *history, struct str name)
{
	struct service_history *service = find(history, name);
	if (service || HASH_COUNT(history->services) >= SERVICES_MAX)
		return service;
	service = mem_zalloc(sizeof *service + name.n);
	memcpy(service + 1, name.p, name.n);
	service->name = (struct str){(const char *)(service + 1), name.n};
	HASH_ADD_KEYPTR(hh, history->services, service->name.p, service->name.n, service);
	return service;
}

static void take_reading(struct history *history, const struct tally_row *row, int64_t now_ms)
{
	struct service_history *service = service_of(history, row->name);
	if (!service)
		return;
	service->points[service->n++ % POINTS] = point_between(service, row, now_ms);
	service->attempts = row->figures[TALLY_ATTEMPTS];
	service->failed = row->figures[TALLY_FAILED_ATTEMPTS];
	service->took = row->took;
}

static struct tally *read_tally(const struct api *api)
{
	struct tally *tally = mem_zalloc(sizeof *tally);
	engine_tally(api->options.engine, tally);
	return tally;
}

static void free_tally(struct tally *tally)
{
	tally_finish(tally);
	free(tally);
}

static void on_minute(uv_timer_t *timer)
{
	struct history *history = timer->data;
	struct tally *tally = read_tally(history->api);
	const struct tally_table *table = &tally->tables[TALLY_DELIVERIES];
	int64_t now_ms = clock_wall_ms(history->api->options.clock);
	for (size_t i = 0; i < table->n; i++)
		take_reading(history, table->rows[i], now_ms);
	free_tally(tally);
}

/* --- the answer --- */

static void put_quantile(struct buf *out, const char *key, int32_t ms)
{
	if (ms < 0)
		put_null(out, key);
	else
		put_number(out, key, ms);
}

static void put_point(struct buf *out, const struct point *point)
{
	put_item(out);
	buf_char(out, '{');
	put_number(out, "time_ms", point->time_ms);
	put_number(out, "attempts", point->attempts);
	put_number(out, "failed", point->failed);
	put_quantile(out, "p50_ms", point->p50_ms);
	put_quantile(out, "p99_ms", point->p99_ms);
	buf_char(out, '}');
}

static void put_points(struct buf *out, const struct service_history *service)
{
	size_t first = service->n > POINTS ? service->n - POINTS : 0;
	for (size_t i = first; i < service->n; i++)
		put_point(out, &service->points[i % POINTS]);
}

static void put_running_minute(struct buf *out, const struct api *api, struct str name,
			       const struct service_history *service)
{
	static const struct service_history nothing;
	struct tally *tally = read_tally(api);
	const struct tally_table *table = &tally->tables[TALLY_DELIVERIES];
	for (size_t i = 0; i < table->n; i++) {
		if (!str_eq(table->rows[i]->name, name))
			continue;
		struct point point = point_between(service ? service : &nothing, table->rows[i],
						   clock_wall_ms(api->options.clock));
		put_point(out, &point);
	}
	free_tally(tally);
}

/* The history is the main thread's, so the answer is made at once. */
static void on_history(void *context, struct http_request *request)
{
	const struct api *api = context;
	struct job *job = job_new(context, request, "", PARAMETER_SERVICE, 1, 1, false);
	if (!job)
		return;
	struct str name = job->query.service;
	if (!name.n) {
		error_set(&job->error, "it needs the name of a service: ?service=NAME");
		job_fail(job, 400);
		job_answer(job);
		return;
	}
	const struct service_history *service = find(api->history, name);
	struct buf *out = &job->body;
	buf_char(out, '{');
	put_text(out, "service", name);
	put_key(out, "points");
	buf_char(out, '[');
	if (service)
		put_points(out, service);
	put_running_minute(out, api, name, service);
	buf_str(out, STR("]}"));
	job_answer(job);
}

void routes_history(struct api *api, struct http_server *server)
{
	struct history *history = mem_zalloc(sizeof *history);
	api->history = history;
	history->api = api;
	uv_timer_init(api->options.loop, &history->timer);
	history->timer.data = history;
	uv_timer_start(&history->timer, on_minute, MINUTE_MS, MINUTE_MS);
	http_server_route(server, "GET", "/v1/services/history", on_history, api);
}

static void on_closed(uv_handle_t *handle)
{
	struct history *history = handle->data;
	struct service_history *service, *next;
	HASH_ITER(hh, history->services, service, next)
	{
		HASH_DEL(history->services, service);
		free(service);
	}
	free(history);
}

void history_close(struct api *api)
{
	uv_close((uv_handle_t *)&api->history->timer, on_closed);
}
