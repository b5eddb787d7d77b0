/* core/transport/transport.h
 *
 * Requests on the wire. One transport belongs to one thread and its loop. The engine knows only this
 * interface; curl.h is known to transport_curl.c and its neighbours alone, and a scripted fake stands behind
 * the same functions.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/timers.h"
#include "model/peer.h"
#include "model/request.h"

struct transport;

/* How the transport itself proves who is asking. Texts end with a zero; absent ones have p == NULL. */
struct client_proof {
	struct str digest_user, digest_password; /* HTTP Digest */
	struct str certificate, key;             /* in PEM: a client certificate of TLS */
	struct str key_password;
};

/* One attempt. Belongs to the caller, who keeps it, and the request, until `done` was called. */
struct exchange {
	const struct request *request;
	const struct peer_options
		*peer;          /* of its service; NULL: nothing special. Lives as long as the request */
	struct header extra[8]; /* of this attempt alone, beside the request's own */
	size_t n_extra;
	const struct client_proof *proof; /* NULL: none. Belongs to the caller as the request does */
	int64_t timeout_ms;               /* the whole attempt, resolving included */
	int64_t connect_timeout_ms;       /* 0: the same */
	size_t answer_max; /* bytes of the body that are kept; more is cut off and the connection closed */

	/* Called once, on the transport's thread, never from within transport_send. The answer is valid
	 * during the call; copy what is needed. The exchange may be freed or sent again from here. */
	void (*done)(struct exchange *exchange, const struct answer *answer);

	void *work; /* the transport's own, NULL outside */
};

struct transport {
	const struct transport_ops *ops;
};

struct transport_ops {
	void (*send)(struct transport *transport, struct exchange *exchange);
	void (*cancel)(struct transport *transport, struct exchange *exchange);
	void (*destroy)(struct transport *transport);
};

static inline void transport_send(struct transport *transport, struct exchange *exchange)
{
	transport->ops->send(transport, exchange);
}

/* Ends it now; `done` is not called. */
static inline void transport_cancel(struct transport *transport, struct exchange *exchange)
{
	transport->ops->cancel(transport, exchange);
}

/* Exchanges that are under way must have been cancelled. NULL is allowed. */
static inline void transport_destroy(struct transport *transport)
{
	if (transport)
		transport->ops->destroy(transport);
}
