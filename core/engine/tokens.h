/* core/engine/tokens.h
 *
 * Access tokens of OAuth 2, one for each auth object. The hash of what the object says chooses the shard that
 * asks for its token, once, however many deliveries wait for it on whatever shard; the others keep a copy
 * until it expires. Tokens live in memory alone.
 */
#pragma once

#include "base/list.h"
#include "base/mailbox.h"
#include "model/auth.h"
#include "model/peer.h"

struct shard;

/* Somebody who waits for a token. Belongs to the caller, and must live until `done` was called, or until the
 * shards have ended. */
struct token_wait {
	struct message message;
	struct list link;
	struct shard *home;              /* of the caller; `done` is called on its thread */
	const struct auth *auth;         /* must live as long as this */
	const struct peer_options *peer; /* how the token's server may be reached; the same */
	uint64_t rejected;               /* the serial of a token that a server did not take; 0: none */

	/* The answer. Either may be called from within tokens_ask. */
	void (*done)(struct token_wait *wait);
	char *token;      /* NULL: there is none. token_wait_finish */
	uint64_t serial;  /* of the token */
	char failed[256]; /* why there is none, for people */
	int64_t until_us;
};

void tokens_ask(struct token_wait *wait);
void token_wait_finish(struct token_wait *wait);

/* Cancels what is under way and forgets every token of the shard; nobody is told. */
void tokens_abandon(struct shard *shard);
