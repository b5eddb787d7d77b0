/* core/identity/oauth2.h
 *
 * Asking for an access token (RFC 6749; JWT bearer: RFC 7523): the request, and what the answer says. Who
 * asks when, and keeps the token, is engine/tokens.h. Pure but for reading the secrets; any thread.
 */
#pragma once

#include "identity/secrets.h"
#include "model/auth.h"
#include "model/request.h"

/* One allocation, request_wipe() it. `refresh_token` is the one of an earlier answer, which takes the place
 * of the declared one; or absent. */
int oauth2_request(const struct auth *auth, const struct secrets *secrets, struct str refresh_token,
		   int64_t now_ms, struct request **ret, struct error *reterr);

struct oauth2_token {
	char *access;       /* free() */
	char *refresh;      /* a new refresh token; NULL when there was none */
	int64_t expires_ms; /* from now */
};

/* The error says what the server said, without what could be a token. */
int oauth2_answer(const struct answer *answer, struct oauth2_token *ret, struct error *reterr);
void oauth2_token_wipe(struct oauth2_token *token);
