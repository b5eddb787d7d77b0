#include "engine/verdict.h"

const char *run_outcome_name(enum run_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_DONE] = "done",       [OUTCOME_SKIPPED] = "skipped",   [OUTCOME_FAILED] = "failed",
		[OUTCOME_WAITING] = "waiting", [OUTCOME_DIVERGED] = "diverged", [OUTCOME_AGAIN] = "waiting",
	};
	return outcome < countof(names) ? names[outcome] : "unknown";
}

bool verdict_runs(const struct rule *rule, const struct event *event, struct buf *reason)
{
	const struct condition *failed;
	if (!rule_wants(rule, event->type)) {
		buf_printf(reason, "the event is " STR_FMT ", not ", STR_ARG(event->type));
		for (size_t i = 0; i < rule->n_on; i++)
			buf_printf(reason, "%s" STR_FMT, i ? " or " : "", STR_ARG(rule->on[i]));
		return false;
	}
	if (rule_matches(rule, event, &failed))
		return true;
	condition_explain(failed, event, reason);
	return false;
}

bool verdict_anybody(const struct campaign *campaign, const struct event *event, struct buf *reason)
{
	for (size_t i = 0; campaign && i < campaign->n_rules; i++)
		if (rule_wants(&campaign->rules[i], event->type))
			return true;
	if (!campaign)
		buf_printf(reason, "no campaign serves " STR_FMT, STR_ARG(event->source));
	else
		buf_printf(reason, "no rule of the campaign is for " STR_FMT, STR_ARG(event->type));
	return false;
}
