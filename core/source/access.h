/* core/source/access.h
 *
 * Who may ask what: tokens from files, signatures of senders, and how often a sender may come. The main
 * thread.
 *
 * Two kinds of askers. Senders hand over events: POST /v1/events and what is below it. Operators ask
 * everything else under /v1/ and /metrics, and may send as well. The console's pages, /healthz and /readyz
 * are open: there is nothing of anybody in them.
 *
 * A file of tokens has one a line, of 16 bytes or more, perhaps with a name and a blank before it; # begins a
 * comment. A file that changes is read again at the next request; one that cannot be read any more leaves its
 * last good content in force.
 */
#pragma once

#include "base/clock.h"
#include "source/http_server.h"

struct access;

struct access_options {
	const char *operator_tokens; /* files; NULL: operators need none */
	const char *sender_tokens;   /* NULL: senders need none, or an operator's */
	const char *sender_keys; /* keys of Standard Webhooks, one a line: a signed event needs no token */
	int64_t sender_rate;     /* requests with events a minute of one sender; 0: no limit */
	struct clock *clock;
	const struct log *log;
};

/* Fails when a file cannot be read, holds nothing, or a line that is no token or no key. */
int access_create(const struct access_options *options, struct access **ret, struct error *reterr);
void access_destroy(struct access *access); /* after the server; NULL is allowed */

/* Before the first request. */
void access_guard(struct access *access, struct http_server *server);
