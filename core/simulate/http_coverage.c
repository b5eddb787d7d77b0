#include "simulate/http_coverage.h"

#include "engine/stored_event.h"
#include "format/exchange_text.h"
#include "format/json.h"
#include "script/coverage.h"
#include "simulate/coverage_report.h"
#include "simulate/simulation.h"
#include "simulate/trial.h"

enum {
	EVENTS_DEFAULT = 2000, /* the newest */
	EVENTS_MAX = 20000,
	PAGE_EVENTS = 200, /* read at once: the journal is not held for longer */
	SINCE_DAYS = 7,
	BYTES_MAX = 32 << 20, /* of events; in memory they take a few times that */
	ATTEMPTS_ARENA_MAX = 16 << 20,
};

struct covering {
	struct job *job;
	struct coverage *coverage;
	struct simulation *simulation; /* NULL: it has not begun, or is over */
	struct event_list events;      /* they outlive it */
	uint64_t *seqs;                /* in the journal, by their number in the simulation */
	size_t n_events, n_recorded, n_made_up, bytes;
	uint64_t after_seq;
	int64_t now_ms, oldest_ms;
	struct trial_end end;
	bool newest_only; /* the limit left out what is older, if it is in the time */
	bool is_full;     /* a bound is reached: later events are left out */
	bool quarantined; /* of the event that is looked at */
	size_t n_of_page;
};

static void covering_finish(struct covering *covering)
{
	simulation_destroy(covering->simulation);
	event_list_finish(&covering->events);
	coverage_destroy(covering->coverage);
	free(covering->seqs);
}

/* --- the answers of then --- */

struct wanted_answer {
	struct str id;
	int attempt;
	struct answer *answer;
};

static struct answer *answer_of(struct str attempts_json, int attempt)
{
	struct arena arena;
	struct value attempts;
	struct answer *answer = NULL;
	struct error error;
	int64_t at_ms;
	arena_init(&arena, ATTEMPTS_ARENA_MAX);
	if (json_parse(attempts_json, (struct json_limits){0}, &arena, &attempts, &error) == 0 &&
	    attempts.kind == VALUE_ARRAY && attempts.n > 0) {
		uint32_t i = (uint32_t)attempt < attempts.n ? (uint32_t)attempt : attempts.n;
		answer = attempt_from_json(&attempts.items[i - 1], &at_ms);
	}
	arena_finish(&arena);
	return answer;
}

static bool take_delivery(void *context, const struct journal_delivery *row)
{
	struct wanted_answer *wanted = context;
	if (!str_eq(row->id, wanted->id))
		return true;
	wanted->answer = answer_of(row->attempts_json, wanted->attempt);
	return false;
}

/* The ids of deliveries follow from the event, so they are those of then. */
static struct answer *recorded(void *context, const struct event *event, struct str delivery, int attempt)
{
	struct covering *covering = context;
	struct wanted_answer wanted = {delivery, attempt, NULL};
	struct delivery_query query = {.state = -1, .seq = covering->seqs[event->seq - 1]};
	struct error error;
	if (journal_read_deliveries(covering->job->api->trial_reader, &query, take_delivery, &wanted, &error))
		log_error(covering->job->api->options.log, "a recorded answer cannot be read", "error",
			  error.what);
	covering->n_recorded += wanted.answer != NULL;
	covering->n_made_up += wanted.answer == NULL;
	return wanted.answer;
}

/* --- events --- */

/* What has crashed the engine is not tried again here. */
static bool take_run(void *context, const struct journal_run *row)
{
	struct covering *covering = context;
	covering->quarantined |=
		row->outcome == OUTCOME_FAILED && str_starts(row->reason, STR("quarantined:"));
	return !covering->quarantined;
}

static int begin(struct covering *covering, int64_t start_ms)
{
	struct simulation_options options = {.ruleset = covering->job->ruleset,
					     .seed = 1,
					     .start_ms = start_ms,
					     .waits_end_ms = covering->now_ms,
					     .coverage = covering->coverage,
					     .recorded = recorded,
					     .context = covering};
	covering->oldest_ms = start_ms;
	return simulation_create(&options, &covering->simulation, &covering->job->error);
}

