/* What happened with an event: each rule that might have run, and why it did or did not. */
#include "api/api_private.h"

#include "engine/run_id.h"
#include "engine/stored_event.h"
#include "engine/verdict.h"
#include "format/json.h"

enum {
	RECORDS_ARENA_MAX = 64 << 20,
	REASON_MAX = 4096,
	WITH_BODIES_MAX = 8 << 20, /* a timeline that is longer goes on without bodies */
};

/* What the journal holds of one rule and this event. */
struct rule_record {
	struct str campaign, rule;
	uint64_t seq; /* of the event */
	bool has_run, shown;
	enum run_outcome outcome;
	struct str reason, log, error;
	struct buf steps, deliveries;
};

struct timeline {
	struct arena arena;
	struct rule_record *records;
	size_t n;
	size_t shown; /* bytes of deliveries, those of earlier events too */
};

/* --- gathering --- */

static struct rule_record *record_find(struct timeline *timeline, struct str campaign, struct str rule)
{
	for (size_t i = 0; i < timeline->n; i++)
		if (str_eq(timeline->records[i].rule, rule) &&
		    str_eq(timeline->records[i].campaign, campaign))
			return &timeline->records[i];
	return NULL;
}

static struct rule_record *record_of(struct timeline *timeline, struct str campaign, struct str rule)
{
	struct rule_record *record = record_find(timeline, campaign, rule);
	if (record)
		return record;
	timeline->records = mem_realloc(timeline->records, (timeline->n + 1) * sizeof *timeline->records);
	record = &timeline->records[timeline->n++];
	*record = (struct rule_record){.campaign = arena_copy(&timeline->arena, campaign),
				       .rule = arena_copy(&timeline->arena, rule)};
	buf_init(&record->steps, ANSWER_MAX);
	buf_init(&record->deliveries, ANSWER_MAX);
	return record;
}

static bool take_run(void *context, const struct journal_run *row)
{
	struct timeline *timeline = context;
	struct rule_record *record = record_of(timeline, row->campaign, row->rule);
	record->has_run = true;
	record->seq = row->seq;
	record->outcome = row->outcome;
	record->reason = row->reason.p ? arena_copy(&timeline->arena, row->reason) : (struct str){0};
	record->log = arena_copy(&timeline->arena, row->log);
	record->error = row->error.n ? arena_copy(&timeline->arena, row->error) : (struct str){0};
	return true;
}

static bool take_step(void *context, const struct journal_step *row)
{
	struct buf *out = &record_of(context, row->campaign, row->rule)->steps;
	if (out->n)
		buf_char(out, ',');
	buf_char(out, '{');
	put_number(out, "number", row->number);
	put_text(out, "what", row->fingerprint);
	put_bool(out, "answered", row->answered);
	put_time(out, row->answered ? "time" : "deadline", row->deadline_ms);
	put_number(out, row->answered ? "at_ms" : "deadline_ms", row->deadline_ms);
	if (row->awaited_seq)
		put_number(out, "event_seq", (int64_t)row->awaited_seq);
	buf_char(out, '}');
	return true;
}

static bool take_delivery(void *context, const struct journal_delivery *row)
{
	struct timeline *timeline = context;
	struct buf *out = &record_of(timeline, row->campaign, row->rule)->deliveries;
	size_t before = out->n;
	if (out->n)
		buf_char(out, ',');
	buf_char(out, '{');
	show_delivery(out, row, timeline->shown < WITH_BODIES_MAX ? SHOW_ALL : SHOW_WITHOUT_BODIES);
	buf_char(out, '}');
	timeline->shown += out->n - before;
	return true;
}

static int gather(struct job *job, uint64_t seq, struct timeline *timeline)
{
	struct journal_reader *reader = job->api->reader;
	struct delivery_query deliveries = {
		.state = -1, .seq = seq, .oldest_first = true, .with_request = true};
	if (journal_read_runs(reader, seq, take_run, timeline, &job->error) ||
	    journal_read_steps(reader, seq, take_step, timeline, &job->error) ||
	    journal_read_deliveries(reader, &deliveries, take_delivery, timeline, &job->error))
		return job_fail(job, 500);
	return 0;
}

static void timeline_finish(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++) {
		buf_finish(&timeline->records[i].steps);
		buf_finish(&timeline->records[i].deliveries);
	}
	free(timeline->records);
	arena_finish(&timeline->arena);
}

/* --- showing --- */

static void show_log(struct buf *out, struct str log)
{
	put_key(out, "log");
	buf_char(out, '[');
	while (log.n) {
		const char *end = memchr(log.p, '\n', log.n);
		size_t n = end ? (size_t)(end - log.p) : log.n;
		put_item(out);
		json_write_string(out, (struct str){log.p, n});
		log.p += end ? n + 1 : n;
		log.n -= end ? n + 1 : n;
	}
	buf_char(out, ']');
}

