/* core/engine/quarantine.h
 *
 * Events that have taken the process with them, once too often. Part of recovery: main thread, before the
 * shards run.
 */
#pragma once

#include "engine/private.h"

/* Is the event not to be tried again? Then each of its rules that would have run is recorded as failed, its
 * calls as dead, it is done, and the log says so. 1 if so, 0 if not, -1 when the journal cannot be read.
 * `ruleset` may be NULL. */
int quarantine(struct engine *engine, struct journal_reader *reader, struct event *event,
	       const struct ruleset *ruleset, struct error *reterr);
