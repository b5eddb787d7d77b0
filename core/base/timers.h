/* core/base/timers.h
 *
 * Timers of one thread: a binary heap over moments of the monotonic clock. Whoever owns the loop asks for the
 * next moment and calls timers_run; nothing here reads a clock. Not thread-safe.
 */
#pragma once

#include "base/base.h"

struct timer {
	int64_t due_us; /* monotonic */
	uint64_t order; /* equal moments fire in the order in which they were set */
	size_t place;   /* in the heap, from 1; 0: not set */
	void (*fire)(struct timer *timer);
};

struct timers {
	struct timer **heap;
	size_t n, capacity;
	uint64_t order;
};

void timers_init(struct timers *timers);

/* Timers that are still set are forgotten, not fired. */
void timers_finish(struct timers *timers);

/* Sets the timer, or moves it. It belongs to the caller and must live until it fired or was cancelled. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_us);

/* Does nothing when it is not set. */
void timers_cancel(struct timers *timers, struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->place != 0;
}

/* The next moment, or INT64_MAX when no timer is set. */
int64_t timers_next_us(const struct timers *timers);

/* Fires what is due at `now_us`, oldest first. A timer set by a callback for a moment that is already due
 * fires too. */
void timers_run(struct timers *timers, int64_t now_us);
