/* POST /v1/simulate/diff: what changes to the rules would have done differently with the last recorded
 * events. */
#include "simulate/http_simulate.h"

#include "engine/stored_event.h"
#include "format/json.h"
#include "simulate/diff.h"
#include "simulate/diff_report.h"
#include "simulate/samples.h"
#include "simulate/trial.h"

enum {
	LAST_DEFAULT = 1000,
	LAST_MAX = 10000,
	EVENTS_BYTES_MAX = 32 << 20,
	GROUPS_SHOWN = 1000, /* of the ways in which events differ */
};

struct diff_job {
	struct job *job;
	struct ruleset *ruleset;
	struct event_list events;
	size_t bytes;
	struct trial_end end;
};

static bool take_event(void *context, const struct event_row *row)
{
	struct diff_job *diff = context;
	diff->bytes += row->json.n;
	if (diff->bytes > EVENTS_BYTES_MAX)
		return false;
	event_restore(row, &diff->events);
	return true;
}

/* The newest came first; what arrived together must stand in the order in which it was accepted. */
static void turn_round(struct event_list *list)
{
	for (size_t i = 0, j = list->n; i + 1 < j; i++) {
		struct event *event = list->events[i];
		list->events[i] = list->events[--j];
		list->events[j] = event;
	}
}

static int read_events(struct diff_job *diff, int64_t last)
{
	struct job *job = diff->job;
	struct event_query query = {.newest_first = true, .limit = (size_t)last};
	if (journal_read_events(job->api->trial_reader, &query, take_event, diff, &job->error))
		return job_fail(job, 500);
	turn_round(&diff->events);
	samples_arrive(&diff->events);
	return 0;
}

static int read_body(struct diff_job *diff, struct value *body)
{
	static const struct str known[] = {{"rules", 5}, {"last", 4}};
	struct job *job = diff->job;
	int64_t last;
	if (trial_body(job, known, countof(known), body))
		return -1;
	const struct value *changes = value_get(body, STR("rules"));
	if (!changes) {
		error_set(&job->error, "'rules' must hold what would change: {\"sales.lua\":\"…\"}");
		return job_fail(job, 400);
	}
	if (trial_number(job, body, "last", 1, LAST_MAX, LAST_DEFAULT, &last) ||
	    trial_rules(job, changes, &diff->ruleset))
		return -1;
	const struct error *wrong = trial_error(job, diff->ruleset, changes);
	if (wrong) {
		job->error = *wrong;
		error_prefix(&job->error, "the changed rules have errors, and nothing is compared");
		return job_fail(job, 422);
	}
	return read_events(diff, last);
}

static bool has_time(void *context, size_t n)
{
	const struct diff_job *diff = context;
	return trial_has_time(diff->job, &diff->end);
}

static void show(const struct diff_job *job, const struct diff *diff, bool complete)
{
	struct buf *out = &job->job->body;
	buf_char(out, '{');
	put_number(out, "generation", job->ruleset->generation);
	put_number(out, "events", (int64_t)job->events.n);
	put_number(out, "compared", (int64_t)diff->events);
	put_number(out, "differ", (int64_t)(diff->events - diff->events_same));
	put_bool(out, "complete", complete);
	put_time(out, "since", job->events.n ? job->events.events[0]->time_ms : 0);
	put_number(out, "ways", (int64_t)diff->n_groups);
	put_key(out, "groups");
	buf_char(out, '[');
	for (size_t i = 0; i < diff->n_groups && i < GROUPS_SHOWN; i++) {
		put_item(out);
		diff_group_put(out, &diff->groups[i]);
	}
	buf_str(out, STR("]}"));
}

static void compare(struct diff_job *job)
{
	struct diff_options options = {
		.from = job->job->ruleset,
		.to = job->ruleset,
		.seed = 1,
		.progress = has_time,
		.context = job,
		.bytes_max = TRIAL_BYTES_MAX,
	};
	struct diff diff = {0};
	int result = 0;
	job->end = trial_end();
	if (job->events.n)
		result = diff_run(&options, &job->events, &diff, &job->job->error);
	if (result < 0)
		job_fail(job->job, 500);
	else
		show(job, &diff, result == 0);
	if (job->events.n)
		diff_finish(&diff);
}

static void work_diff(struct job *job)
{
	struct diff_job diff = {.job = job};
	struct value body;
	if (read_body(&diff, &body) == 0)
		compare(&diff);
	event_list_finish(&diff.events);
	ruleset_unref(diff.ruleset);
}

void simulate_on_diff(void *context, struct http_request *request)
{
	struct api *api = context;
	struct error error;
	if (api->options.journal) {
		trial_begin(api, request, work_diff, NULL);
		return;
	}
	error_set(&error, "this engine keeps no journal (--durability none): there are no recorded events");
	http_respond_problem(request, 503, &error, 0);
}
