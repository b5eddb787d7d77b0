/* Runs that the rules as they are now would make of recorded events, and of which the journal has nothing:
 * because the rule was not there, its campaign was broken, or its service was not active. */
#include "api/redeliver_private.h"

#include "base/suggest.h"
#include "engine/missing.h"
#include "engine/run_id.h"
#include "engine/stored_event.h"

enum {
	SLICE_EVENTS = 500, /* looked at before others may ask the thread for something */
	LOOKED_AT_MAX = 100000,
};

struct lacking { /* an event, and which part of `rules` it lacks */
	uint64_t seq;
	size_t first, n;
};

struct missing {
	bool collecting;
	uint64_t after_seq;
	size_t looked_at, unsettled;
	struct lacking *events;
	size_t n_events, events_capacity;
	const struct rule **rules;
	size_t n_rules, rules_capacity;
	struct buf list; /* items of the member `missing` */
};

struct missing *missing_new(struct job *job)
{
	struct missing *missing = mem_zalloc(sizeof *missing);
	missing->collecting = true;
	missing->after_seq = job->query.after;
	buf_init(&missing->list, ANSWER_MAX / 4);
	return missing;
}

void missing_free(struct missing *missing)
{
	if (!missing)
		return;
	buf_finish(&missing->list);
	free(missing->events);
	free(missing->rules);
	free(missing);
}

bool missing_is_collecting(const struct missing *missing)
{
	return missing && missing->collecting;
}

/* --- is it possible? --- */

static int unknown(struct job *job, const char *what, struct str name, const struct str *known, size_t n)
{
	struct str near = suggest_nearest(name, known, n);
	error_set(&job->error, "today's rules have no %s '%.*s'", what, (int)(name.n < 80 ? name.n : 80),
		  name.p);
	if (near.p)
		error_hint(&job->error, "did you mean '" STR_FMT "'?", STR_ARG(near));
	return job_fail(job, 400);
}

static int check_campaign(struct job *job)
{
	const struct ruleset *ruleset = job->ruleset;
	const struct campaign *campaign = ruleset_campaign(ruleset, job->query.campaign);
	if (campaign && campaign->loaded)
		return 0;
	if (campaign) {
		error_set(&job->error, "the campaign '" STR_FMT "' has errors and serves nothing",
			  STR_ARG(campaign->name));
		error_hint(&job->error, "mend it first: its rules as they are then are what counts");
		return job_fail(job, 400);
	}
	struct str *names = mem_alloc((ruleset->n_campaigns + 1) * sizeof *names);
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		names[i] = ruleset->campaigns[i]->name;
	int result = unknown(job, "campaign", job->query.campaign, names, ruleset->n_campaigns);
	free(names);
	return result;
}

static bool is_asked_campaign(const struct job *job, const struct campaign *campaign)
{
	return !job->query.campaign.p || str_eq(job->query.campaign, campaign->name);
}

static int check_rule(struct job *job)
{
	struct str *names = NULL;
	size_t n = 0;
	bool found = false;
	for (size_t i = 0; i < job->ruleset->n_campaigns; i++) {
		const struct campaign *campaign = job->ruleset->campaigns[i];
		if (!is_asked_campaign(job, campaign))
			continue;
		names = mem_realloc(names, (n + campaign->n_rules + 1) * sizeof *names);
		for (size_t k = 0; k < campaign->n_rules; k++) {
			names[n++] = campaign->rules[k].name;
			found |= str_eq(campaign->rules[k].name, job->query.rule);
		}
	}
	int result = found ? 0 : unknown(job, "rule", job->query.rule, names, n);
	free(names);
	return result;
}

int missing_check(struct job *job)
{
	const struct api_query *query = &job->query;
	const char *other = query->state >= 0  ? "state"
			    : query->service.p ? "service"
			    : query->rerender  ? "rerender"
					       : NULL;
	if (other) {
		error_set(&job->error, "'%s' does not go with 'missing'", other);
		error_hint(&job->error,
			   "what is missing is made by the rules as they are now; narrow it down with "
			   "campaign, rule and call");
		return job_fail(job, 400);
	}
	if (!query->since_ms) {
		error_set(&job->error, "'since' is missing: from when on events may lack something");
		error_hint(&job->error, "{\"missing\":true,\"since\":\"2h\",\"dry_run\":true}");
		return job_fail(job, 400);
	}
	if (query->campaign.p && check_campaign(job))
		return -1;
	return query->rule.p ? check_rule(job) : 0;
}

/* --- looking --- */

struct looking {
	struct job *job;
	const struct event *event;
	size_t n_rows;
	bool failed, full;
};

static struct missing *missing_of(const struct job *job)
{
	return job->redelivery->missing;
}

static void list_run(struct job *job, const struct event *event, const struct rule *rule)
{
	struct buf *out = &missing_of(job)->list;
	char id[RUN_ID_SIZE];
	struct str name = run_id(id, event->seq, rule->campaign->name, rule->name);
	if (out->n)
		buf_char(out, ',');
	buf_char(out, '{');
	put_text(out, "id", name);
	put_text(out, "campaign", rule->campaign->name);
	put_text(out, "rule", rule->name);
	put_text(out, "event", event->id);
	put_text(out, "type", event->type);
	put_text(out, "call", event->subject);
	put_time(out, "time", event->arrived_ms);
	buf_char(out, '}');
	if (job->query.dry_run)
		redelivery_note_begun(job->redelivery, name);
}

