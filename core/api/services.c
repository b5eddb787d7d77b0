/* GET /v1/services: what the rules declare, and how it is. POST /v1/services/NAME/pause and /resume. */
#include "api/api_private.h"

#include "api/mask.h"
#include "engine/services.h"

enum { SHOWN_TEMPLATE_MAX = 8192 };

/* A question to the shards, or an order, that belongs to a job. It comes back before the API ends: the engine
 * answers everything when it stops. */
struct services_job {
	struct services_question question;
	struct job *job;
	const char *done_as;
};

/* --- how one is --- */

/* The template as an operator would write it, without its filters. */
static void show_url(struct buf *out, const struct service *service)
{
	struct buf text, masked;
	if (service->url_dynamic) {
		put_null(out, "url");
		return;
	}
	buf_init(&text, SHOWN_TEMPLATE_MAX);
	buf_init(&masked, SHOWN_TEMPLATE_MAX + 8);
	for (size_t i = 0; i < service->url.n; i++) {
		buf_str(&text, service->url.parts[i].literal);
		if (service->url.parts[i].tag.p)
			buf_printf(&text, "#" STR_FMT "#", STR_ARG(service->url.parts[i].tag));
	}
	mask_url(&masked, buf_view(&text));
	put_text(out, "url", buf_view(&masked));
	buf_finish(&text);
	buf_finish(&masked);
}

static const char *state_of(const struct service *service, const struct service_status *status)
{
	if (status->paused)
		return "paused";
	if (service && !service->active)
		return "inactive";
	if (status->breaker != BREAKER_CLOSED)
		return "failing";
	return status->resume_ms ? "waiting" : "active";
}

static void put_ms(struct buf *out, const char *key, bool known, int64_t us)
{
	if (!known) {
		put_null(out, key);
		return;
	}
	put_key(out, key);
	buf_printf(out, "%lld.%03d", (long long)(us / 1000), (int)(us % 1000));
}

static void show_status(struct buf *out, const struct service *service, const struct service_status *status)
{
	const struct recent_figures *recent = &status->recent;
	put_text(out, "state", str_of(state_of(service, status)));
	put_bool(out, "paused", status->paused);
	put_text(out, "breaker", str_of(breaker_state_name(status->breaker)));
	put_time(out, "next_probe", status->breaker_until_ms);
	put_time(out, "left_alone_until", status->resume_ms);
	put_time(out, "failing_since", status->failing_since_ms);
	put_number(out, "concurrency", status->concurrency);
	put_number(out, "in_flight", (int64_t)status->n_on_wire);
	put_number(out, "pending", (int64_t)status->n_pending);
	put_time(out, "oldest_pending", status->oldest_ms);
	put_number(out, "rate_per_minute", (int64_t)recent->per_minute);
	if (recent->n)
		put_number(out, "success_percent", recent->success_percent);
	else
		put_null(out, "success_percent");
	put_ms(out, "p50_ms", recent->n > 0, recent->p50_us);
	put_ms(out, "p99_ms", recent->n > 0, recent->p99_us);
	put_number(out, "attempts_delivered", (int64_t)status->n_delivered);
	put_number(out, "attempts_failed", (int64_t)status->n_failed);
}

static void show_limits(struct buf *out, const struct service_limits *limits)
{
	put_key(out, "limit");
	buf_char(out, '{');
	if (limits->concurrency)
		put_number(out, "concurrency", limits->concurrency);
	else
		put_text(out, "concurrency", STR("adaptive"));
	if (limits->rate) {
		put_number(out, "rate", limits->rate);
		put_number(out, "rate_period_ms", limits->period_ms);
		put_number(out, "burst", limits->burst);
	}
	if (limits->body_max)
		put_number(out, "body", (int64_t)limits->body_max);
	buf_char(out, '}');
}

static void show_service(struct buf *out, const struct service *service, const struct service_status *status)
{
	put_item(out);
	buf_char(out, '{');
	put_text(out, "name", service->name);
	put_text_or_null(out, "group", service->group);
	put_text_or_null(out, "key", service->key);
	put_bool(out, "active", service->active);
	put_text(out, "method", service->method);
	show_url(out, service);
	put_number(out, "timeout_ms", service->timeout_ms);
	show_limits(out, &service->limits);
	show_status(out, service, status);
	put_text(out, "file", service->file);
	put_number(out, "line", service->line);
	buf_char(out, '}');
}

