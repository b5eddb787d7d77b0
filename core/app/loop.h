/* core/app/loop.h
 *
 * The main thread's loop, as every command that stays needs it: a mailbox for the other threads, and an
 * orderly end at SIGINT and SIGTERM. A second signal ends the process at once.
 */
#pragma once

#include "base/mailbox.h"

#include <uv.h>

struct app_loop {
	uv_loop_t uv;
	struct mailbox mailbox;
	uv_async_t wake;
	uv_signal_t signals[2];
	uv_prepare_t prepare;
	void (*stop)(void *context);         /* the first signal */
	void (*before_sleep)(void *context); /* once a turn; NULL: nothing */
	void *context;
};

void app_loop_init(struct app_loop *loop, void (*stop)(void *context), void *context);

/* From here on a signal ends the process; for a wait that blocks. */
void app_loop_release_signals(struct app_loop *loop);

/* Closes what is its own and runs until everybody's handles are closed. */
void app_loop_finish(struct app_loop *loop);

/* As many sockets as the machine's administrator allows. */
void raise_file_limit(void);