static void show_rule(struct buf *out, struct str campaign, struct str rule, const char *outcome,
		      struct str reason, const struct rule_record *record)
{
	char id[RUN_ID_SIZE];
	put_item(out);
	buf_char(out, '{');
	put_text(out, "campaign", campaign);
	put_text(out, "rule", rule);
	if (record && record->has_run)
		put_text(out, "id", run_id(id, record->seq, campaign, rule));
	put_text(out, "outcome", str_of(outcome));
	put_text(out, "reason", reason);
	put_key(out, "error");
	buf_str(out, record && record->error.n ? record->error : STR("null"));
	show_log(out, record ? record->log : STR(""));
	put_key(out, "steps");
	buf_char(out, '[');
	buf_str(out, record ? buf_view(&record->steps) : STR(""));
	buf_char(out, ']');
	put_key(out, "deliveries");
	buf_char(out, '[');
	buf_str(out, record ? buf_view(&record->deliveries) : STR(""));
	buf_char(out, ']');
	buf_char(out, '}');
}

/* Without a run of its own on record: a rule that only fires, or one that is not that far yet. */
static const char *outcome_of(const struct rule *rule, const struct event *event,
			      const struct rule_record *record, bool done, struct buf *reason)
{
	bool only_fires = !rule->needs_lua && !rule->has_once;
	if (record && record->has_run)
		return run_outcome_name(record->outcome);
	if (!verdict_runs(rule, event, reason))
		return "not_matched";
	if (done || (only_fires && record && record->deliveries.n))
		return "done";
	buf_str(reason, STR("it is under way"));
	return "waiting";
}

static void show_known(struct buf *out, struct timeline *timeline, const struct campaign *campaign,
		       const struct event *event, bool done)
{
	for (size_t i = 0; i < campaign->n_rules; i++) {
		const struct rule *rule = &campaign->rules[i];
		struct rule_record *record = record_find(timeline, campaign->name, rule->name);
		struct buf reason;
		buf_init(&reason, REASON_MAX);
		const char *outcome = outcome_of(rule, event, record, done, &reason);
		struct str why = reason.n ? buf_view(&reason) : (struct str){0};
		if (record && record->has_run)
			why = record->reason;
		show_rule(out, campaign->name, rule->name, outcome, why, record);
		if (record)
			record->shown = true;
		buf_finish(&reason);
	}
}

/* Of rules that the journal does not hold any more. */
static void show_rest(struct buf *out, const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++) {
		const struct rule_record *record = &timeline->records[i];
		if (!record->shown)
			show_rule(out, record->campaign, record->rule,
				  record->has_run ? run_outcome_name(record->outcome) : "done",
				  record->reason, record);
	}
}

static void show_nobody(struct buf *out, const struct campaign *campaign, struct str reason)
{
	show_rule(out, campaign ? campaign->name : (struct str){0}, (struct str){0}, "no_rule", reason, NULL);
}

static void show_rules(struct job *job, struct timeline *timeline, const struct event *event, bool done)
{
	struct buf *out = &job->body;
	const struct ruleset *ruleset = generation_of(job->api, event->generation);
	const struct campaign *campaign = ruleset ? ruleset_serving(ruleset, event->source) : NULL;
	struct buf reason;
	buf_init(&reason, REASON_MAX);
	if (!ruleset)
		buf_str(&reason, STR("the rules of then are not in the journal any more"));
	bool anybody = ruleset && verdict_anybody(campaign, event, &reason);
	put_key(out, "rules");
	buf_char(out, '[');
	if (!anybody && !timeline->n)
		show_nobody(out, campaign, buf_view(&reason));
	if (campaign)
		show_known(out, timeline, campaign, event, done);
	show_rest(out, timeline);
	buf_char(out, ']');
	buf_finish(&reason);
}

int show_event(struct job *job, const struct event_row *row)
{
	struct buf *out = &job->body;
	struct timeline timeline = {.shown = out->n};
	struct event_list list = {0};
	arena_init(&timeline.arena, RECORDS_ARENA_MAX);
	event_restore(row, &list);
	int result = gather(job, row->seq, &timeline);
	if (result == 0) {
		put_item(out);
		buf_char(out, '{');
		put_number(out, "seq", (int64_t)row->seq);
		put_number(out, "generation", row->generation);
		put_bool(out, "done", row->done);
		put_time(out, "arrived", row->arrived_ms);
		put_number(out, "arrived_ms", row->arrived_ms);
		put_key(out, "event");
		buf_str(out, row->json);
		if (list.n == 1)
			show_rules(job, &timeline, list.events[0], row->done);
		buf_char(out, '}');
	}
	event_list_finish(&list);
	timeline_finish(&timeline);
	return result;
}
