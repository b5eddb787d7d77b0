/* core/app/client.h
 *
 * Asking a running engine, through its HTTP API, for the commands that do. One question at a time, each waits
 * for its answer; what goes wrong is said on stderr.
 */
#pragma once

#include "app/app.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/timers.h"
#include "model/request.h"
#include "model/value.h"
#include "transport/transport.h"

#include <uv.h>

#define CLIENT_SERVER "http://127.0.0.1:8484"

/* What every command that asks an engine can be told; the environment otherwise. */
struct client_options {
	char *token_file; /* $SWITCHHOOK_TOKEN_FILE; $SWITCHHOOK_TOKEN is the token itself */
	char *ca_file;    /* $SWITCHHOOK_CA_FILE: certificates that may sign the engine's */
};
extern struct client_options client_options;

#define OPTION_SERVER(place)                                                                             \
	{"server", 0, POPT_ARG_STRING, (place), 0, "the engine's address (default: " CLIENT_SERVER ")",  \
	 "URL"},                                                                                         \
		{"token-file",                                                                           \
		 0,                                                                                      \
		 POPT_ARG_STRING,                                                                        \
		 &client_options.token_file,                                                             \
		 0,                                                                                      \
		 "file with the token for it (default: $SWITCHHOOK_TOKEN_FILE)",                         \
		 "FILE"},                                                                                \
	{                                                                                                \
		"ca-file", 0, POPT_ARG_STRING, &client_options.ca_file, 0,                               \
			"certificates in PEM that may sign the engine's (default: the system's)", "FILE" \
	}

struct client {
	const char *server; /* the caller's */
	const char *about;  /* the caller's: which of several the question is about; NULL: there is one */
	uv_loop_t loop;
	uv_prepare_t prepare;
	uv_timer_t tick;
	struct timers timers;
	struct transport *transport;
	char *authorization; /* NULL: no token */
};

/* An answer: its JSON is read when it is of that type. */
struct reply {
	struct answer *answer;
	struct arena arena;
	struct value json; /* null when it is none */
};

/* 0, or the exit code. client_finish only after 0. */
int client_init(struct client *client, const char *server);
void client_finish(struct client *client);

/* Asks. `body` is JSON, or absent. 0, or the exit code, when the engine cannot be reached or answers with a
 * problem; the problem was said then, behind client->about if that is set. reply_finish only after 0. */
int client_ask(struct client *client, const char *method, const char *path, struct str body,
	       struct reply *ret);

/* The same, but an answer of 404 is silent: ret_found is false then, and there is no reply. */
int client_look(struct client *client, const char *path, bool *ret_found, struct reply *ret);
void reply_finish(struct reply *reply);

/* What stands at the path of another server than an engine: any answer, the caller's to free. No token is
 * shown. */
struct answer *client_fetch(struct client *client, const char *path);

/* Adds "?name=value" or "&name=value"; nothing when `value` is NULL. */
void path_query(struct buf *path, const char *name, const char *value);

/* Adds the text as one segment of a path. */
void path_add(struct buf *path, const char *text);

/* Asks once, and lets `show` print the reply, whose exit code this returns; its own after a failure that it
 * has told. */
int client_show(const char *server, const char *method, const char *path,
		int (*show)(const struct value *reply, bool json), bool json);

/* --- reading replies --- */

struct str json_text(const struct value *object, const char *key); /* "" when it is none */
int64_t json_number(const struct value *object, const char *key);  /* 0 when it is none */
bool json_true(const struct value *object, const char *key);
const struct value *json_array(const struct value *object,
			       const char *key); /* an empty one when it is none */

/* One value, as one line of JSON. */
void print_json_line(const struct value *value);

/* "2025-10-14 18:34:39" of an RFC 3339 time. */
struct str short_time(struct str time, char text[32]);
