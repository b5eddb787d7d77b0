/* core/engine/attempt.h
 *
 * One attempt of a delivery, from its secrets and tokens to what goes out. On the thread of the service's
 * shard.
 */
#pragma once

#include "engine/private.h"

/* Sends it; `done` follows, also when nothing could be sent, and never from within this. What the exchange
 * says of answers and time, and its headers but for the signature, are the caller's. */
void attempt_begin(struct delivery *delivery,
		   void (*done)(struct exchange *exchange, const struct answer *answer));

/* After an answer: true when the server did not take the token, and it is sent once more with another one;
 * `done` follows again. */
bool attempt_again_with_new_token(struct delivery *delivery, const struct answer *answer);

/* The answer without what must not be seen of it, free() it; NULL when all of it may be. */
struct answer *attempt_hide(const struct delivery *delivery, const struct answer *answer);

/* The attempt is over, or will never be: nothing secret is left of it. */
void attempt_finish(struct delivery *delivery);
