/* core/engine/private.h
 *
 * The engine as its own folder sees it.
 */
#pragma once

#include "base/hash.h"
#include "base/watchdog.h"
#include "engine/blackbox.h"
#include "engine/feed.h"
#include "engine/observer.h"
#include "engine/shard.h"
#include "engine/tokens.h"
#include "engine/work.h"
#include "format/trace.h"
#include "identity/wire.h"
#include "journal/journal.h"

#include <semaphore.h>

enum {
	SHARDS_MAX = 64,
	SEEN_EVENTS = 200000,       /* ids that are remembered to recognise duplicates */
	ONCE_KEYS = 100000,         /* a shard */
	ONCE_KEY_MAX = 4096,        /* bytes */
	CALL_HISTORY_MAX = 256,     /* events of one call; later ones start rules but are not remembered */
	IDLE_EVENTS_MAX = 5000,     /* a shard: events of calls without a run that are kept for history */
	IDLE_EVENTS_CACHED = 500,   /* the same when the journal has them too */
	IDLE_CALL_MS = 4 * 3600000, /* how long such a call is kept */
	ON_WIRE_MAX = 512,          /* a shard: exchanges under way at once */
	ON_WIRE_AILING_MAX = 128,   /* of these: of services that fail */
	RUN_STEPS_MAX = 1000,       /* so that no run goes on for ever */
	RUN_SLICE_US = 2000,        /* of CPU; then the events of others have their turn */
	RUN_SHORT_SLICE_US = 250,   /* the same, of campaigns whose runs have taken long */
	RUN_WARNINGS_MAX = 100,     /* lines of ours in the log of a run, beside its own */
	RUN_LINE_MAX = 4200,        /* bytes that one takes */
	ANSWER_BODY_MAX = 64 * 1024,
	DEBUG_BODY_MAX = 256 * 1024, /* of a service with debug = true */
};

struct run;
struct replay; /* what the journal knows of an event that is dispatched again; engine/replay.h */
struct replay_delivery;

struct engine {
	struct engine_options options;
	struct log log;
	char *user_agent;
	struct watchdog *watchdog;
	struct state_maker *maker; /* NULL without threads */
	struct shard *shards[SHARDS_MAX];
	unsigned n_shards;

	/* Main thread only. */
	struct ruleset *ruleset;
	struct window seen;
	uint64_t last_seq;
	uint64_t wakes; /* bits of shards to be woken: events were posted to them */

	struct work work;
	struct engine_totals totals; /* each atomic */
	struct feed feed;

	/* Told when nothing is pending; set before the first event. */
	struct mailbox *idle_mailbox;
	void (*idle)(void *context);
	void *idle_context;

	bool stopping; /* atomic */
	sem_t quiet;   /* posted when `stopping` and no work is active */
};

/* An engine without shards, and its end once they are gone. engine_create gives it threads; a simulation or a
 * test gives it a shard that it drives itself. */
struct engine *engine_new(const struct engine_options *options, const struct ruleset *ruleset);
void engine_free(struct engine *engine);

struct shard *engine_shard(struct engine *engine, uint64_t hash);

static inline void engine_count(uint64_t *total)
{
	__atomic_add_fetch(total, 1, __ATOMIC_RELAXED);
}

/* Wakes the shards of these bits, and clears them. */
void engine_wake_shards(struct engine *engine, uint64_t *wakes);

/* A change of what is not settled: +1 and -1 active, WORK_WAITING and its negative. */
void engine_work(struct engine *engine, uint64_t change);

/* --- taking events: engine/intake.c --- */

/* Posts the event to the shard of its call. Takes over the references; `replay` and `ruleset` as for
 * call_take_event. */
void intake_dispatch(struct engine *engine, struct event *event, struct ruleset *ruleset,
		     struct replay *replay);

/* --- threads: engine/shard_thread.c --- */
int shard_threads_make(struct engine *engine, unsigned n, struct error *reterr); /* shards, not running yet */
void shard_threads_start(struct engine *engine);

/* The threads end, the journal is closed, and each shard abandons what is left. */
void shard_threads_stop(struct engine *engine);

/* --- what a shard works on: engine/shard_work.c --- */

