/* core/app/notify.h
 *
 * What a service manager is told: that the engine is ready, that it stops, and, as often as it wants to hear
 * it, that the main loop still turns. Does nothing where nobody listens. On the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct notify {
	uv_timer_t timer;
	bool open;
};

/* Ready: from now on also the watchdog is kept quiet. */
void notify_ready(struct notify *notify, uv_loop_t *loop, const char *status);
void notify_stopping(void);

/* The loop must be run until the handle is closed. One that is all zero is allowed. */
void notify_close(struct notify *notify);
