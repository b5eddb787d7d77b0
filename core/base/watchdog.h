/* core/base/watchdog.h
 *
 * One thread that looks after others. It sees two things:
 *
 * - a stretch of work that has used up its CPU time. The thread that works is then interrupted, once, by a
 *   signal to itself (SIGURG), and `over` runs there, in the signal's handler: it may do only what a handler
 *   may. Nothing else costs the thread that works more than two readings of a cached clock a stretch.
 * - a turn of a loop that does not come back. `stalled` is then called on the watchdog's thread.
 *
 * Stretches are bounded in CPU time, so that a machine that is busy with other things ends nobody's work.
 * A turn is bounded in looks of the watchdog, so that a process that was stopped for a while is not stuck.
 */
#pragma once

#include "base/base.h"

struct watchdog;
struct watch;

struct watchdog_options {
	int64_t stall_ms; /* 0: turns are not watched */
	void (*stalled)(void *context, void *watched);
	void *context;
};

/* NULL options: no turns. */
struct watchdog *watchdog_create(const struct watchdog_options *options);

/* After the threads that it watches have ended, or work no more. NULL is allowed. */
void watchdog_destroy(struct watchdog *watchdog);

/* A place for the calling thread; it lives as long as the watchdog. `watched` is what `stalled` is told. */
struct watch *watchdog_watch(struct watchdog *watchdog, void *watched);

/* The calling thread begins a stretch that may use this much CPU time. Stretches do not nest. */
void watch_begin(struct watch *watch, int64_t budget_us, void (*over)(void *context), void *context);

/* In a stretch that has just begun: `over` runs after this much wall time, at once and not when the watchdog
 * looks next. This costs three system calls a stretch. Without effect where the system gives no timer. */
void watch_alarm(struct watch *watch, int64_t after_us);

/* From within `over`, once: the stretch goes on, and may use this much in all. */
void watch_extend(struct watch *watch, int64_t budget_us);

/* And ends it; `over` will not be called any more. Returns the CPU time that it took, in us, rounded up to
 * what it took in wall time when that is under a millisecond. */
int64_t watch_end(struct watch *watch);

/* A turn of the thread's loop, from its waking to its sleep. */
void watch_turn_begin(struct watch *watch);
void watch_turn_end(struct watch *watch);
