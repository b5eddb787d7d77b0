#include "engine/quarantine.h"

#include "engine/record.h"
#include "engine/recovery.h"

#include <stdio.h>

/* A run that an operator had asked for. */
struct asked_run {
	struct str campaign, rule;
	uint32_t generation;
};

struct quarantining {
	struct engine *engine;
	struct event *event;
	struct suspicion suspicion;
	struct arena arena;
	struct str *over; /* pairs of campaign and rule: runs that had ended before */
	size_t n_over, n_failed;
	struct asked_run *asked;
	size_t n_asked;
};

static bool take_run(void *context, const struct journal_run *row)
{
	struct quarantining *it = context;
	if (row->outcome == OUTCOME_WAITING)
		return true;
	it->over = mem_realloc(it->over, (it->n_over + 2) * sizeof *it->over);
	it->over[it->n_over++] = arena_copy(&it->arena, row->campaign);
	it->over[it->n_over++] = arena_copy(&it->arena, row->rule);
	if (row->outcome != OUTCOME_AGAIN)
		return true;
	it->asked = mem_realloc(it->asked, (it->n_asked + 1) * sizeof *it->asked);
	it->asked[it->n_asked++] =
		(struct asked_run){it->over[it->n_over - 2], it->over[it->n_over - 1], row->generation};
	return true;
}

static bool is_over(const struct quarantining *it, const struct rule *rule)
{
	for (size_t i = 0; i < it->n_over; i += 2)
		if (str_eq(it->over[i], rule->campaign->name) && str_eq(it->over[i + 1], rule->name))
			return true;
	return false;
}

static void fail_rule(struct quarantining *it, const struct rule *rule, uint32_t generation)
{
	const struct suspicion *suspicion = &it->suspicion;
	char reason[400];
	bool blamed =
		str_eq(suspicion->campaign, rule->campaign->name) && str_eq(suspicion->rule, rule->name);
	if (blamed)
		snprintf(reason, sizeof reason, "quarantined: the engine has crashed %u times in this run",
			 suspicion->crashes);
	else
		snprintf(
			reason, sizeof reason,
			"quarantined: the engine has crashed %u times while it worked on this event%s" STR_FMT
			"%s",
			suspicion->crashes, suspicion->rule.n ? ", in the rule '" : "",
			STR_ARG(suspicion->rule), suspicion->rule.n ? "'" : "");
	it->n_failed++;
	engine_count(&it->engine->totals.runs_failed);
	record_run(engine_shard(it->engine, str_hash(it->event->subject)), it->event, rule,
		   &(struct run_record){OUTCOME_FAILED, str_of(reason), NULL, generation, NULL});
}

static void fail_rules(struct quarantining *it, const struct campaign *campaign)
{
	for (size_t i = 0; campaign && i < campaign->n_rules; i++) {
		const struct rule *rule = &campaign->rules[i];
		const struct condition *failed;
		if (rule_wants(rule, it->event->type) && rule_matches(rule, it->event, &failed) &&
		    !is_over(it, rule))
			fail_rule(it, rule, 0);
	}
}

/* By name: their rules may be those of another generation. They can be asked for once more. */
static void fail_asked(struct quarantining *it)
{
	for (size_t i = 0; i < it->n_asked; i++) {
		struct campaign campaign = {.name = it->asked[i].campaign};
		struct rule rule = {.name = it->asked[i].rule, .campaign = &campaign};
		fail_rule(it, &rule, it->asked[i].generation);
	}
}

/* Where no rule fails, as when the crash came before any was found, something must: an operator looks for
 * what is dead among the runs. */
static void fail_nobody(struct quarantining *it, const struct campaign *campaign)
{
	static const struct campaign nobody = {.name = {"", 0}};
	struct rule rule = {.campaign = campaign ? campaign : &nobody, .name = STR("(no rule)")};
	fail_rule(it, &rule, 0);
}

/* Nobody waits for its answer any more. */
static bool take_delivery(void *context, const struct journal_delivery *row)
{
	struct quarantining *it = context;
	if (row->state != DELIVERY_PENDING || !str_eq(row->verb, STR("call")))
		return true;
	struct delivery *delivery = delivery_restore(it->engine, row, it->event);
	if (!delivery)
		return true;
	record_delivery(delivery, DELIVERY_DEAD, 0, NULL, NULL);
	delivery_free(delivery);
	return true;
}

static int settle(struct quarantining *it, struct journal_reader *reader, const struct ruleset *ruleset,
		  struct error *reterr)
{
	struct engine *engine = it->engine;
	struct delivery_query all = {.state = -1, .seq = it->event->seq, .with_request = true};
	if (journal_read_runs(reader, it->event->seq, take_run, it, reterr) ||
	    journal_read_deliveries(reader, &all, take_delivery, it, reterr))
		return -1;
	const struct campaign *campaign = ruleset ? ruleset_serving(ruleset, it->event->source) : NULL;
	fail_rules(it, campaign);
	fail_asked(it);
	if (!it->n_failed)
		fail_nobody(it, campaign);
	log_error(&engine->log, "an event is quarantined: the engine has crashed twice while it worked on it",
		  "event", LOG_STR(it->event->id), "call", LOG_STR(it->event->subject), "campaign",
		  it->suspicion.campaign.n ? it->suspicion.campaign.p : NULL, "rule",
		  it->suspicion.rule.n ? it->suspicion.rule.p : NULL);
	engine_count(&engine->totals.dead);
	event_hold(it->event);
	event_release(engine, it->event);
	return 1;
}

int quarantine(struct engine *engine, struct journal_reader *reader, struct event *event,
	       const struct ruleset *ruleset, struct error *reterr)
{
	struct quarantining it = {.engine = engine, .event = event};
	it.suspicion = blackbox_suspicion(engine->options.blackbox, event);
	if (it.suspicion.crashes < BLACKBOX_CRASHES_MAX)
		return 0;
	arena_init(&it.arena, 1 << 20);
	int result = settle(&it, reader, ruleset, reterr);
	free(it.over);
	free(it.asked);
	arena_finish(&it.arena);
	return result;
}