/* Deliveries outlive the rules that made them. */
static void show_undeclared(struct buf *out, const struct service_status *status)
{
	put_item(out);
	buf_char(out, '{');
	put_text(out, "name", str_of(status->name));
	put_bool(out, "active", false);
	show_status(out, NULL, status);
	put_null(out, "file");
	buf_char(out, '}');
}

/* --- all of them --- */

static int by_hash(const void *key, const void *item)
{
	uint64_t x = *(const uint64_t *)key, y = ((const struct service_status *)item)->service;
	return (x > y) - (x < y);
}

static struct service_status status_of(struct services_question *question, const struct service *service)
{
	struct service_status *found =
		bsearch(&service->hash, question->statuses, question->n, sizeof *question->statuses, by_hash);
	if (!found)
		return (struct service_status){.concurrency = service->limits.concurrency
								      ? service->limits.concurrency
								      : CONCURRENCY_START};
	struct service_status status = *found;
	found->name = NULL; /* shown */
	return status;
}

static void show_services(struct job *job, struct services_question *question)
{
	const struct ruleset *ruleset = job->ruleset;
	struct buf *out = &job->body;
	buf_str(out, STR("{\"services\":["));
	for (size_t i = 0; i < ruleset->n_services; i++) {
		struct service_status status = status_of(question, ruleset->services[i]);
		show_service(out, ruleset->services[i], &status);
	}
	for (size_t i = 0; i < question->n; i++)
		if (question->statuses[i].name &&
		    (question->statuses[i].n_pending || question->statuses[i].paused))
			show_undeclared(out, &question->statuses[i]);
	buf_str(out, STR("]}"));
}

static void services_job_end(struct services_job *services)
{
	job_answer(services->job);
	free(services->question.statuses);
	free(services);
}

static void on_answered(struct services_question *question)
{
	struct services_job *services = container_of(question, struct services_job, question);
	show_services(services->job, question);
	services_job_end(services);
}

static struct services_job *services_job_new(struct job *job)
{
	struct services_job *services = mem_zalloc(sizeof *services);
	services->job = job;
	return services;
}

static void on_services(void *context, struct http_request *request)
{
	struct api *api = context;
	struct job *job = job_new(api, request, "", 0, 1, 1, false);
	if (!job)
		return;
	struct services_job *services = services_job_new(job);
	services->question.reply_to = api->options.mailbox;
	services->question.answered = on_answered;
	engine_ask_services(api->options.engine, &services->question);
}

/* --- pause, resume --- */

static void on_paused(void *context)
{
	struct services_job *services = context;
	struct buf *out = &services->job->body;
	buf_char(out, '{');
	put_text(out, "service", services->job->path);
	put_text(out, "state", str_of(services->done_as));
	buf_char(out, '}');
	services_job_end(services);
}

static void pause_service(struct job *job, struct str name, bool paused)
{
	struct api *api = job->api;
	struct services_job *services = services_job_new(job);
	struct service_pause pause = {.name = name,
				      .paused = paused,
				      .done = on_paused,
				      .reply_to = api->options.mailbox,
				      .context = services};
	job->path = name;
	services->done_as = paused ? "paused" : "active";
	if (engine_pause_service(api->options.engine, &pause, &job->error)) {
		job_fail(job, 404);
		services_job_end(services);
	}
}

static void on_post(void *context, struct http_request *request)
{
	static const struct str verbs[] = {{"/pause", 6}, {"/resume", 7}};
	struct job *job = job_new(context, request, "/v1/services/", 0, 1, 1, false);
	if (!job)
		return;
	for (size_t i = 0; i < countof(verbs); i++) {
		if (str_ends(job->path, verbs[i])) {
			pause_service(job, (struct str){job->path.p, job->path.n - verbs[i].n}, i == 0);
			return;
		}
	}
	error_set(&job->error, "nothing is at this path");
	error_hint(&job->error, "POST /v1/services/NAME/pause or /v1/services/NAME/resume");
	job_fail(job, 404);
	job_answer(job);
}

void routes_services(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/services", on_services, api);
	http_server_route(server, "POST", "/v1/services/*", on_post, api);
}
