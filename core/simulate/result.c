#include "simulate/result.h"

#include "engine/verdict.h"
#include "format/rfc3339.h"

const char *result_outcome(const struct result *result, const struct result_rule *rule)
{
	if (!rule->runs)
		return "not_matched";
	if (rule->ended)
		return run_outcome_name(rule->outcome);
	/* One that only fires has nothing to wait for but its requests. */
	return rule->fires || result->done ? "done" : "waiting";
}

static const struct result_step *waits_for(const struct result_rule *rule)
{
	const struct result_step *waits = NULL;
	for (const struct result_step *step = rule->steps; step; step = step->next)
		if (!step->over)
			waits = step;
	return waits;
}

struct str result_reason(const struct result *result, const struct result_rule *rule, struct buf *text)
{
	char time[RFC3339_SIZE];
	if (!rule->runs || rule->ended)
		return rule->reason;
	if (rule->fires || result->done)
		return (struct str){0};
	const struct result_step *step = waits_for(rule);
	buf_clear(text);
	if (step)
		buf_printf(text, STR_FMT ": until " STR_FMT, STR_ARG(step->what),
			   STR_ARG(rfc3339_write(step->at_ms, time)));
	else
		buf_str(text, STR("it waits for the answer of a call"));
	return buf_view(text);
}

void result_free(struct result *result)
{
	if (!result)
		return;
	event_unref(result->event);
	ruleset_unref((struct ruleset *)(uintptr_t)result->ruleset);
	arena_finish(&result->arena);
	free(result);
}
