/* core/identity/wire.h
 *
 * From a delivery's request to what goes out at one attempt: secrets are put in, credentials made, the body
 * signed. What is kept and shown is the request without them. Pure but for reading the secrets; any thread.
 */
#pragma once

#include "identity/secrets.h"
#include "model/auth.h"
#include "model/service.h"
#include "transport/transport.h"

enum { WIRE_EXTRA_MAX = 2 };

/* One attempt's. All of it is wiped by wire_finish. */
struct wire {
	struct request *request;             /* with secrets; NULL: the delivery's own is what goes out */
	struct header extra[WIRE_EXTRA_MAX]; /* the signature's, beside webhook-id */
	size_t n_extra;
	struct client_proof proof;
	bool has_proof;

	char *texts[16]; /* that the above points to */
	size_t n_texts;
	struct buf secrets; /* what must not be seen in the answer: length and bytes of each */
};

struct wire_order {
	const struct request *request;
	const struct service *service;
	struct str id;    /* of the delivery: webhook-id */
	struct str token; /* of OAuth 2, when the service has it */
	int64_t now_ms;
	const struct secrets *secrets; /* NULL: nothing is looked up, and stars go out: a simulation */
};

/* The error names the secret that is missing, or the key that is none. wire_finish only after 0. */
int wire_make(const struct wire_order *order, struct wire *ret, struct error *reterr);
void wire_finish(struct wire *wire); /* one that is all zero is allowed */

/* The service's OAuth 2, or NULL. */
const struct auth *service_oauth2(const struct service *service);

/* A peer that sends back what it was sent must not put a secret into the log: a copy of the answer with stars
 * in their place, free() it; NULL when there is nothing to hide. */
struct answer *wire_hide(const struct wire *wire, const struct answer *answer);

/* Adds the text with its marks replaced by what the secrets hold. `seen` takes the values; NULL is allowed.
 */
int secrets_fill(const struct secrets *secrets, const struct template *text, struct buf *out,
		 struct buf *seen, struct error *reterr);

/* Adds a JWT by this declaration. */
int jwt_of(const struct jwt *jwt, const struct secrets *secrets, int64_t now_ms, struct buf *out,
	   struct buf *seen, struct error *reterr);
