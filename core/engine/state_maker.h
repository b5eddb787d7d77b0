/* core/engine/state_maker.h
 *
 * Makes the Lua states of campaigns, and closes them, on a thread beside the shards. Either takes from a part
 * of a millisecond up to all the time that loading a script may take, and is not the time of other campaigns.
 */
#pragma once

#include "base/error.h"
#include "base/mailbox.h"

struct engine;
struct script_state;
struct state_maker;
struct unit;

/* One that is made. The caller's memory, with `unit`, `reply_to` and `made` filled in. */
struct state_making {
	struct message message;
	struct state_maker *maker;
	struct unit *unit;                         /* of the campaign; the caller's reference */
	struct mailbox *reply_to;                  /* the shard's */
	void (*made)(struct state_making *making); /* there: it is the caller's again */
	struct script_state *script;               /* NULL: it cannot be made, and `error` says why */
	struct error error;
	bool dropped; /* the engine ends: neither */
};

struct state_maker *state_maker_start(struct engine *engine);

/* What is not begun is dropped. Shards must not ask any more. NULL is allowed. */
void state_maker_stop(struct state_maker *maker);

/* A shard. */
void state_maker_make(struct state_maker *maker, struct state_making *making);

/* A shard. Takes over both; the unit is what the state stands on. */
void state_maker_close(struct state_maker *maker, struct script_state *script, struct unit *unit);