/* Pairs that may nest, around what can take long or crash. `event` NULL: nothing that an event is to blame
 * for; `rule` NULL: no rule of it yet. */
void shard_work_begin(struct shard *shard, const struct event *event, const struct rule *rule);
void shard_work_end(struct shard *shard);

/* The watchdog's: ends the process. */
void shard_stalled(void *context, void *watched);

/* --- calls and runs: engine/call.c, engine/run.c, engine/run_pause.c --- */

/* Last in a turn of the loop: one run that has taken long goes on for a slice of time, if there is one.
 * Returns whether it did. */
bool runs_take_slice(struct shard *shard);

/* All events with one uii that the shard knows of. Lives while it has runs, then among the idle ones for a
 * while. */
struct call {
	struct shard *shard;
	struct str subject; /* its own copy: the key of the table */
	const struct event **events;
	size_t n_events, capacity;
	char *packed;     /* the events' texts while it is idle; NULL: they are in `events` */
	struct list runs; /* that are not over */
	struct list in_idle;
	bool loaded; /* nothing of it is missing in `events` but what is over the maximum */
	bool busy;   /* an event of it is being handled: it cannot go idle */
	int64_t idle_since_us;
	UT_hash_handle hh;
};

/* An event arrives at its call's shard. Takes over the references. Of one that was dispatched before,
 * `replay` says how far it came. One without a ruleset only belongs to the history of its call; all of a
 * call's history comes before its replays. */
void call_take_event(struct shard *shard, struct event *event, struct ruleset *ruleset,
		     struct replay *replay);

/* The rules run again for an event that the call has had, which is open until all are over. The references
 * stay the caller's. */
void call_run_again(struct shard *shard, struct event *event, const struct rule *const *rules, size_t n,
		    struct replay *replay);

/* Opened when it is first needed; NULL, and it is logged, when it cannot be. */
struct journal_reader *shard_reader(struct shard *shard);

/* Reads from the journal what the call's history lacks. */
void call_load_history(struct call *call);
void calls_abandon(struct shard *shard);

struct run;

/* Runs the rule for the event, which is the newest of the call. `replay` is NULL the first time. */
void run_start(struct call *call, struct event *event, const struct rule *rule, struct replay *replay);

/* The call has a new event: runs that wait for it go on. */
void runs_offer(struct call *call, const struct event *event);
void runs_abandon(struct call *call);

/* `n` events were put before those that the call had. */
void runs_shift(struct call *call, size_t n);

/* The call's last run may be over: lets it go idle. */
void call_release(struct call *call);

/* The campaign's Lua state on this shard, for the run, engine/campaign_state.c: run->home is it. It may have
 * no script yet; then the run is paused, or fails, once that is made. Fails if it cannot be made. After the
 * run campaign_state_leave. */
int campaign_state_enter(struct run *run, struct error *reterr);
struct script_state *campaign_state_script(const struct campaign_state *state); /* NULL: not yet */
void campaign_state_leave(struct campaign_state *state);
void campaign_states_free(struct shard *shard);

/* Adds up what Lua holds, for the tally; once a second at most. */
void campaign_states_count(struct shard *shard, int64_t now_us);

/* These units are retired: their states go, at once or with their last run. Any thread. */
void campaign_states_retire(struct shard *shard, struct unit *const *units, size_t n);

/* What runs ask while they run. */
extern const struct script_host run_host;

/* --- deliveries: engine/delivery.c, engine/outlet.c --- */

enum verb { VERB_FIRE, VERB_SEND, VERB_CALL };

struct delivery_id {
	char z[40]; /* "msg_" and 32 hex digits */
};

/* Which request of which run this is. The same run makes the same id when it is run again. */
struct delivery_id delivery_id(const struct event *event, const struct rule *rule, int step);

struct delivery {
	struct message message; /* on its way between shards */
	struct shard *home;     /* of the run */
	struct run *caller;     /* that waits for the answer; NULL: nobody does */
	struct unit *unit;      /* that keeps the service and the names alive */
	const struct service *service;
	struct str campaign, rule; /* names */
	struct event *event;
	enum verb verb;
	int step;
	struct delivery_id id;
	struct request *request;
	int64_t created_ms;      /* wall clock: when it was asked for; what expires counts from here */
	int64_t next_ms;         /* wall clock: not before; 0: at once */
	int64_t asked_ms;        /* wall clock: when it was asked for again; 0: never */
	int asked_attempts;      /* those that it had then */
	bool recorded;           /* has a row in the journal */
	struct buf attempts_log; /* JSON array of the attempts, not closed */
	struct arena arena;      /* of texts that no unit holds */

