/* core/engine/verdict.h
 *
 * What a rule made of an event, in words: the same ones in the timeline of a call and in a simulation. Any
 * thread.
 */
#pragma once

#include "base/buf.h"
#include "journal/journal.h"
#include "model/rule.h"

/* "done", "skipped", … */
const char *run_outcome_name(enum run_outcome outcome);

/* Does the rule run for this event? If not, adds why: "the event is post_call, not agent_termination",
 * "sess_duration is 4, not at_least(10)". */
bool verdict_runs(const struct rule *rule, const struct event *event, struct buf *reason);

/* Is there a rule of the campaign (NULL: there is none) for events of this type? If not, adds why. */
bool verdict_anybody(const struct campaign *campaign, const struct event *event, struct buf *reason);
