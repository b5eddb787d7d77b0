/* core/transport/transport_fake.h
 *
 * A transport that sends nothing: each exchange is answered by a function, after a delay on the thread's
 * timers. For simulations and tests on virtual time.
 */
#pragma once

#include "transport/transport.h"

struct fake_answer {
	struct answer answer; /* its texts must live until the exchange is done */
	int64_t delay_ms;     /* past the exchange's timeout it becomes a timeout */
};

/* Fills in what this exchange is answered; ret_answer comes as an empty 200 at once. */
typedef void (*fake_script)(void *context, const struct exchange *exchange, struct fake_answer *ret_answer);

/* `clock` and `timers` are the thread's own and outlive the transport. */
struct transport *transport_fake_create(struct clock *clock, struct timers *timers, fake_script script,
					void *context);
