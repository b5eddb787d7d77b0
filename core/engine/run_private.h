/* core/engine/run_private.h
 *
 * A run as its own files see it: one event by one rule, from its start to its end. Belongs to the shard of
 * its call.
 */
#pragma once

#include "engine/record.h"
#include "engine/replay.h"

enum { FINGERPRINT_MAX = 160 };

enum run_state {
	RUN_CLAIMING, /* asks whether its `once` is the first */
	RUN_RUNNING,
	RUN_WAITS_FOR_ANSWER,
	RUN_WAITS_FOR_EVENT,
	RUN_SLEEPS,
	RUN_PAUSED,  /* its slice of time is up, or its campaign's state is made: run_pause.c */
	RUN_RECORDS, /* its wait is over, which must be on disk before it goes on */
};

struct run {
	struct list in_call, in_paused;
	struct call *call;
	struct event *event;
	struct unit *unit; /* of its campaign */
	const struct rule *rule;
	struct replay *replay; /* NULL the first time */
	uint32_t generation;   /* of its rules, if an operator has it run again; else 0 */
	int64_t asked_ms;      /* wall clock: from when what it sends counts its time, at least */
	bool again;            /* so that calls that were dead are made again */
	bool rerender;         /* with other rules than the first time: a step that differs is made anew */
	struct campaign_state *home; /* if it needs Lua */
	struct script_run *script;   /* NULL until it has begun */
	struct arena arena;          /* of its log */
	struct runlog log;
	enum run_state state;
	size_t visible; /* events of the call that it knows of */
	int n_steps;
	uint64_t random;
	int64_t now_ms; /* what clock.now() says: changes between steps only, and is the same when it is run
			   again */

	/* Of a wait. */
	struct timer timer;
	struct str waits_for; /* event type; the script's memory, which lasts while it waits */
	bool own_session;
	struct event *awaited; /* what it got; NULL: its time was up */
	char fingerprint[FINGERPRINT_MAX];

	const struct error *error;  /* why it fails, while it ends */
	struct answer *call_answer; /* of a call that is run again; lives while its step is resumed */
};

static inline struct engine *engine_of(const struct call *call)
{
	return call->shard->engine;
}

/* Wall clock: what is sent expires by its age since then. Of a run that an operator asked for (`rerun`, else
 * NULL) that is not when its event came. */
static inline int64_t run_asked_ms(const struct event *event, const struct replay_run *rerun)
{
	return rerun && rerun->asked_ms > event->arrived_ms ? rerun->asked_ms : event->arrived_ms;
}

/* --- run.c --- */

/* Its `once` is settled: it may begin, or end at once. */
void run_begin(struct run *run);
void run_end(struct run *run, enum run_outcome outcome, struct str reason);
void run_failed(struct run *run, const struct error *error);

/* Begins or resumes the script, NULL the first time and after a pause, until it waits or ends. */
void run_go(struct run *run, const struct step_result *result);

void run_begin_waiting(struct run *run, enum run_state state);
void run_end_waiting(struct run *run, int64_t now_ms);

/* --- run_pause.c --- */

/* It goes on after what the shard has to do otherwise, and after the runs that paused before it. */
void run_pause(struct run *run);

/* --- run_steps.c --- */

enum step_outcome { STEP_ANSWERED, STEP_WAITS, STEP_DIVERGED };

/* Does what the script asks; takes over the step's request. ANSWERED: ret_result is the answer already, `*id`
 * the memory that it may point to. DIVERGED: the run did something else when it ran first, and the error
 * shows both. */
enum step_outcome run_step(struct run *run, const struct script_step *step, struct delivery_id *id,
			   struct step_result *ret_result, struct error *reterr);

/* Is this event what the run waits for? */
bool run_awaits(const struct run *run, const struct event *event);

/* The wait is over, with an event or without. */
void run_wait_over(struct run *run, struct event *event);

/* --- run_fire.c --- */

/* The services of a rule without Lua, in order of rank. One that cannot be built does not stop the others;
 * false if any failed: reterr is of the first. */
bool fire_all(struct call *call, struct event *event, const struct rule *rule, struct runlog *log,
	      const struct replay *replay, struct error *reterr);

enum { REASON_MAX = 1024 };

/* "campaign.lua:12: what happened" */
struct str failure_reason(char text[REASON_MAX], const struct error *error);

void log_failure(const struct call *call, const struct event *event, const struct rule *rule,
		 const struct error *error);
void log_lines(const struct call *call, const struct event *event, const struct rule *rule,
	       const struct runlog *log);

/* --- run_once.c --- */

/* Asks whether the run is the first with its key; run_begin or run_end follows, perhaps at once. */
void run_claim(struct run *run);
