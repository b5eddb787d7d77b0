/* core/policy/limiter.h
 *
 * How often a service may be called.
 *
 * One timestamp a service: the moment at which the next call would be exactly on schedule. Calls may run
 * ahead of it by the burst and no further. Owned by one shard; not thread-safe. Never reads a clock.
 */
#pragma once

#include "base/base.h"

struct limiter {
	int64_t interval_us; /* between two calls at the sustained rate; 0 = unlimited */
	int64_t slack_us;    /* how far ahead of schedule a burst may run */
	int64_t next_us;     /* when the next call is exactly on schedule */
};

/* `calls` in `period_us`, of which `burst` may go at once; 0 calls: unlimited. Keeps what was taken before.
 */
void limiter_set(struct limiter *limiter, int64_t calls, int64_t period_us, int64_t burst);

/* Take one call. Returns 0 if it may go now, else the microseconds to wait; nothing is taken in that case. */
int64_t limiter_take(struct limiter *limiter, int64_t now_us);

/* The same without taking it. */
int64_t limiter_wait(const struct limiter *limiter, int64_t now_us);
