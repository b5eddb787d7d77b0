/* core/source/http_private.h
 *
 * The HTTP server as its own files see it. One `struct http_request` lives as long as its connection and
 * serves one request after the other.
 */
#pragma once

#include "base/list.h"
#include "source/http_framing.h"
#include "source/http_server.h"

#include <microhttpd.h>

enum {
	HTTP_ROUTES_MAX = 64,
	HTTP_HEADERS_MAX = 64,               /* of a request */
	HTTP_BODY_KEPT = 16 * 1024,          /* memory that a connection keeps for its next body */
	HTTP_BODY_EXPECTED_MAX = 256 * 1024, /* room made for a body before it comes */
	HTTP_BODIES_AT_ONCE = 64,            /* full-sized bodies that all connections together may hold */
	HTTP_LINGER_MS = 2000,               /* how long a refused sender may go on, so that it sees why */
};

enum http_state {
	HTTP_IDLE,     /* between requests; perhaps a part of a request line */
	HTTP_HEAD,     /* the request line is here */
	HTTP_BODY,     /* the head is here */
	HTTP_HANDLING, /* all is here, the answer is not */
	HTTP_ANSWERED,
	HTTP_REFUSED, /* answered past libmicrohttpd; what still comes is thrown away */
};

struct http_request {
	struct list in_server;
	struct http_server *server;
	struct MHD_Connection *connection;
	int fd;
	enum http_state state;
	bool suspended;
	bool bad_target;
	uint64_t deadline_ms; /* of the state, on the loop's clock; 0: none */

	struct str method, path;
	struct header headers[HTTP_HEADERS_MAX];
	size_t n_headers;
	struct buf body;

	struct MHD_Response *response;
	struct http_stream *stream; /* that is its answer; or NULL */
	int status;
};

struct http_route {
	struct str method, path;
	bool below; /* also serves what begins with `path` */
	http_handler handler;
	void *context;
};

struct http_server {
	struct http_server_options options;
	uv_loop_t *loop;
	struct MHD_Daemon *daemon;
	uint16_t port;
	uv_poll_t poll;
	uv_timer_t tick;
	uv_idle_t again;
	int open_handles;

	struct http_route routes[HTTP_ROUTES_MAX];
	size_t n_routes;
	bool (*guard)(void *context, struct http_request *request); /* or NULL */
	void *guard_context;
	int (*access)(void *context, const struct http_request *request, bool whole,
		      struct http_refusal *refusal); /* or NULL */
	void *access_context;
	bool tls;
	struct list requests; /* one a connection */
	size_t held_bytes;    /* of bodies, all connections together */
	bool quiesced;

	void (*closed)(void *context);
	void *closed_context;
};

/* --- http_server.c --- */

/* Lets the library work at the loop's next turn: no descriptor tells that a connection was resumed. All that
 * were resumed until then go together. */
void http_run_soon(struct http_server *server);

/* --- http_connection.c: what libmicrohttpd calls --- */
void http_on_connection(void *server, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode code);
void *http_on_target(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *server, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *upload, size_t *upload_n,
				void **request);
void http_on_completed(void *server, struct MHD_Connection *connection, void **request,
		       enum MHD_RequestTerminationCode code);

/* Ends what is over its time. */
void http_check_deadlines(struct http_server *server);

/* --- http_routes.c --- */

/* Calls the handler of the route, or answers 404, 405 or 501. */
void http_dispatch(struct http_request *request);

/* True: it may not be asked, and has been answered. */
bool http_is_refused(struct http_request *request, bool whole);

/* --- http_respond.c --- */

/* The answer is ready: it goes out now, or when the connection is resumed. */
void http_answer(struct http_request *request, int status, struct MHD_Response *response);
void http_add_headers(const struct http_server *server, struct MHD_Response *response,
		      const struct header *headers, size_t n);

/* Writes the problem+json of an error. */
void http_problem(struct buf *out, int status, const struct error *error);

/* Answers while libmicrohttpd still expects more of the request and would take no answer; then the sender has
 * HTTP_LINGER_MS to notice. */
void http_refuse(struct http_request *request, int status, const struct error *error);

/* --- http_stream.c --- */

/* Lets a connection go on that waits for more to send: at the server's end. */
void http_stream_release(struct http_request *request);

/* The connection is over, or serves its next request. */
void http_stream_forget(struct http_request *request);
