/* POST /v1/rules/check: what `check` says of the rules with changes to them. */
#include "simulate/http_simulate.h"

#include "simulate/trial.h"

static void work_check(struct job *job)
{
	static const struct str known[] = {{"rules", 5}};
	struct buf *out = &job->body;
	struct ruleset *ruleset;
	struct value body;
	if (trial_body(job, known, countof(known), &body) ||
	    trial_rules(job, value_get(&body, STR("rules")), &ruleset))
		return;
	buf_char(out, '{');
	put_number(out, "generation", ruleset->generation);
	put_problems(out, ruleset);
	buf_char(out, '}');
	ruleset_unref(ruleset);
}

void simulate_on_check(void *context, struct http_request *request)
{
	trial_begin(context, request, work_check, NULL);
}
