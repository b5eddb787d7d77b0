/* core/engine/missing.h
 *
 * What today's rules would make of an event of the past, and the journal has nothing of.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"

struct journal_reader;

/* Calls `take` for each rule of the ruleset that wants this event and is missing in the journal: it has
 * neither a run nor a delivery of the event on record. A rule that only fires is missing too when a service
 * that it fires now has no delivery by it. Which services are active decides today's rule. 0, or -1 with an
 * error. Any thread, with a reader of its own. */
int missing_rules(struct journal_reader *reader, const struct ruleset *ruleset, const struct event *event,
		  void (*take)(void *context, const struct rule *rule), void *context, struct error *reterr);
