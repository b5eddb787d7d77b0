/* Which deliveries and runs are sent again, read from the journal. All on the API's thread. */
#include "api/redeliver_private.h"

#include "engine/run_id.h"
#include "engine/stored_event.h"
#include "format/json.h"

/* --- a group --- */

struct group_row {
	struct redelivery_job *redelivery;
	struct found *found;
};

static bool take_row(void *context, const struct journal_delivery *row)
{
	struct group_row *group = context;
	struct arena *arena = &group->redelivery->arena;
	struct journal_delivery *to = &group->found->row;
	*to = *row;
	to->id = arena_copy(arena, row->id);
	to->campaign = arena_copy(arena, row->campaign);
	to->rule = arena_copy(arena, row->rule);
	to->service = arena_copy(arena, row->service);
	to->verb = arena_copy(arena, row->verb);
	to->call = arena_copy(arena, row->call);
	to->request = arena_copy(arena, row->request);
	to->attempts_json = arena_copy(arena, row->attempts_json);
	to->failure = arena_copy(arena, row->failure);
	group->found->has_row = true;
	return false;
}

static bool take_run(void *context, const struct journal_run *row)
{
	struct group_row *group = context;
	struct arena *arena = &group->redelivery->arena;
	struct journal_run *to = &group->found->run;
	char id[RUN_ID_SIZE];
	if (!str_eq(run_id(id, row->seq, row->campaign, row->rule), group->found->id))
		return true;
	*to = *row;
	to->campaign = arena_copy(arena, row->campaign);
	to->rule = arena_copy(arena, row->rule);
	to->reason = arena_copy(arena, row->reason);
	to->log = arena_copy(arena, row->log);
	group->found->has_run = true;
	return false;
}

struct wanted_event {
	struct found *found;
	uint64_t seq;
};

static bool take_event(void *context, const struct event_row *row)
{
	const struct wanted_event *wanted = context;
	struct event_list list = {0};
	if (row->seq == wanted->seq)
		event_restore(row, &list);
	if (list.n == 1) {
		wanted->found->event = event_ref(list.events[0]);
		wanted->found->event_done = row->done;
	}
	event_list_finish(&list);
	return false;
}

int redelivery_read_event(struct job *job, uint64_t seq, struct found *found)
{
	struct wanted_event wanted = {found, seq};
	struct event_query query = {.after_seq = seq - 1, .limit = 1};
	return journal_read_events(job->api->reader, &query, take_event, &wanted, &job->error)
		       ? job_fail(job, 500)
		       : 0;
}

static void read_rules(struct job *job, struct found *found)
{
	uint32_t generation = found->run.generation ? found->run.generation : found->event->generation;
	const struct ruleset *ruleset = generation_of(job->api, generation);
	found->ruleset = ruleset ? ruleset_ref(ruleset) : NULL;
}

static int read_one(struct job *job, struct str id, struct found *found)
{
	struct redelivery_job *redelivery = job->redelivery;
	struct journal_reader *reader = job->api->reader;
	struct group_row group = {redelivery, found};
	struct delivery_query query = {.id = id, .state = -1, .with_request = true, .limit = 1};
	uint64_t seq = run_id_seq(id);
	*found = (struct found){.id = id};
	if (seq ? journal_read_runs(reader, seq, take_run, &group, &job->error)
		: journal_read_deliveries(reader, &query, take_row, &group, &job->error))
		return job_fail(job, 500);
	if ((found->has_row || found->has_run) &&
	    redelivery_read_event(job, found->has_run ? found->run.seq : found->row.seq, found))
		return -1;
	if (found->has_run && found->event)
		read_rules(job, found);
	return 0;
}

void redelivery_read_group(struct job *job)
{
	struct redelivery_job *redelivery = job->redelivery;
	while (redelivery->next < redelivery->n && redelivery->n_group < GROUP_MAX &&
	       redelivery->arena.used < GROUP_BYTES) {
		struct found *found = &redelivery->group[redelivery->n_group];
		size_t place = redelivery->next++;
		if (redelivery->missing ? missing_read_one(job, place, found)
					: read_one(job, redelivery->ids[place], found))
			return;
		redelivery->n_group++;
	}
}

/* --- which ones --- */

static bool add_id(struct job *job, struct str name)
{
	struct redelivery_job *redelivery = job->redelivery;
	struct str id = arena_copy(&job->arena, name);
	redelivery->more = redelivery->n == job->query.limit;
	if (redelivery->more || !id.p)
		return false;
	redelivery->ids[redelivery->n++] = id;
	return true;
}

struct run_of_call {
	const struct journal_delivery *row;
	bool dead;
};

static bool is_its_run(void *context, const struct journal_run *row)
{
	struct run_of_call *of = context;
	of->dead |= str_eq(row->rule, of->row->rule) && str_eq(row->campaign, of->row->campaign) &&
		    (row->outcome == OUTCOME_FAILED || row->outcome == OUTCOME_DIVERGED);
	return true;
}

/* A call whose run failed of it is made again by that run, which is in the list itself. */
static bool comes_with_its_run(struct job *job, const struct journal_delivery *row)
{
	struct run_of_call of = {.row = row};
	return str_eq(row->verb, STR("call")) && !job->query.service.p &&
	       !journal_read_runs(job->api->reader, row->seq, is_its_run, &of, &job->error) && of.dead;
}

static bool take_id(void *context, const struct journal_delivery *row)
{
	struct job *job = context;
	return comes_with_its_run(job, row) || add_id(job, row->id);
}

static bool take_dead_run(void *context, const struct journal_run *row)
{
	struct job *job = context;
	char id[RUN_ID_SIZE];
	return !run_can_run_again(job, row, job->query.call) ||
	       add_id(job, run_id(id, row->seq, row->campaign, row->rule));
}

/* Runs are no service's. Those whose event is not settled are left out: they can be run again later. */
static int collect_runs(struct job *job)
{
	struct run_query query = {
		.campaign = job->query.campaign, .since_ms = job->query.since_ms, .oldest_first = true};
	if (job->query.state != DELIVERY_DEAD || job->query.service.p)
		return 0;
	return journal_read_dead_runs(job->api->reader, &query, take_dead_run, job, &job->error);
}

void redelivery_collect(struct job *job)
{
	struct redelivery_job *redelivery = job->redelivery;
	const struct api_query *asked = &job->query;
	struct delivery_query query = {.service = asked->service,
				       .campaign = asked->campaign,
				       .call = asked->call,
				       .state = asked->state,
				       .since_ms = asked->since_ms,
				       .oldest_first = true,
				       .limit = asked->limit + 1};
	redelivery->ids = mem_alloc(asked->limit * sizeof *redelivery->ids);
	if (journal_read_deliveries(job->api->reader, &query, take_id, job, &job->error) ||
	    collect_runs(job)) {
		job_fail(job, 500);
		return;
	}
	if (!asked->dry_run) {
		redelivery_read_group(job);
		return;
	}
	for (size_t i = 0; i < redelivery->n; i++)
		redelivery_note_begun(redelivery, redelivery->ids[i]);
	redelivery->next = redelivery->n;
}
