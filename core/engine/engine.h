/* core/engine/engine.h
 *
 * Shards, runs and deliveries: from an accepted event to its last attempt.
 *
 * The engine owns its shard threads. Whoever feeds it (source/) and watches it (api/, app/) talks to it
 * through these functions, from the main thread unless a function says otherwise.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "model/rule.h"
#include "policy/egress.h"

struct blackbox;
struct coverage;
struct engine;
struct engine_observer;
struct journal;
struct journal_delivery;
struct journal_run;

struct engine_options {
	int shards;         /* 0: one a core */
	size_t pending_max; /* events, runs and deliveries that are not settled; past it events are refused;
			       0: 100,000 */
	size_t waiting_max; /* runs and deliveries that wait for a time or an event; past it events are
			       refused; 0: 250,000 */
	const char *user_agent;   /* of requests; NULL: "switchhook/VERSION" */
	const char *ca_file;      /* NULL: the system's */
	const char *rules_folder; /* of the files that services name; NULL: the working folder */
	const char *proxy;        /* everything is sent by it; NULL: none */
	struct egress egress;     /* what may be reached beside the public internet; its networks live as long
				     as the engine */
	const struct log *log;
	struct blackbox *blackbox; /* engine/blackbox.h; outlives the engine. NULL: there is none */
	int64_t stall_ms; /* a shard that does not come back for so long ends the process; 0: never */
	uint64_t seed;    /* of jitter */
	const struct secrets *secrets; /* NULL: none is looked up, and stars are sent; outlives the engine */

	/* Where everything is kept; the engine takes it over, and closes it. NULL: nothing is kept
	 * (--durability none). */
	struct journal *journal;
	struct mailbox
		*mailbox; /* the main thread's: the journal's answers come back by it. With a journal only */

	bool wakes_later; /* engine_wake() is called before the main thread's loop sleeps */

	const struct engine_observer *observer; /* is told what happens; NULL: nobody is */

	/* Of an engine that plays what was recorded. */
	int64_t waits_end_ms;      /* wall clock: no wait ends by time after it. 0: waits have no such end */
	struct coverage *coverage; /* what its rules run is counted there; NULL: it is not */
	bool keep_history;         /* calls without a run are kept for ever: no journal has them */
};

/* The number under which the journal knows these rules: the same content has the same number after a restart.
 * Blocks until it is written; `ending`, which may be NULL, is looked at while it waits, and ends that with an
 * error. Texts that are those of `stored`, which may be NULL, are in the journal already. Any thread. */
int engine_generation(struct journal *journal, const struct source_file *files, size_t n_files,
		      const struct ruleset *stored, const bool *ending, uint32_t *ret, struct error *reterr);

/* Goes on with what the journal holds unfinished, and starts the shards. The ruleset is the one that serves
 * new events; the engine takes its own reference. */
int engine_create(const struct engine_options *options, const struct ruleset *ruleset, struct engine **ret,
		  struct error *reterr);

/* Is so much pending that an event would be refused? Main thread. */
bool engine_full(const struct engine *engine);

/* The answer to engine_accept, delivered in the mailbox that was given. */
struct acceptance {
	struct message message;
	struct mailbox *reply_to;
	void *context;         /* the caller's */
	struct event **events; /* as given; references still the caller's */
	bool *duplicates;      /* one a event, in the order given: seen before by (source, id) */
	size_t n, n_duplicates;
	struct ruleset *ruleset; /* the engine's: the rules that were serving when it came */
	bool refused;            /* nothing was accepted: too much is pending, or the journal cannot write */
	struct error error;      /* of `refused` */
	int retry_after_s;
};

/* Takes a batch: all of it or nothing. `acceptance` is the caller's memory, with reply_to, context, events,
 * duplicates (n long) and n filled in and message.deliver set. True: it is answered already, and is the
 * caller's again. False: it must live until it was delivered. */
bool engine_accept(struct engine *engine, struct acceptance *acceptance);

/* Wakes the shards that got events since, where `wakes_later` was set. Main thread. */
void engine_wake(struct engine *engine);

/* Events, runs and deliveries that are not settled yet. Any thread. */
size_t engine_pending(const struct engine *engine);

