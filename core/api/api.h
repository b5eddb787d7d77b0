/* core/api/api.h
 *
 * The operators' HTTP API: the delivery log, calls, events, rules, and sending again. Its routes are added to
 * a server that somebody else owns.
 *
 * What is read from the journal is read on a thread of the API's own, with a reader of its own, so that a
 * large answer holds up no event. All functions on the main thread.
 */
#pragma once

#include "engine/engine.h"
#include "engine/reload.h"
#include "journal/journal.h"
#include "source/http_server.h"

struct api;

struct api_options {
	uv_loop_t *loop; /* the main thread's; runs on until its handles are closed, after api_close */
	struct http_server *server;
	struct engine *engine;
	struct journal *journal;   /* the engine's; NULL: nothing is kept */
	struct reloader *reloader; /* NULL: the rules do not change */
	struct mailbox *mailbox;   /* the main thread's */
	struct clock *clock;
	const struct log *log;
	const char *durability; /* "full", "relaxed", "none"; said in status */
	const char *version;
	const char *rules_folder;      /* on disk */
	bool edit_rules;               /* its files may be saved over the API */
	const char *web_root;          /* of the console; NULL: what is in the program */
	const char *const *host_names; /* under which the engine may be asked; api/guard.h. Outlive the API */
	size_t n_host_names;
	bool any_host_name; /* operators need a token, which no page of a stranger has: any name will do */
};

struct api *api_create(const struct api_options *options);

/* GET /v1/events/ID; for whoever owns that path, which is also the short form of handing over events. */
void api_show_event(void *api, struct http_request *request);

/* Ends the thread and closes its reader; what was asked is answered by what is in the mailbox afterwards,
 * what is asked from now on is answered 503. Before the engine stops. */
void api_close(struct api *api);

/* After api_close, the engine's end and a last draining of the mailbox. NULL is allowed. */
void api_destroy(struct api *api);
