/* GET /v1/deliveries, GET /v1/deliveries/ID */
#include "api/api_private.h"

#include "engine/stored_event.h"

/* --- the list --- */

struct listing {
	struct job *job;
	size_t n;
	bool more;
};

static bool list_row(void *context, const struct journal_delivery *row)
{
	struct listing *listing = context;
	struct buf *out = &listing->job->body;
	if (listing->n == listing->job->query.limit) {
		listing->more = true;
		return false;
	}
	listing->n++;
	put_item(out);
	buf_char(out, '{');
	show_delivery(out, row, SHOW_ROW);
	buf_char(out, '}');
	return true;
}

static void work_list(struct job *job)
{
	const struct api_query *asked = &job->query;
	struct listing listing = {.job = job};
	struct delivery_query query = {.service = asked->service,
				       .campaign = asked->campaign,
				       .call = asked->call,
				       .state = asked->state,
				       .since_ms = asked->since_ms,
				       .before_n = asked->before,
				       .limit = asked->limit + 1};
	buf_str(&job->body, STR("{\"deliveries\":["));
	if (journal_read_deliveries(job->api->reader, &query, list_row, &listing, &job->error)) {
		job_fail(job, 500);
		return;
	}
	buf_char(&job->body, ']');
	put_bool(&job->body, "more", listing.more);
	if (asked->state == DELIVERY_DEAD && !asked->service.p && show_dead_runs(job))
		return;
	buf_char(&job->body, '}');
}

static void on_list(void *context, struct http_request *request)
{
	unsigned parameters = PARAMETER_STATE | PARAMETER_SERVICE | PARAMETER_CAMPAIGN | PARAMETER_CALL |
			      PARAMETER_SINCE | PARAMETER_LIMIT | PARAMETER_BEFORE;
	struct job *job = job_new(context, request, "", parameters, LIST_DEFAULT, LIST_MAX, true);
	if (!job)
		return;
	job->work = work_list;
	job_post(job);
}

/* --- one --- */

struct showing {
	struct job *job;
	bool found;
	uint64_t seq;
};

static bool show_event_of(void *context, const struct event_row *row)
{
	const struct showing *showing = context;
	struct buf *out = &showing->job->body;
	struct event_list list = {0};
	if (row->seq == showing->seq)
		event_restore(row, &list);
	if (list.n == 1) {
		const struct event *event = list.events[0];
		put_key(out, "event");
		buf_char(out, '{');
		put_text(out, "id", event->id);
		put_text(out, "type", event->type);
		put_text(out, "source", event->source);
		put_text(out, "subject", event->subject);
		put_text(out, "time", event->time);
		buf_char(out, '}');
	}
	event_list_finish(&list);
	return false;
}

static bool show_row(void *context, const struct journal_delivery *row)
{
	struct showing *showing = context;
	showing->found = true;
	showing->seq = row->seq;
	buf_char(&showing->job->body, '{');
	show_delivery(&showing->job->body, row, SHOW_ALL);
	return false;
}

static void work_one(struct job *job)
{
	struct showing showing = {.job = job};
	struct journal_reader *reader = job->api->reader;
	struct delivery_query query = {.id = job->path, .state = -1, .with_request = true, .limit = 1};
	if (journal_read_deliveries(reader, &query, show_row, &showing, &job->error)) {
		job_fail(job, 500);
		return;
	}
	if (!showing.found) {
		error_set(&job->error, "there is no such delivery");
		job_fail(job, 404);
		return;
	}
	struct event_query event = {.after_seq = showing.seq - 1, .limit = 1};
	if (journal_read_events(reader, &event, show_event_of, &showing, &job->error))
		job_fail(job, 500);
	buf_char(&job->body, '}');
}

static void on_one(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "/v1/deliveries/", 0, 1, 1, true);
	if (!job)
		return;
	job->work = work_one;
	job_post(job);
}

void routes_deliveries(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/deliveries", on_list, api);
	http_server_route(server, "GET", "/v1/deliveries/*", on_one, api);
}
