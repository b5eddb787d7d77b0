/* core/source/http_server.h
 *
 * An HTTP/1.1 server on a libuv loop (libmicrohttpd behind it): routes, bounded bodies, answers now or later.
 * Used by the ingest of events, by the operators' API and by the sink. All functions on the loop's thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "model/request.h"

#include <uv.h>

struct http_server;
struct http_request;

struct http_server_options {
	const char *address;            /* "127.0.0.1" or "::1"; a name is not resolved */
	uint16_t port;                  /* 0: any */
	size_t body_max;                /* 0: 1 MiB */
	int timeout_s;                  /* between two bytes of a sender, and of an idle connection; 0: 30 */
	int request_timeout_s;          /* from the first byte of a request to its last; 0: 60 */
	int connections_max;            /* 0: 1,000 */
	const char *tls_cert, *tls_key; /* PEM, the texts themselves: HTTPS; NULL: HTTP. Both, or none */
	const struct log *log;
};

/* Handles one complete request. Answers with http_respond, at once or later from the same thread. */
typedef void (*http_handler)(void *context, struct http_request *request);

int http_server_create(uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret,
		       struct error *reterr);
uint16_t http_server_port(const struct http_server *server);

/* Before the first request. `method` "GET", or "*" for any; `path` exact, or ending in "/" + "*" for all
 * below. Of several that fit the exact path wins, then the longest. GET serves HEAD too. The texts must
 * outlive the server. */
void http_server_route(struct http_server *server, const char *method, const char *path, http_handler handler,
		       void *context);

/* Sees each request before its handler does; true: it has answered. Before the first request. */
void http_server_guard(struct http_server *server, bool (*guard)(void *context, struct http_request *request),
		       void *context);

/* Why a request is not let in. */
struct http_refusal {
	int status;
	int retry_after_s; /* 0: does not say */
	struct error error;
};

/* Asked twice of each request: with its head alone, before a byte of its body is kept, and when it is whole.
 * Not 0: it is refused, and handled by nobody. Before the first request. */
void http_server_access(struct http_server *server,
			int (*access)(void *context, const struct http_request *request, bool whole,
				      struct http_refusal *refusal),
			void *context);

/* No new connections; requests whose answer is pending may still be answered. */
void http_server_quiesce(struct http_server *server);

/* Closes everything; the loop must be run until its handles are closed, then `closed` is called (may be
 * NULL). Requests without an answer are dropped: they must not be answered any more. */
void http_server_destroy(struct http_server *server, void (*closed)(void *context), void *context);

/* What came. Valid until the answer was given. */
struct str http_request_method(const struct http_request *request);
struct str http_request_path(const struct http_request *request); /* percent-decoded, without the query */
struct str http_request_header(const struct http_request *request, const char *name); /* p == NULL: absent */
void http_request_each_header(const struct http_request *request,
			      void (*each)(void *context, struct str name, struct str value), void *context);
void http_request_each_query(const struct http_request *request,
			     void (*each)(void *context, struct str name, struct str value),
			     void *context); /* decoded, in order */
struct str http_request_body(const struct http_request *request);
void http_request_peer(const struct http_request *request, char *ret, size_t size); /* its IP address */

/* Answers; everything is copied. `headers` may be NULL. A request whose peer is gone is answered into the
 * void. */
void http_respond(struct http_request *request, int status, const struct header *headers, size_t n_headers,
		  struct str body);

/* An answer that goes on: status 200, then what is sent, until one side ends it. `max` bounds what waits for
 * a slow reader. `closed` is called once when it is over, whoever ended it; the stream is gone then. */
struct http_stream;
struct http_stream *http_respond_stream(struct http_request *request, const struct header *headers,
					size_t n_headers, size_t max, void (*closed)(void *context),
					void *context);

/* False, and the stream ends, when the reader is so slow that the bytes found no room. */
bool http_stream_send(struct http_stream *stream, struct str bytes);

/* What was sent still goes out. */
void http_stream_end(struct http_stream *stream);

/* application/problem+json (RFC 9457): type about:blank, title from the status, detail from error->what, and,
 * where known, line, column and hint as members. `retry_after_s` > 0 adds the header. 401 asks for a token.
 */
void http_respond_problem(struct http_request *request, int status, const struct error *error,
			  int retry_after_s);