	/* At the service's shard. */
	struct shard *shard;
	struct lane *lane;
	struct outlet *outlet;
	struct tally_row *tally;
	struct list in_lane, in_outlet, in_service;
	bool behind;         /* the first of its lane waits for a time: so does this, and counts so */
	bool ailing;         /* it went out as one of a service that fails */
	uint64_t fault_seen; /* policy/breaker.h */
	struct timer retry, expiry;
	struct exchange exchange;
	struct proof *proof; /* of the attempt that is under way: engine/attempt.c; NULL: it needs none */
	bool preparing;      /* an attempt has begun and nothing was sent yet */
	int attempts;
	int64_t attempt_at_ms;
	char traceparent[TRACEPARENT_SIZE]; /* of this attempt */
	char hops[12];                      /* the same */
	struct answer *answer;              /* the last, when somebody waits for it */
	int64_t answered_ms;                /* when that came */
};

/* What somebody wants sent. */
struct delivery_order {
	struct shard *home;
	const struct rule *rule;
	struct event *event;
	const struct service *service;
	enum verb verb;
	int step;
	struct delivery_id id;
	int64_t asked_ms;                      /* wall clock, and the same when its run is run again */
	struct request *request;               /* taken over */
	struct run *caller;                    /* run_answered follows on its shard; or NULL */
	const struct replay_delivery *earlier; /* what the journal has of it; or NULL */
};

void delivery_start(const struct delivery_order *order);

/* The delivery that this exchange is an attempt of; NULL when it is none. */
const struct delivery *delivery_of(const struct exchange *exchange);
const char *verb_name(enum verb verb);

/* A delivery that the journal has and no run waits for. engine/recovery.c makes it. */
void delivery_resume(struct delivery *delivery);
struct delivery *delivery_new(struct shard *home, const struct service *service, struct event *event,
			      int64_t now_ms);
/* It was settled and is asked for once more: all its attempts, and its time, begin anew. */
void delivery_ask_again(struct delivery *delivery);
void delivery_take_earlier(struct delivery *delivery, const struct replay_delivery *earlier);

/* `at_ms`: when it came, as the journal has it, so that clock.now() is the same when the run is run again. */
void run_answered(struct run *run, const struct answer *answer, int attempts, int64_t at_ms);
extern const struct answer answer_expired; /* what a call that came too late is given */
void deliveries_abandon(struct shard *shard);

/* A shard's outlets and lanes: in what order deliveries go out. engine/outlet.c */
void outlet_enter(struct delivery *delivery); /* a delivery that came to its service's shard */
void outlet_send_ready(struct shard *shard);  /* begins what may begin */
/* Its place on the wire is free; the answer is judged. */
void outlet_attempt_ended(struct delivery *delivery, const struct answer *answer);
void outlets_stop(struct shard *shard);       /* what is blocked waits for the next start */
void outlet_leave(struct delivery *delivery); /* it is settled: what it held up may go */
void outlet_again(struct delivery *delivery); /* its retry is due */
void outlet_rest_behind(
	struct delivery *head); /* it waits for a time: what is behind it in its lane waits on disk */
void outlets_free(struct shard *shard);

/* The journal says so, before the shards run. engine/services.c */
void outlet_restore_paused(struct engine *engine, struct str name);

/* The first of its lane: may go at once, or when its time has come. engine/delivery.c */
void delivery_wait(struct delivery *delivery, int64_t delay_ms);

/* From now on it is settled as expired when its time is up, wherever it waits. */
void delivery_watch_expiry(struct delivery *delivery);

/* True, and it is settled and gone, when it is too late to send it. */
bool delivery_expired(struct delivery *delivery);

/* Begins the attempt. */
void delivery_attempt(struct delivery *delivery);
void delivery_free(struct delivery *delivery);
