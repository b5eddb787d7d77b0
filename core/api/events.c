/* GET /v1/calls/UII, GET /v1/events/ID, GET /v1/events */
#include "api/api_private.h"

#include "engine/stored_event.h"

#include <stdio.h>

enum {
	EXPORT_DEFAULT = 1000,
	EXPORT_MAX = 10000,
	EXPORT_BYTES = 16 << 20,
	EXPORT_LOOKED_AT = 50000, /* events of a page, wanted or not */
	EVENTS_OF_CALL_MAX = 1000,
};

/* --- one call, one event --- */

struct timeline_job {
	struct job *job;
	size_t n;
	bool failed;
};

static bool take_row(void *context, const struct event_row *row)
{
	struct timeline_job *timeline = context;
	timeline->n++;
	timeline->failed = show_event(timeline->job, row) != 0;
	return !timeline->failed && !timeline->job->body.overflow;
}

static void show_events(struct job *job, const struct event_query *query, const char *nothing)
{
	struct timeline_job timeline = {.job = job};
	put_key(&job->body, "events");
	buf_char(&job->body, '[');
	if (journal_read_events(job->api->reader, query, take_row, &timeline, &job->error)) {
		job_fail(job, 500);
	} else if (!timeline.failed && !timeline.n) {
		error_set(&job->error, "%s", nothing);
		job_fail(job, 404);
	}
	buf_str(&job->body, STR("]}"));
}

static void work_call(struct job *job)
{
	struct event_query query = {.call = job->path, .limit = EVENTS_OF_CALL_MAX};
	buf_char(&job->body, '{');
	put_text(&job->body, "call", job->path);
	show_events(job, &query, "no event of such a call is in the journal");
}

static void work_event(struct job *job)
{
	struct event_query query = {.id = job->path, .limit = EVENTS_OF_CALL_MAX};
	buf_char(&job->body, '{');
	show_events(job, &query,
		    "no such event is in the journal; an event that is handed over here names its source: "
		    "?source=/queues/1");
}

static void on_call(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "/v1/calls/", 0, 1, 1, true);
	if (!job)
		return;
	job->work = work_call;
	job_post(job);
}

void api_show_event(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "/v1/events/", 0, 1, 1, true);
	if (!job)
		return;
	job->work = work_event;
	job_post(job);
}

/* --- the export --- */

struct export
{
	struct job *job;
	size_t n, looked_at;
	uint64_t last_seq;
	bool more;
};

static bool is_of_campaign(struct job *job, const struct event_row *row)
{
	struct event_list list = {0};
	bool is = false;
	event_restore(row, &list);
	if (list.n == 1) {
		const struct ruleset *ruleset = generation_of(job->api, row->generation);
		const struct campaign *campaign =
			ruleset ? ruleset_serving(ruleset, list.events[0]->source) : NULL;
		is = campaign && str_eq(campaign->name, job->query.campaign);
	}
	event_list_finish(&list);
	return is;
}

static bool export_row(void *context, const struct event_row *row)
{
	struct export *export = context;
	struct job *job = export->job;
	export->more = export->n == job->query.limit || export->looked_at == EXPORT_LOOKED_AT ||
		       job->body.n > EXPORT_BYTES;
	if (export->more)
		return false;
	export->looked_at++;
	export->last_seq = row->seq;
	if (job->query.campaign.p && !is_of_campaign(job, row))
		return true;
	export->n++;
	buf_str(&job->body, row->json);
	buf_char(&job->body, '\n');
	return true;
}

static void work_export(struct job *job)
{
	struct export export = {.job = job};
	struct event_query query = {.after_seq = job->query.after,
				    .since_ms = job->query.since_ms,
				    .call = job->query.call,
				    .newest_first = job->query.newest};
	job->content_type = "application/x-ndjson";
	if (journal_read_events(job->api->reader, &query, export_row, &export, &job->error))
		job_fail(job, 500);
	else if (export.more && !job->query.newest)
		snprintf(job->next_after, sizeof job->next_after, "%llu",
			 (unsigned long long)export.last_seq);
}

static void on_export(void *context, struct http_request *request)
{
	unsigned parameters = PARAMETER_SINCE | PARAMETER_CAMPAIGN | PARAMETER_CALL | PARAMETER_LIMIT |
			      PARAMETER_AFTER | PARAMETER_NEWEST;
	struct job *job = job_new(context, request, "", parameters, EXPORT_DEFAULT, EXPORT_MAX, true);
	if (!job)
		return;
	job->work = work_export;
	job_post(job);
}

void routes_events(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/calls/*", on_call, api);
	http_server_route(server, "GET", "/v1/events", on_export, api);
}
