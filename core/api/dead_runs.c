/* Runs that failed or diverged: the dead letters among the runs. */
#include "api/api_private.h"

#include "engine/run_id.h"
#include "engine/stored_event.h"
#include "engine/verdict.h"

struct of_event {
	uint64_t seq;
	bool done;
	struct event_list list;
};

static bool take_event(void *context, const struct event_row *row)
{
	struct of_event *of = context;
	if (row->seq == of->seq) {
		event_restore(row, &of->list);
		of->done = row->done;
	}
	return false;
}

/* Of the run's event; `list` is empty when the journal does not have it any more. */
static int read_event(struct job *job, uint64_t seq, struct of_event *ret)
{
	struct event_query query = {.after_seq = seq - 1, .limit = 1};
	*ret = (struct of_event){.seq = seq};
	return journal_read_events(job->api->reader, &query, take_event, ret, &job->error);
}

bool run_can_run_again(struct job *job, const struct journal_run *row, struct str call)
{
	struct of_event of;
	bool can = !read_event(job, row->seq, &of) && of.done && of.list.n == 1 &&
		   (!call.p || str_eq(of.list.events[0]->subject, call));
	event_list_finish(&of.list);
	return can;
}

struct listing {
	struct job *job;
	size_t n;
};

static void show_run(struct buf *out, const struct journal_run *row, const struct of_event *of)
{
	const struct event *event = of->list.n == 1 ? of->list.events[0] : NULL;
	char id[RUN_ID_SIZE];
	put_item(out);
	buf_char(out, '{');
	put_text(out, "id", run_id(id, row->seq, row->campaign, row->rule));
	put_text(out, "kind", STR("run"));
	put_time(out, "time", row->time_ms);
	put_number(out, "time_ms", row->time_ms);
	put_text(out, "state", STR("dead"));
	put_text(out, "outcome", str_of(run_outcome_name(row->outcome)));
	put_text(out, "reason", row->reason);
	put_text(out, "campaign", row->campaign);
	put_text(out, "rule", row->rule);
	put_text(out, "call", event ? event->subject : (struct str){0});
	put_text(out, "event", event ? event->id : (struct str){0});
	put_number(out, "event_seq", (int64_t)row->seq);
	buf_char(out, '}');
}

static bool list_run(void *context, const struct journal_run *row)
{
	struct listing *listing = context;
	struct job *job = listing->job;
	struct of_event of;
	bool failed = read_event(job, row->seq, &of) != 0;
	bool wanted =
		!job->query.call.p || (of.list.n == 1 && str_eq(of.list.events[0]->subject, job->query.call));
	if (!failed && wanted) {
		show_run(&job->body, row, &of);
		listing->n++;
	}
	event_list_finish(&of.list);
	return !failed && listing->n < job->query.limit;
}

int show_dead_runs(struct job *job)
{
	struct listing listing = {.job = job};
	struct run_query query = {.campaign = job->query.campaign, .since_ms = job->query.since_ms};
	put_key(&job->body, "runs");
	buf_char(&job->body, '[');
	if (journal_read_dead_runs(job->api->reader, &query, list_run, &listing, &job->error))
		return job_fail(job, 500);
	buf_char(&job->body, ']');
	return 0;
}
