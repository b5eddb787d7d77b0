/* core/model/request.h
 *
 * One request as it goes out, and what came back. Each is one allocation, immutable, and has one owner at a
 * time.
 */
#pragma once

#include "model/template.h"

struct header {
	struct str name,
		value; /* names of requests and answers are lower case; values are terminated by a zero */
};

/* Where a secret goes at each attempt. Until then three stars stand there, so that what is kept and shown of
 * a request holds no secret. */
enum { SECRET_SLOTS_MAX = 64 };

enum slot_part { SLOT_URL, SLOT_HEADER, SLOT_BODY };

#define SLOT_MASK STR("***")

struct secret_slot {
	enum slot_part part;
	uint32_t header;    /* HEADER: its index */
	uint32_t at;        /* of the stars, from the start of the part */
	enum escape escape; /* how the secret is written there */
	struct str name;    /* of the secret; "@0": what the service's first way to prove itself makes */
};

struct request {
	struct str method; /* all texts here are terminated by a zero, not counted */
	struct str url;
	struct header *headers;
	size_t n_headers;
	struct str body;
	struct secret_slot *slots; /* by part, then by place */
	size_t n_slots;
	size_t size; /* of the allocation of a copy; 0 otherwise */
};

/* A copy in one allocation; free() it. */
struct request *request_copy(const struct request *request);

/* Frees a copy that holds secrets, and leaves nothing of it in memory. NULL is allowed. */
void request_wipe(struct request *request);

/* Why an attempt has no good answer. Names: failure_name(). */
enum failure {
	FAILURE_NONE,
	FAILURE_DNS,
	FAILURE_CONNECT, /* refused, unreachable */
	FAILURE_TLS,
	FAILURE_TIMEOUT,
	FAILURE_RESET,    /* the connection broke, or ended before the answer did */
	FAILURE_PROTOCOL, /* what came was not HTTP, or over a limit of headers */
	FAILURE_REFUSED,  /* by us: the URL or its address may not be asked */
	FAILURE_STATUS,   /* an answer whose status is no success */
	FAILURE_EXPIRED,  /* it was too late to send it */
	FAILURE_PROXY,    /* the proxy of the engine: it cannot be reached, or lets nothing through */
	FAILURE_STOPPED,  /* the engine is stopping */
	FAILURE_AUTH,     /* nothing was sent: a secret is missing, or no token was given */
	FAILURE_FAULT,    /* a SOAP fault, whatever its status */
};

const char *failure_name(enum failure failure); /* "dns", "connect", …; FAILURE_NONE: "none" */

struct answer {
	enum failure failure; /* FAILURE_NONE or FAILURE_STATUS when there is an answer */
	int status;           /* 0 when there is none */
	char detail[160];     /* for people: "connection refused by 127.0.0.1:80" */
	struct header *headers;
	size_t n_headers;
	struct str body;
	bool final; /* asking again is of no use */
	bool cut;   /* the body was longer than the limit */
	/* The request went out before, over a connection that was kept and ended without a word. */
	bool sent_twice;
	int64_t took_us;
};

/* A copy in one allocation; free() it. */
struct answer *answer_copy(const struct answer *answer);

/* The header's value, or p == NULL. `name` in lower case. */
struct str answer_header(const struct answer *answer, struct str name);
