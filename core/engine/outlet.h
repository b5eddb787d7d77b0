/* core/engine/outlet.h
 *
 * An outlet: a service as seen by its shard. How much of it may be used, how it is, and what waits for it.
 * Only the files of the outlet look inside.
 *
 *   outlet.c        in what order deliveries go out
 *   outlet_rest.c   what waits for a service that is left alone, on disk
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
	size_t n_resting; /* of the ready ones: those that count as waiting, because it is blocked */

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

/* Nothing is sent to it until an operator, its own wish or a probe says otherwise; a rate is no such thing.
 */
bool outlet_is_left_alone(const struct outlet *outlet, int64_t now_us);

/* Its ready deliveries are written down, and what is large of them is forgotten; so is what is behind them.
 * One by itself. outlet_rest.c */
void outlet_rest(struct outlet *outlet);
void outlet_rest_one(struct delivery *delivery);

/* Brings back what was forgotten. False when it cannot be read, or not yet. */
bool outlet_fetch(struct delivery *delivery);

/* An attempt has ended; the answer is judged. outlet_health.c */
void outlet_note(struct outlet *outlet, struct delivery *delivery, const struct answer *answer);

/* Written down as well. services.c */
void outlet_pause(struct outlet *outlet, bool paused);