static void take_rule(void *context, const struct rule *rule)
{
	struct looking *looking = context;
	struct job *job = looking->job;
	struct missing *missing = missing_of(job);
	if (!is_asked_campaign(job, rule->campaign) ||
	    (job->query.rule.p && !str_eq(job->query.rule, rule->name)))
		return;
	if (missing->n_rules == missing->rules_capacity) {
		missing->rules_capacity = missing->rules_capacity ? missing->rules_capacity * 2 : 64;
		missing->rules =
			mem_realloc(missing->rules, missing->rules_capacity * sizeof *missing->rules);
	}
	missing->rules[missing->n_rules++] = rule;
	list_run(job, looking->event, rule);
}

static void note_event(struct missing *missing, uint64_t seq, size_t first)
{
	if (missing->n_rules == first)
		return;
	if (missing->n_events == missing->events_capacity) {
		missing->events_capacity = missing->events_capacity ? missing->events_capacity * 2 : 64;
		missing->events =
			mem_realloc(missing->events, missing->events_capacity * sizeof *missing->events);
	}
	missing->events[missing->n_events++] = (struct lacking){seq, first, missing->n_rules - first};
}

static int look_at_event(struct looking *looking, const struct event *event)
{
	struct job *job = looking->job;
	struct missing *missing = missing_of(job);
	size_t first = missing->n_rules;
	looking->event = event;
	if (missing_rules(job->api->reader, job->ruleset, event, take_rule, looking, &job->error))
		return job_fail(job, 500);
	note_event(missing, event->seq, first);
	return 0;
}

/* An event that is not settled may still get what it lacks. */
static bool look_at(void *context, const struct event_row *row)
{
	struct looking *looking = context;
	struct missing *missing = missing_of(looking->job);
	struct event_list list = {0};
	looking->full = missing->n_rules >= looking->job->query.limit || missing->looked_at == LOOKED_AT_MAX;
	if (looking->full)
		return false;
	if (!row->done)
		missing->unsettled++;
	else
		event_restore(row, &list);
	if (list.n == 1)
		looking->failed = look_at_event(looking, list.events[0]) != 0;
	event_list_finish(&list);
	looking->n_rows++;
	missing->looked_at++;
	missing->after_seq = row->seq;
	return !looking->failed;
}

void missing_collect(struct job *job)
{
	struct redelivery_job *redelivery = job->redelivery;
	struct missing *missing = redelivery->missing;
	struct looking looking = {.job = job};
	struct event_query query = {.after_seq = missing->after_seq,
				    .call = job->query.call,
				    .since_ms = job->query.since_ms,
				    .limit = SLICE_EVENTS};
	if (journal_read_events(job->api->reader, &query, look_at, &looking, &job->error))
		job_fail(job, 500);
	if (job->status >= 400)
		return;
	missing->collecting = !looking.full && looking.n_rows == SLICE_EVENTS;
	if (missing->collecting)
		return;
	redelivery->more = looking.full;
	redelivery->n = missing->n_events;
	if (job->query.dry_run)
		redelivery->next = redelivery->n;
	else
		redelivery_read_group(job);
}

int missing_read_one(struct job *job, size_t place, struct found *ret)
{
	const struct missing *missing = missing_of(job);
	const struct lacking *lacking = &missing->events[place];
	*ret = (struct found){.seq = lacking->seq,
			      .rules = missing->rules + lacking->first,
			      .n_rules = lacking->n,
			      .ruleset = ruleset_ref(job->ruleset)};
	return redelivery_read_event(job, lacking->seq, ret);
}

/* --- the answer --- */

struct count {
	const struct rule *rule;
	size_t n;
};

static void put_counts(const struct missing *missing, struct buf *out)
{
	struct count *counts = mem_alloc((missing->n_rules + 1) * sizeof *counts);
	size_t n = 0;
	for (size_t i = 0; i < missing->n_rules; i++) {
		size_t k = 0;
		while (k < n && counts[k].rule != missing->rules[i])
			k++;
		if (k == n)
			counts[n++] = (struct count){missing->rules[i], 0};
		counts[k].n++;
	}
	put_key(out, "rules");
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		put_item(out);
		buf_char(out, '{');
		put_text(out, "campaign", counts[i].rule->campaign->name);
		put_text(out, "rule", counts[i].rule->name);
		put_number(out, "count", (int64_t)counts[i].n);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	free(counts);
}

void missing_put(const struct job *job, struct buf *out)
{
	const struct missing *missing = missing_of(job);
	put_counts(missing, out);
	put_key(out, "missing");
	buf_printf(out, "[" STR_FMT "]", STR_ARG(buf_view(&missing->list)));
	put_number(out, "looked_at", (int64_t)missing->looked_at);
	put_number(out, "unsettled", (int64_t)missing->unsettled);
	if (job->redelivery->more)
		put_number(out, "next_after", (int64_t)missing->after_seq);
	else
		put_null(out, "next_after");
}
