/* core/script/script.h
 *
 * The operators' Lua: loading rules, and running them step by step. Only this folder knows lua.h.
 *
 * Two lives of a script. At load (any thread, off the loops) each script runs once in a state of its own, and
 * what it declares becomes the immutable C structs of a unit. At run time each campaign has one state on
 * each shard, made on first use by running the script again, this time only to get its functions: the n-th
 * declaration of a file is the n-th struct.
 *
 * A run is a coroutine. It never calls into the engine: it yields steps, and the engine resumes it with the
 * result. A state and its runs belong to one thread.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/watchdog.h"
#include "model/request.h"
#include "model/rule.h"
#include "model/runlog.h"

/* --- Loading
 * ------------------------------------------------------------------------------------------------- */

/* The files below `folder` that make a generation: *.lua, *.wsdl and *.xsd, but for *_test.lua and hidden
 * ones; at most 20,000 files of at most 1 MiB. What is returned lives in `arena`. */
struct rules_folder {
	struct source_file *files; /* sorted by path */
	size_t n_files;
	const char **folders; /* that were looked into, `folder` first: paths as `folder` is one */
	size_t n_folders;
};

int script_read_rules(const char *folder, struct arena *arena, struct rules_folder *ret,
		      struct error *reterr);

/* The files alone. */
int script_read_folder(const char *folder, struct arena *arena, struct source_file **ret_files, size_t *ret_n,
		       struct error *reterr);

/* Loads all files as one generation. Never fails as a whole: what is wrong is in ruleset->problems, and a
 * campaign with an error is not loaded while the others are. The files are copied. Loading and running are
 * held to the limits; NULL: the standard ones. One reference is the caller's. */
struct ruleset *script_load(const struct source_file *files, size_t n_files, uint32_t generation,
			    const struct limits *limits);

/* The same, where every file that is as it was in `base`, with all that it requires, is taken over from there
 * and not loaded again. With `keep` a campaign that has errors now goes on as it was in `base`: its last good
 * version. What serves a source in `base` is not broken by something else that wants to serve it too.
 * NULL limits: those of `base`, or the standard ones. */
struct ruleset *script_reload(const struct ruleset *base, const struct source_file *files, size_t n_files,
			      bool keep, uint32_t generation, const struct limits *limits);

/* The files of the generation, from which script_load makes the same one again: those of the folder, and,
 * under
 * ".kept/CAMPAIGN/", those of the last good version of each campaign whose file has errors. Sorted by path;
 * the texts are the ruleset's. In `arena`; NULL when that is full. */
const struct source_file *script_sources(const struct ruleset *ruleset, struct arena *arena, size_t *ret_n);

/* Services that no rule fires and no file names: a warning for each. */
void script_unused_services(const struct ruleset *ruleset,
			    void (*each)(void *context, const struct error *error), void *context);

/* --- Running
 * ------------------------------------------------------------------------------------------------- */

struct script_state;
struct script_run;

/* What a run can ask of its engine while it runs. Called on the state's thread from within script_run_resume;
 * must not call back. `context` is the one given to script_run_create. */
struct script_host {
	/* Events of the call that the run may know: up to and with the newest one it has been given, in order
	 * of arrival. */
	size_t (*history)(void *context, const struct event *const **ret);
	int64_t (*now_ms)(void *context);  /* clock.now(): the same again when the run is run again */
	uint64_t (*random)(void *context); /* seeded by the run */
	void (*log)(void *context, struct str line);
};

/* The campaign's state, with its script loaded for running. The campaign's unit and `watch`, the one of the
 * thread that runs it, must outlive it. */
int script_state_create(const struct campaign *campaign, const struct script_host *host, struct watch *watch,
			struct script_state **ret, struct error *reterr);

/* The same, with what runs counted in `coverage`, which outlives the state; NULL: it is not counted. */
struct coverage;
int script_state_create_covered(const struct campaign *campaign, const struct script_host *host,
				struct watch *watch, struct coverage *coverage, struct script_state **ret,
				struct error *reterr);
/* How long runs may go on at once, so that others have their turn; then they pause. */
struct script_slices {
	int64_t usual_us; /* CPU time, roughly */
	int64_t short_us; /* wall time, exactly, of a state whose runs have paused lately: it is slow */
};

/* The state was made on another thread; from now on it is the calling one's, whose this watch is. Its runs
 * pause; before, they never do. */
void script_state_hand_over(struct script_state *state, struct watch *watch,
			    const struct script_slices *slices);

bool script_state_is_slow(const struct script_state *state);

void script_state_destroy(
	struct script_state *state); /* its runs must have been destroyed; NULL is allowed */
size_t script_state_memory(const struct script_state *state); /* bytes that it holds now */

enum step_kind { STEP_SEND, STEP_CALL, STEP_WAIT_FOR, STEP_SLEEP };

/* What a run wants next. */
struct script_step {
	enum step_kind kind;
	int line; /* of the script */

	/* SEND, CALL */
	const struct service *service;
	struct request *request; /* the taker's to free; NULL if the service is not active: nothing is sent */
	bool fire;               /* this send comes from `fire`, not from `service:send` */

	/* WAIT_FOR */
	struct str type; /* lives until the next resume */
	bool session;    /* only events of the run's own segment (session_id) */
	bool seen;       /* one that has already arrived counts */

	int64_t wait_ms; /* WAIT_FOR: within; SLEEP: how long */
};

/* What the engine answers. */
struct step_result {
	const struct answer *answer; /* CALL: what came back, also if it is a failure */
	int attempts;                /* CALL: how many it took */
	struct event *event;         /* WAIT_FOR: NULL when the time was up */
	struct str delivery;         /* SEND: the delivery's id, which send returns */
};

enum script_ending {
	SCRIPT_DONE,
	SCRIPT_SKIPPED, /* error->what is the reason */
	SCRIPT_FAILED,  /* error says what and where */
	SCRIPT_STEP,    /* it waits for the result of *ret_step */
	SCRIPT_PAUSED,  /* its slice is up: it goes on when it is resumed, without a result */
};

/* A run of the rule (one with needs_lua) for this event. `log` takes warnings about tags; it and `context`
 * belong to the caller and outlive the run. The run takes a reference to the event. */
struct script_run *script_run_create(struct script_state *state, const struct rule *rule, struct event *event,
				     struct runlog *log, void *context);
void script_run_destroy(struct script_run *run); /* in any state of it; NULL is allowed */

/* Runs to the next step or the end. `result` is NULL the first time, the answer to the last step afterwards.
 */
enum script_ending script_run_resume(struct script_run *run, const struct step_result *result,
				     struct script_step *ret_step, struct error *reterr);
