/* core/base/clock.h
 *
 * Where time comes from. Passed in everywhere, so that the same code runs on real and on virtual time.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*wall_ms)(struct clock *clock); /* since 1970-01-01 UTC; can jump */
	int64_t (*mono_us)(
		struct clock *clock); /* since some start; never goes back. Cached for one turn of a loop */
};

static inline int64_t clock_wall_ms(struct clock *clock)
{
	return clock->wall_ms(clock);
}

/* CPU time of the calling thread. */
int64_t clock_thread_cpu_us(void);

static inline int64_t clock_mono_us(struct clock *clock)
{
	return clock->mono_us(clock);
}

/* The machine's clocks, read at each call. Has no state; any thread. */
struct clock *clock_system(void);
