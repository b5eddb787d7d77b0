/* core/engine/rerun.h
 *
 * Runs that failed, run again.
 */
#pragma once

#include "engine/private.h"
#include "journal/journal.h"

/* The run as the journal says that it is to be run again: on the shard of its call, whose history is there.
 * Takes over the references and one hold of the event. */
void rerun_dispatch(struct engine *engine, struct event *event, struct ruleset *ruleset,
		    const struct rule *rule, struct replay *replay);

/* By the names of its campaign and itself; NULL when there is none. */
const struct rule *ruleset_rule(const struct ruleset *ruleset, struct str campaign, struct str rule);