static int play(struct covering *covering, const struct event *event, uint64_t seq)
{
	struct job *job = covering->job;
	covering->quarantined = false;
	if (journal_read_runs(job->api->trial_reader, seq, take_run, covering, &job->error))
		return -1;
	if (covering->quarantined)
		return 0;
	if (!covering->simulation && begin(covering, event->arrived_ms))
		return -1;
	covering->seqs[covering->n_events++] = seq;
	simulation_event(covering->simulation, event);
	for (struct result *result; (result = simulation_take(covering->simulation, false));)
		result_free(result);
	return 0;
}

static bool take_event(void *context, const struct event_row *row)
{
	struct covering *covering = context;
	struct job *job = covering->job;
	size_t n = covering->events.n;
	event_restore(row, &covering->events);
	covering->after_seq = row->seq;
	covering->n_of_page++;
	covering->bytes += row->json.n;
	if (covering->events.n > n && play(covering, covering->events.events[n], row->seq)) {
		job_fail(job, 500);
		return false;
	}
	covering->is_full = covering->bytes > BYTES_MAX || !trial_has_time(job, &covering->end);
	return !covering->is_full;
}

/* True: there may be more. */
static bool play_page(struct covering *covering)
{
	struct job *job = covering->job;
	struct event_query query = {
		.after_seq = covering->after_seq, .since_ms = job->query.since_ms, .limit = PAGE_EVENTS};
	covering->n_of_page = 0;
	if (journal_read_events(job->api->trial_reader, &query, take_event, covering, &job->error))
		job_fail(job, 500);
	return job->status < 400 && covering->n_of_page > 0 && !covering->is_full;
}

/* --- the answer --- */

static void answer(struct covering *covering)
{
	struct job *job = covering->job;
	struct buf *out = &job->body;
	if (covering->simulation)
		simulation_run_out(covering->simulation);
	buf_char(out, '{');
	put_number(out, "generation", job->ruleset->generation);
	put_time(out, "computed", covering->now_ms);
	put_time(out, "since", job->query.since_ms);
	put_time(out, "oldest", covering->oldest_ms);
	put_number(out, "events", (int64_t)covering->n_events);
	put_bool(out, "newest_only", covering->newest_only);
	put_bool(out, "cut_short", covering->is_full);
	put_number(out, "answers_recorded", (int64_t)covering->n_recorded);
	put_number(out, "answers_made_up", (int64_t)covering->n_made_up);
	coverage_put(out, covering->coverage, job->query.path);
	buf_char(out, '}');
}

/* --- the job --- */

/* The newest events: their numbers have few gaps. */
static int prepare(struct covering *covering)
{
	struct job *job = covering->job;
	struct journal_figures figures;
	if (job->query.path.p && !ruleset_file(job->ruleset, job->query.path)) {
		error_set(&job->error, "the rules that serve have no file '" STR_FMT "'",
			  STR_ARG(job->query.path));
		return job_fail(job, 404);
	}
	if (journal_read_figures(job->api->trial_reader, &figures, &job->error) ||
	    coverage_create(job->ruleset, &covering->coverage, &job->error))
		return job_fail(job, 500);
	if (figures.last_seq > job->query.limit)
		covering->after_seq = figures.last_seq - job->query.limit;
	covering->newest_only = covering->after_seq > 0;
	covering->end = trial_end();
	covering->seqs = mem_alloc(job->query.limit * sizeof *covering->seqs);
	return 0;
}

static void work_coverage(struct job *job)
{
	struct covering covering = {.job = job, .now_ms = job->query.now_ms};
	if (prepare(&covering) == 0) {
		while (play_page(&covering))
			;
		if (job->status < 400)
			answer(&covering);
	}
	covering_finish(&covering);
}

static void on_coverage(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", PARAMETER_SINCE | PARAMETER_LIMIT | PARAMETER_PATH,
				  EVENTS_DEFAULT, EVENTS_MAX, true);
	if (!job)
		return;
	if (!job->query.since_ms)
		job->query.since_ms = job->query.now_ms - SINCE_DAYS * INT64_C(86400000);
	job->work = work_coverage;
	job_post_trial(job);
}

void coverage_routes(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/rules/coverage", on_coverage, api);
}
