/* core/policy/breaker.h
 *
 * Whether a service is worth asking at all.
 *
 * Closed: everything goes. When twenty deliveries in a row have met a fault of the endpoint, and none an
 * answer in between, it opens: nothing goes. When its time is up it is half-open: one delivery goes, as a
 * probe. An answer closes it; a fault opens it again, for twice as long, up to a minute. Owned by one shard;
 * not thread-safe. Never reads a clock.
 */
#pragma once

#include "model/request.h"

enum { BREAKER_FAULTS = 20 };

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	enum breaker_state state;
	int faults;       /* deliveries in a row that met one */
	uint64_t streak;  /* counts the answers: tells apart what failed before one and after */
	int64_t until_us; /* OPEN: when a probe may go */
	int64_t open_us;  /* for how long it was opened last */
};

/* What an attempt says about the endpoint. Not its fault: what we refused ourselves, what no name server of
 * ours could tell, and what the proxy did not let through. An answer below 500 is a sign of life whatever it
 * says; 503 with a Retry-After asks for a pause, and gets it. */
enum breaker_sign { SIGN_ALIVE, SIGN_FAULT, SIGN_NOTHING };

enum breaker_sign breaker_sign_of(const struct answer *answer);
const char *breaker_state_name(enum breaker_state state); /* "closed", "open", "half_open" */

/* May a delivery go now? One that goes while it is half-open is the probe: true is said once. */
bool breaker_may_send(struct breaker *breaker, int64_t now_us);

/* The same without sending. */
bool breaker_would_send(const struct breaker *breaker, int64_t now_us);

/* `seen` is the delivery's own, 0 at first: several attempts of one delivery are one fault. Returns true when
 * the breaker has opened, or opened again. */
bool breaker_note(struct breaker *breaker, enum breaker_sign sign, uint64_t *seen, int64_t now_us);
