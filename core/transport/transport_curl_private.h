/* core/transport/transport_curl_private.h
 *
 * What the files of the curl transport share.
 *
 *   transport_curl.c  its life, sending and cancelling, deadlines
 *   curl_work.c       the pooled easy handles
 *   curl_request.c    a request onto an easy handle
 *   curl_answer.c     what comes back
 *   curl_redirect.c   where an answer sends it on to
 *   curl_failure.c    why nothing good came back
 *   curl_sockets.c    curl's sockets and its timer on the loop
 *   direct.c          an exchange over a connection that curl only opens
 *   direct_request.c  what goes over it
 *   direct_answer.c   what comes back over it
 *   kept.c            such connections that are open and carry no exchange
 *   resolve.c         names to addresses
 *   target.c          where a URL points
 *
 * Curl calls back into curl_answer.c, curl_sockets.c and curl_work.c; nothing that is called so may call
 * curl_multi_*.
 */
#pragma once

#include "base/buf.h"
#include "transport/resolve.h"
#include "transport/transport_curl.h"

#include <curl/curl.h>
#include <http_parser.h>
#include <netinet/in.h>

enum {
	ANSWER_HEADERS_MAX = 200,
	ANSWER_HEAD_MAX = 64 * 1024, /* bytes of all header lines, interim answers and trailers included */
	TIMEOUT_DEFAULT_MS = 5 * 60 * 1000,
};

struct curl_socket;

struct curl_transport {
	struct transport transport;
	uv_loop_t *loop;
	struct clock *clock;
	struct timers *timers;
	struct transport_curl_options options; /* with defaults filled in */
	char *ca_file, *proxy, *files_folder;  /* the copies */
	struct target proxy_target;            /* points into `proxy` */

	CURLM *multi;
	struct curl_socket **sockets; /* by descriptor */
	size_t n_sockets;             /* the size of the array */
	struct timer curl_timer;
	struct timer completions; /* due when a completion waits that nobody has read */
	bool driving;             /* whatever curl's timer is to be set to, curl is run at once */

	struct resolver *resolver;
	struct curl_work *idle;
	int n_idle;
	size_t under_way; /* exchanges */
	size_t n_added;   /* those of them that curl has */

	/* kept.c */
	struct list kept[64]; /* by where they lead to */
	struct list resting;  /* the same, the oldest first */
	size_t n_kept;
	struct list open;    /* all, also those that curl is opening */
	struct list waiting; /* direct exchanges for which no connection may be opened yet */
	struct timer kept_timer;
};

enum curl_work_phase {
	WORK_IDLE,
	WORK_RESOLVING,
	WORK_WAITING, /* its host has all the connections that it may have */
	WORK_CURL,    /* curl has it, or opens a connection for it */
	WORK_DIRECT,  /* it goes over a connection of ours */
	WORK_DECIDED, /* it failed before anything was sent, and is told so from the timer */
};

/* One easy handle and all that an exchange needs beside it; kept from one exchange to the next. */
struct curl_work {
	struct curl_transport *transport;
	CURL *easy;
	struct curl_work *next_idle;
	enum curl_work_phase phase;

	struct exchange *exchange;
	struct target target;
	struct resolve_waiter waiter;
	struct timer timer; /* what is next: the limit of connecting, or of everything */
	int64_t started_us, deadline_us;
	bool opened;       /* a socket was opened for it, towards `peer` */
	int opened_fd;     /* the last one; may be closed since */
	char refused[160]; /* why an address was not connected to; empty: none was refused */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;
	enum failure decided;
	char decided_detail[160];

	/* The request. What an option was set to is kept here, so that only what differs is set again. */
	struct curl_slist *lines; /* an array, linked */
	size_t n_lines, lines_capacity;
	char *text; /* of the lines */
	size_t text_capacity;
	bool proven; /* it carries somebody's proof, and serves nobody else */
	bool custom_method, no_body, posts, ipv6_literal, http2, own_ca, own_crl, connect_only;

	/* After a redirect. */
	char *moved_to; /* the URL; NULL: the request's own */
	int n_moves;
	bool only_get; /* its answer is to be fetched, without the body */
	bool foreign;  /* it has left the request's own scheme, host and port */
	char error[CURL_ERROR_SIZE];

	/* The answer. */
	struct buf head; /* the header lines of the last status line */
	size_t head_seen, n_head_lines;
	bool head_complete;
	const char *head_refused; /* why the header lines were too much */
	int n_codings;            /* that curl is to undo */
	struct header *headers;
	struct buf body;
	bool cut;

	/* direct.c: the connection. While it is open the easy handle stays in curl's hands. */
	bool direct;    /* curl only opens a connection for this exchange */
	bool connected; /* it is open */
	bool reused;    /* it has carried another exchange before */
	bool repeated;  /* the request went out before, over a kept connection that ended without an answer */
	int n_uses;     /* of connections, by curl for this request */

	curl_socket_t fd;
	struct {
		char host[TARGET_HOST_MAX + 1];
		uint16_t port;
		bool tls;
	} origin;
	int64_t connected_us, rested_us;
	struct list by_origin, by_rest; /* while it is kept */
	struct list is_open;
	struct list waits; /* while it waits for a connection */

