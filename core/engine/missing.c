#include "engine/missing.h"

#include "engine/private.h"

/* A rule that wants the event, and what the journal has of the two. */
struct candidate {
	const struct rule *rule;
	bool on_record;
	bool *sent; /* of a rule that only fires: one a service */
};

struct candidates {
	const struct event *event;
	struct candidate *all;
	size_t n;
};

static struct candidate *find(struct candidates *candidates, struct str campaign, struct str rule)
{
	for (size_t i = 0; i < candidates->n; i++)
		if (str_eq(candidates->all[i].rule->name, rule) &&
		    str_eq(candidates->all[i].rule->campaign->name, campaign))
			return &candidates->all[i];
	return NULL;
}

/* Of a rule that only fires, a run that is done says nothing about its services: they may have been inactive.
 */
static bool take_run(void *context, const struct journal_run *row)
{
	struct candidate *candidate = find(context, row->campaign, row->rule);
	if (candidate)
		candidate->on_record |= candidate->rule->needs_lua || row->outcome != OUTCOME_DONE;
	return true;
}

/* By its id too: where another service stood at that place of `fire`, its delivery has the id. */
static bool take_delivery(void *context, const struct journal_delivery *row)
{
	struct candidates *candidates = context;
	struct candidate *candidate = find(candidates, row->campaign, row->rule);
	if (!candidate)
		return true;
	const struct rule *rule = candidate->rule;
	candidate->on_record |= rule->needs_lua;
	for (size_t i = 0; i < rule->n_fire; i++) {
		struct delivery_id id = delivery_id(candidates->event, rule, (int)i + 1);
		candidate->sent[i] |=
			str_eq(row->service, rule->fire[i]->name) || str_eq(row->id, str_of(id.z));
	}
	return true;
}

static bool is_missing(const struct candidate *candidate)
{
	const struct rule *rule = candidate->rule;
	if (rule->needs_lua || candidate->on_record)
		return !candidate->on_record;
	for (size_t i = 0; i < rule->n_fire; i++)
		if (rule->fire[i]->active && !candidate->sent[i])
			return true;
	return false;
}

static void add_candidates(struct candidates *candidates, const struct campaign *campaign)
{
	const struct condition *failed;
	candidates->all = mem_zalloc(campaign->n_rules * sizeof *candidates->all);
	for (size_t i = 0; i < campaign->n_rules; i++) {
		const struct rule *rule = &campaign->rules[i];
		if (rule_wants(rule, candidates->event->type) &&
		    rule_matches(rule, candidates->event, &failed))
			candidates->all[candidates->n++] =
				(struct candidate){rule, false, mem_zalloc(rule->n_fire + 1)};
	}
}

int missing_rules(struct journal_reader *reader, const struct ruleset *ruleset, const struct event *event,
		  void (*take)(void *context, const struct rule *rule), void *context, struct error *reterr)
{
	const struct campaign *campaign = ruleset_serving(ruleset, event->source);
	struct candidates candidates = {.event = event};
	struct delivery_query deliveries = {.state = -1, .seq = event->seq};
	int result = 0;
	if (campaign)
		add_candidates(&candidates, campaign);
	if (candidates.n &&
	    (journal_read_runs(reader, event->seq, take_run, &candidates, reterr) ||
	     journal_read_deliveries(reader, &deliveries, take_delivery, &candidates, reterr)))
		result = -1;
	for (size_t i = 0; i < candidates.n; i++) {
		if (result == 0 && is_missing(&candidates.all[i]))
			take(context, candidates.all[i].rule);
		free(candidates.all[i].sent);
	}
	free(candidates.all);
	return result;
}
