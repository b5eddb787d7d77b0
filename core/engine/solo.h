/* core/engine/solo.h
 *
 * An engine of one shard, without threads and sockets, on a clock that its owner moves: for simulations and
 * tests. It is the engine itself; only who drives it differs (shard_thread.c drives the real one). Everything
 * happens within the calls here, on the caller's thread.
 */
#pragma once

#include "engine/private.h"
#include "transport/transport_fake.h"

struct solo {
	struct clock clock;
	int64_t base_ms; /* wall clock at now_us == 0 */
	int64_t now_us;
	struct engine *engine;
	struct shard shard;
	struct mailbox mailbox; /* of the main thread */
};

/* Its clock goes from here, and can be read. `solo` must stay where it is. */
void solo_init(struct solo *solo, int64_t base_ms);

/* Each exchange is answered by `script`. The options' mailbox is set here; a journal in them is taken over,
 * and what it holds unfinished goes on. After an end it can begin again; time goes on. */
int solo_begin(struct solo *solo, const struct engine_options *options, const struct ruleset *ruleset,
	       fake_script script, void *context, struct error *reterr);

/* Ends where it is: what is in memory is gone. */
void solo_end(struct solo *solo);

/* Everything that can happen now has happened. */
void solo_settle(struct solo *solo);

/* Time goes on, from one due moment to the next. */
void solo_advance_to(struct solo *solo, int64_t until_us);

/* Until nothing is due any more; at most `max_us` from now. False: there would be more. */
bool solo_run_out(struct solo *solo, int64_t max_us);

/* Hands the event over; takes the reference. False: it is a duplicate, and does nothing. Without a journal
 * only. */
bool solo_event(struct solo *solo, struct event *event);
