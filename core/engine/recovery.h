/* core/engine/recovery.h
 *
 * Going on after an end, whether it was orderly or not: what the journal holds that is not done is put back
 * where it was.
 */
#pragma once

#include "engine/private.h"
#include "engine/stored_event.h"

/* Main thread, before the shards run. Without a journal it does nothing. */
int recover(struct engine *engine, struct error *reterr);

/* The service of that name; NULL when there is none. */
const struct service *ruleset_service(const struct ruleset *ruleset, struct str name);

/* A delivery as its row has it, for today's service of that name; delivery_resume sends it on its way, and
 * nobody waits for it. NULL when its request cannot be read. Main thread. */
struct delivery *delivery_restore(struct engine *engine, const struct journal_delivery *row,
				  struct event *event);