	/* The exchange over it. */
	struct buf out; /* the head, and the body when that is small */
	size_t out_at;
	struct str body_left; /* of a larger one */
	http_parser parser;
	size_t line_n;   /* bytes of the header line that is read */
	bool in_value;   /* the last of it was a value */
	bool ended;      /* the answer is complete, */
	bool excess;     /* more came behind it, */
	bool keep_alive; /* and the server will read another request */
	bool bad_chunks;
	struct inflater *inflater; /* NULL: the body is plain */
};

/* curl_work.c */
struct curl_work *curl_work_take(struct curl_transport *transport);
void curl_work_release(struct curl_work *work);
void curl_work_destroy(struct curl_work *work);

/* curl_request.c: NULL, or why the request may not be sent. */
const char *curl_request_set(struct curl_work *work);

/* curl_answer.c: told for an answer that is compressed otherwise than this transport can undo. */
extern const char curl_answer_not_undone[];
void curl_answer_begin(struct curl_work *work);
size_t curl_answer_on_header(char *p, size_t size, size_t n, void *context);
size_t curl_answer_on_body(char *p, size_t size, size_t n, void *context);
struct answer curl_answer_of(struct curl_work *work, CURLcode code);
long curl_answer_status(const struct curl_work *work); /* 0: none has come */

/* curl_redirect.c: true when the answer sends the exchange on and that is followed; `moved_to` and its
 * neighbours are set then. An answer that may not be followed stays as it is, or is told to be a failure. */
bool curl_redirect_follow(struct curl_work *work, struct answer *answer);

/* curl_work.c: notes in `refused` why the address may not be connected to; true when it may. */
bool curl_work_may_reach(struct curl_work *work, const struct sockaddr *address);

/* curl_failure.c: fill in failure and detail. */
void curl_failure_of(const struct curl_work *work, CURLcode code, struct answer *answer);
void curl_failure_timeout(const struct curl_work *work, bool connecting, struct answer *answer);

/* transport_curl.c: curl has ended this one. */
void curl_transport_ended(struct curl_work *work, CURLcode code);
void curl_transport_opened(struct curl_work *work);

/* transport_curl.c: a connection may be opened for it now. */
void curl_transport_resume(struct curl_work *work);

/* transport_curl.c: the exchange begins once more, over a new connection. */
void curl_transport_reconnect(struct curl_work *work);

/* transport_curl.c: the exchange of `from`, which waits for a connection, goes over that of `to`, which has
 * none. */
void curl_transport_hand_on(struct curl_work *from, struct curl_work *to);

/* direct.c */
void direct_connected(struct curl_work *work);   /* curl has opened the connection */
void direct_begin_again(struct curl_work *work); /* sends over an open connection that was kept */
/* `failed`: the loop has let go of the socket and tells nothing more of it; what came before is still read.
 */
void direct_ready(struct curl_work *work, bool readable, bool writable, bool failed);
bool direct_keeps(const struct curl_work *work); /* it has ended, and its connection can carry another */
void direct_close(struct curl_work *work);       /* the connection; curl lets go of the handle */

/* direct_request.c: fills `out` and `body_left`. */
void direct_write_request(struct curl_work *work);

/* direct_answer.c: takes bytes, 0 for the end of the connection. CURLE_OK: the answer is complete;
 * CURLE_AGAIN: more is to come; else as curl would have said it. */
void direct_parse_begin(struct curl_work *work);
CURLcode direct_parse(struct curl_work *work, const char *p, size_t n);
void direct_inflate_end(struct curl_work *work);

/* kept.c */
void kept_init(struct curl_transport *transport);
void kept_finish(struct curl_transport *transport);
/* A connection is to be opened for the work; false: it has to wait, and is resumed. */
bool kept_open(struct curl_work *work);
void kept_closed(struct curl_work *work); /* or it was not opened after all */
void kept_wake_waiting(struct curl_transport *transport);
/* Takes the work with its open connection: false when it is not to be kept. */
bool kept_add(struct curl_work *work);
/* One that leads there, with its connection; NULL: none. */
struct curl_work *kept_take(struct curl_transport *transport, const struct target *target);
/* Closes one that rests: one that leads there, or else the one that has rested longest. */
void kept_make_room(struct curl_transport *transport, const struct target *target);
void kept_lost(struct curl_work *work); /* it broke while it rested */

/* curl_sockets.c */
void curl_sockets_attach(struct curl_transport *transport);
void curl_sockets_finish(struct curl_transport *transport);
int curl_sockets_on_close(void *context, curl_socket_t fd);
/* From here on what happens on the work's socket is told to `owner`; NULL: to curl. False: it is not on the
 * loop. */
bool curl_sockets_give(struct curl_work *work, struct curl_work *owner);
void curl_sockets_want(struct curl_work *work, bool writing);
/* Completions are read, and waiting exchanges looked at, when the timers run next. */
void curl_sockets_soon(struct curl_transport *transport);
/* Lets curl begin with the handle that was just added. Completions are told later. */
void curl_sockets_kick(struct curl_transport *transport);
