/* core/engine/reload_private.h
 *
 * The reloader as its own files see it.
 */
#pragma once

#include "engine/generation.h"
#include "engine/private.h"
#include "engine/reload.h"
#include "engine/reload_watch.h"

enum {
	RELOADS_MAX = 64, /* that wait; more are refused */
	RULES_BYTES_MAX = 1 << 30,
	RETIRED_MAX = 64, /* rulesets that are waited for until nobody else holds them */
};

/* One reload, from whoever asks to the report and back to the thread, which frees it. */
struct reload_job {
	struct message message;
	struct reloader *reloader;
	enum reload_cause cause;
	uint32_t wanted; /* of a rollback */
	void (*done)(void *context, const struct reload_report *report);
	void *context;

	/* The thread's answer. */
	struct reload_report report;
	bool answered;           /* whoever asked was told; what is left is to free it */
	bool silent;             /* there was nothing to do, and nobody asked */
	bool serve;              /* the ruleset is to serve */
	struct ruleset *ruleset; /* loaded, or NULL */
	struct ruleset *before;  /* what served */
	struct unit **retired;   /* of campaigns that `before` has and `ruleset` does not; its references */
	size_t n_retired;
	struct reload_change *changes;
	char **folders; /* to be watched; mem_strdup */
	size_t n_folders;
};

struct reload_watch;

struct reloader {
	struct reload_options options;
	struct engine *engine;
	struct mailbox *reply_to;
	struct reload_watch *watch; /* NULL: not watched */
	struct reload_figures figures;
	size_t n_jobs;
	bool watch_asked; /* a reload by watching waits already */
	bool started, closed;

	/* The thread's. */
	pthread_t thread;
	struct mailbox mailbox;
	sem_t posted;
	bool ending; /* atomic */
	struct journal_reader *reader;
	struct ruleset *serving; /* what it gave to the engine last */
	uint32_t last_number;    /* without a journal, and the hash of what has it */
	struct source_hash serving_hash;
	struct source_hash folder; /* what was read from the folder last */
	struct ruleset *retired[RETIRED_MAX];
	size_t n_retired;
	char **first_folders;
	size_t n_first_folders;
};

/* --- reload_work.c: the thread --- */

/* Reads and loads the folder over what serves. */
int reload_read(struct reloader *reloader, struct reload_job *job, struct error *reterr);
int reload_open_reader(struct reloader *reloader, struct error *reterr);

/* Gives the ruleset, which nobody else sees yet, its number; in a journal it is on disk then. */
int reload_number(struct reloader *reloader, struct ruleset *ruleset, struct error *reterr);
void reload_set_number(struct ruleset *ruleset, uint32_t number);

/* That the job's ruleset serves from now on, for the history. */
void reload_record(struct reloader *reloader, const struct reload_job *job);
void reload_thread_start(struct reloader *reloader);
void reload_thread_end(struct reloader *reloader);

/* After the thread. */
void reload_finish(struct reloader *reloader);

/* To the thread. */
void reload_post(struct reload_job *job);

/* --- reload_first.c: the first generation, on the caller's thread --- */
int reload_first(struct reloader *reloader, struct error *reterr);

/* --- reload.c --- */
void deliver_reloaded(struct message *message);

/* --- reload_changes.c --- */

/* What is different, into the job. */
void reload_compare(struct reload_job *job, const struct ruleset *before, const struct ruleset *after);

/* What changed, as one JSON object, for the history. */
void reload_summary(const struct reload_job *job, struct buf *out);
void reload_log(const struct reloader *reloader, const struct reload_report *report);

/* Campaigns with errors: what becomes of them. */
void reload_log_kept(const struct log *log, const struct ruleset *ruleset);
