/* core/engine/outlet.h
 *
 * An outlet: a service as seen by its shard. How much of it may be used, how it is, and what waits for it.
 * Only the files of the outlet look inside.
 *
 *   outlet.c        in what order deliveries go out
 *   outlet_health.c what the answers say about the service
 *   services.c      operators look, pause and resume
 */
#pragma once

#include "engine/private.h"
#include "policy/breaker.h"
#include "policy/concurrency.h"
#include "policy/failing.h"
#include "policy/limiter.h"
#include "policy/recent.h"

struct outlet {
	uint64_t service; /* hash of its name */
	char *name;
	struct shard *shard;
	struct list ready;      /* deliveries that may go, oldest first */
	struct list in_shard;   /* among the outlets that may send more */
	struct list deliveries; /* all that are not settled, as they came */
	size_t n_deliveries, n_ready, n_on_wire;

	struct service_limits limits; /* that the rules had for the delivery that came last */

	bool paused;       /* by an operator, or because it failed for too long */
	int64_t resume_us; /* it asked to be left alone until then */
	struct timer wake; /* when it may be used again */
	struct limiter limiter;
	struct concurrency concurrency;
	struct breaker breaker;
	struct failing failing;
	struct recent recent;
	uint64_t n_delivered, n_failed; /* attempts */
	UT_hash_handle hh;
};

/* Found or made. */
struct outlet *outlet_of(struct shard *shard, uint64_t service, struct str name);

/* Something has changed: it takes its place among those that may send, or leaves it. */
void outlet_queue(struct outlet *outlet);

/* INT64_MAX: until something happens; 0: it may be used now. Whether there is room on the wire is not asked.
 */
int64_t outlet_blocked_until_us(const struct outlet *outlet, int64_t now_us);

/* Faults, and no sign of life since: it shares a part of the wire with its like. */
static inline bool outlet_is_ailing(const struct outlet *outlet)
{
	return outlet->breaker.faults > 0;
}

/* An attempt has ended; the answer is judged. outlet_health.c */
void outlet_note(struct outlet *outlet, struct delivery *delivery, const struct answer *answer);

/* Written down as well. services.c */
void outlet_pause(struct outlet *outlet, bool paused);
