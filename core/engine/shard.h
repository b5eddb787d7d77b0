/* core/engine/shard.h
 *
 * One shard: what belongs to one thread. It is home to the calls whose subject hashes to it, with their runs,
 * and to the services whose name hashes to it, with their deliveries. Everything here is for that thread, but
 * for shard_post.
 *
 * A shard knows clock, timers, transport and mailbox, and nothing of threads and loops: those are in
 * shard_thread.c.
 */
#pragma once

#include "base/clock.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "base/timers.h"
#include "engine/engine.h"
#include "engine/tally.h"
#include "engine/window.h"
#include "script/script.h"
#include "transport/transport.h"

struct call;
struct campaign_state;
struct lane;
struct outlet;

struct shard {
	struct engine *engine;
	unsigned index;
	struct clock *clock;
	struct timers timers;
	struct transport *transport;
	struct mailbox mailbox;
	uint64_t wakes;      /* bits of shards to be woken: something was posted to them */
	struct watch *watch; /* of its thread */
	int working;         /* how deep; engine/shard_work.c */

	/* Runs that have used up their slice of time, and go on one a turn: engine/run_pause.c. */
	struct list paused;
	struct timer next_slice;

	/* Calls: engine/call.c */
	struct call *calls;     /* by subject */
	struct list idle_calls; /* without a run, oldest first */
	size_t n_idle_calls;
	size_t n_idle_events;
	struct campaign_state *states; /* by campaign */
	struct window once;
	struct journal_reader *reader; /* opened when a history must be read */

	/* Services: engine/delivery.c */
	struct outlet *outlets; /* by service */
	struct lane *lanes;     /* by service and call */
	struct list ready;      /* outlets that may send more */
	struct list ailing;     /* the same of services that fail */
	size_t n_on_wire, n_ailing_on_wire;
	struct token_entry *tokens; /* by what their auth says: engine/tokens.c */
	uint64_t token_serial;
	uint64_t chance; /* state of the generator for jitter */
	bool stopping;   /* no retry and no wait is begun any more */

	struct tally tally;
	int64_t lua_counted_us; /* when its memory was added up last */
};

void shard_init(struct shard *shard, struct engine *engine, unsigned index, struct clock *clock,
		uint64_t seed);
void shard_finish(struct shard *shard);

/* Any thread. */
static inline void shard_post(struct shard *shard, struct message *message)
{
	mailbox_post(&shard->mailbox, message);
}

/* Posts to another shard; it is woken when this one's turn ends, by shard_wake_others(). On `from`'s thread.
 */
static inline void shard_post_from(struct shard *from, struct shard *to, struct message *message)
{
	if (mailbox_put(&to->mailbox, message, message))
		from->wakes |= (uint64_t)1 << to->index;
}

void shard_wake_others(struct shard *shard);

/* Pseudo-random, for jitter; not for secrets. */
uint64_t shard_chance(struct shard *shard);

/* What is on the wire is cancelled, what waits is forgotten, everything is freed but the transport. */
void shard_abandon(struct shard *shard);
