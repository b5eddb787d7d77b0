/* core/transport/resolve.h
 *
 * Names to addresses, without holding up the loop. At most 16 lookups are under way and the others wait for
 * their turn; at most 1,000 hosts are remembered, good answers for 60 seconds and bad ones for 5. Names that
 * end in .invalid fail at once, no name server is asked. Belongs to one thread and its loop.
 *
 * What is remembered here is mirrored in the DNS cache of whoever connects ("pinned"), and this side says
 * what the other has to forget, so that the bound here is the bound there.
 */
#pragma once

#include "base/clock.h"
#include "base/list.h"
#include "transport/target.h"

#include <uv.h>

struct resolver;

struct resolved {
	const char *failed; /* NULL, or why there is no address, for people */
	const char *pin;    /* "host:port:address,address", in the form of CURLOPT_RESOLVE */
	bool pinned;        /* the other side holds exactly this pin; set by resolver_pinned() */
};

/* Somebody who waits for a lookup. Belongs to the caller. */
struct resolve_waiter {
	struct list link;
	/* Called once, never from within resolver_ask; `resolved` is valid during the call. */
	void (*done)(struct resolve_waiter *waiter, struct resolved *resolved);
};

struct resolver *resolver_create(uv_loop_t *loop, struct clock *clock);

/* Nobody may be waiting. The loop must be run until the lookups under way have ended. NULL is allowed. */
void resolver_destroy(struct resolver *resolver);

/* What is known of a name or an IPv4 address; or NULL, and the waiter is told later. The answer is valid
 * until the next call. */
struct resolved *resolver_ask(struct resolver *resolver, const struct target *target,
			      struct resolve_waiter *waiter);

/* The waiter is not told. */
void resolver_cancel(struct resolver *resolver, struct resolve_waiter *waiter);

/* The other side holds this pin now. */
void resolver_pinned(struct resolved *resolved);

/* A "host:port" that the other side holds and should forget, free() it; NULL when there is none. */
char *resolver_next_forgotten(struct resolver *resolver);
