/* core/engine/record.h
 *
 * What the engine writes to the journal. Without a journal nothing is written, and what would wait for a
 * commit goes on by itself. On the thread of the shard that is named, but where a function says otherwise.
 */
#pragma once

#include "engine/private.h"

/* While it is held an event is open: after a crash it is dispatched again. The last release records it as
 * done. Any thread. */
void event_hold(struct event *event);
void event_release(struct engine *engine, struct event *event);

/* The delivery as it stands after an attempt, or, with answer NULL, without a new one. Of an expired one
 * `next_ms` is when that was. With `then`, that is called on `home`'s thread once the row is on disk; false
 * when there is no journal: then the caller goes on by itself. */
bool record_delivery(struct delivery *delivery, enum delivery_state state, int64_t next_ms,
		     const struct answer *answer, void (*then)(void *context));

struct run_record {
	enum run_outcome outcome;
	struct str reason;         /* may be absent */
	const struct runlog *log;  /* NULL: none */
	uint32_t generation;       /* of one that was run again; else 0 */
	const struct error *error; /* why it failed; NULL: only `reason` is known */
};

/* How a run ended. */
void record_run(struct shard *shard, const struct event *event, const struct rule *rule,
		const struct run_record *run);

struct step_record {
	int number;
	struct str fingerprint;
	bool answered;
	int64_t at_ms; /* when it was answered; until then, its deadline */
	uint64_t awaited_seq;
};

/* With `then`, that is called with `context` on the shard's thread once the step is on disk; false as above.
 */
bool record_step(struct shard *shard, const struct event *event, const struct rule *rule,
		 const struct step_record *step, void (*then)(void *context), void *context);

/* That the event has claimed the key of a `once`. */
void record_once(struct engine *engine, struct window_key key, uint64_t seq);