struct engine_totals {
	uint64_t events, duplicates, runs, runs_failed, delivered, dead, expired, attempts;
};

/* Any thread; each figure is right by itself. */
void engine_totals(const struct engine *engine, struct engine_totals *ret);

/* Adds what the shards have counted by campaign and service to `to`, which is the caller's and all zero; its
 * end is tally_finish. Any thread, while the engine lives. */
struct tally;
void engine_tally(const struct engine *engine, struct tally *to);

/* How many shards there are. Any thread. */
unsigned engine_shards(const struct engine *engine);

/* Who watches deliveries (engine/feed.h): called on the main thread for each that finds room. NULL: nobody.
 * engine_watch_room is feed_make_room. */
void engine_watch(struct engine *engine, void (*take)(void *context, const struct journal_delivery *row),
		  void *context);
uint64_t engine_watch_room(struct engine *engine, int64_t n);

/* The serving generation; a reference for the caller. */
struct ruleset *engine_ruleset(struct engine *engine);

/* Other rules serve from the next event on, on all shards; what came before goes on with those that it came
 * to. The engine takes its own reference. `retired` are the units of the campaigns that the new rules do not
 * have. Returns the rules that served, whose reference is the caller's now: what is freed with it can be
 * much, and belongs off the loops. */
struct ruleset *engine_serve(struct engine *engine, const struct ruleset *ruleset,
			     struct unit *const *retired, size_t n_retired);

/* Called on the main thread, by mailbox, each time nothing is pending any more. For --drain. */
void engine_on_idle(struct engine *engine, struct mailbox *reply_to, void (*idle)(void *context),
		    void *context);

/* Called once in the mailbox `reply_to`, the main thread's, when what was asked for is on disk and so goes on
 * after a crash. */
struct begun {
	void (*call)(void *context);
	struct mailbox *reply_to;
	void *context;
};

/* What an operator asks for: a delivery that is settled is sent again. */
struct redelivery {
	const struct journal_delivery *row; /* as the journal has it, with its request */
	struct event *event;                /* that it is for, read from the journal */
	bool event_done;                    /* so says the journal */
	bool rerender; /* the request is built anew with today's rules; else the same bytes */
	struct begun begun;
};

/* Sends the delivery again: now, under the same key, with all the attempts that its service allows. They go
 * on being counted. Everything is copied. Refused, and `begun` is not called, when the delivery is pending,
 * when it is a call whose run is not over, when its request cannot be read or built, and while the journal
 * fails or too much is pending. Whoever calls must not ask for the same delivery again before `begun`. */
int engine_redeliver(struct engine *engine, const struct redelivery *redelivery, struct error *reterr);

/* What an operator asks for: a run that failed is run again from its top. Steps that are on record are not
 * made again, but for calls that were dead. */
struct rerun {
	const struct journal_run *row; /* as the journal has it */
	struct event *event;           /* that it is of, read from the journal */
	bool event_done;
	const struct ruleset *ruleset; /* that it ran with; NULL: the journal does not have it */
	bool rerender;                 /* with today's rules; a step that differs is made anew */
	struct begun begun;
};

/* Refused as a redelivery is, and when the run did not fail, its event is not settled, or the rule is gone.
 */
int engine_rerun(struct engine *engine, const struct rerun *rerun, struct error *reterr);

/* What an operator asks for: rules that never ran for this event, or whose services got nothing
 * (engine/missing.h), run for it now. Their deliveries expire as if the event had come now; a `once` holds.
 */
struct missing_runs {
	struct event *event; /* read from the journal */
	bool event_done;
	const struct ruleset *ruleset;
	const struct rule *const *rules; /* of the ruleset: all of this event, which is open from then on */
	size_t n;                        /* at least one */
	struct begun begun;
};

/* Refused as a rerun is, for all of the rules. Everything is copied or held. */
int engine_run_missing(struct engine *engine, const struct missing_runs *missing, struct error *reterr);

/* Stops: nothing new is begun, what is on the wire may finish for at most `grace_ms`; then frees everything.
 * Blocks. */
void engine_stop(struct engine *engine, int64_t grace_ms);
