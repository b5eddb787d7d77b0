/* core/engine/reload.h
 *
 * Rules that change while events flow. The folder is read, loaded and checked on a thread of its own, beside
 * the loops; what is whole then serves from the next event on. A campaign that has errors goes on as it was,
 * and the others change. Which generation served when is in the journal.
 *
 * All functions on the main thread, unless one says otherwise.
 */
#pragma once

#include "engine/engine.h"

#include <uv.h>

struct reloader;

enum reload_cause {
	RELOAD_START,
	RELOAD_ASKED,    /* by the API */
	RELOAD_SIGNAL,   /* SIGHUP */
	RELOAD_WATCH,    /* the folder changed */
	RELOAD_ROLLBACK, /* to a generation of the journal */
};

/* "start", "reload", "signal", "watch", "rollback" */
const char *reload_cause_name(enum reload_cause cause);

struct reload_options {
	const char *folder;

	/* What else the rules of the folder must pass before they serve, on the reloader's thread; NULL:
	 * nothing. Not asked for the first generation, nor for a rollback. */
	int (*check)(void *context, const struct ruleset *ruleset, struct error *reterr);
	void *check_context;

	const struct limits *limits; /* of all campaigns; NULL: the standard ones */
	struct journal *journal;     /* NULL: nothing is kept */
	struct clock *clock;
	const struct log *log;
};

/* Reads the folder and loads it: the first generation. When the journal says that the rules were rolled back
 * and the folder is as it was then, they still are. Campaigns with errors go on as they were when the journal
 * was written last. Blocks. Fails when the folder cannot be read. */
int reloader_create(const struct reload_options *options, struct reloader **ret, struct error *reterr);

/* The first generation; the reloader's reference. */
const struct ruleset *reloader_first(const struct reloader *reloader);

/* From here on it reloads when it is asked and, with `watch`, when the folder changes. The loop is the main
 * thread's, and the mailbox too. */
void reloader_start(struct reloader *reloader, struct engine *engine, uv_loop_t *loop,
		    struct mailbox *mailbox, bool watch);

enum reload_change_kind { CAMPAIGN_ADDED, CAMPAIGN_CHANGED, CAMPAIGN_REMOVED };

struct reload_change {
	enum reload_change_kind kind;
	struct str campaign;
};

/* What came of it. */
struct reload_report {
	enum reload_cause cause;
	bool refused;       /* nothing changed: `error` says why */
	struct error error; /* ends with which generation keeps running */
	uint32_t before, generation;
	const struct ruleset *ruleset;       /* what was loaded, with its problems; NULL when refused */
	const struct reload_change *changes; /* by name of the campaign */
	size_t n_changes;
	int64_t took_ms;
};

/* Asks for it; `generation` is for RELOAD_ROLLBACK. `done`, which may be NULL, is told once, and the report
 * lives for the call. What is asked while another one is worked on is done after it. Refused, and `done` is
 * not called, when too much is asked for. */
int reloader_ask(struct reloader *reloader, enum reload_cause cause, uint32_t generation,
		 void (*done)(void *context, const struct reload_report *report), void *context,
		 struct error *reterr);

/* For status and metrics. */
struct reload_figures {
	uint64_t reloads; /* that changed what serves, since the start */
	uint64_t refused;
	int64_t changed_ms; /* wall clock: when what serves began to */
	enum reload_cause cause;
	bool watching;
};

void reloader_figures(const struct reloader *reloader, struct reload_figures *ret);

/* Ends the thread and the watching. What was asked is told that the engine is stopping, at once or by what is
 * in the mailbox. Before the engine stops; the loop must be run once more before it is closed. */
void reloader_close(struct reloader *reloader);

/* After reloader_close and the end of the engine. NULL is allowed. */
void reloader_destroy(struct reloader *reloader);
