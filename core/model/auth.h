/* core/model/auth.h
 *
 * How a service proves who is asking, and how it signs. Immutable once loaded, shared by threads; lives in
 * the arena of its ruleset. Texts may hold marks of secrets (format/secret_mark.h) and no tags: one object
 * serves the events of many services.
 */
#pragma once

#include "model/template.h"

enum { AUTHS_MAX = 4, SIGNING_KEYS_MAX = 4 };

enum auth_kind {
	AUTH_BASIC,
	AUTH_BEARER,
	AUTH_API_KEY,
	AUTH_OAUTH2,
	AUTH_JWT,
	AUTH_DIGEST,
	AUTH_CERTIFICATE
};

enum jwt_algorithm { JWT_HS256, JWT_RS256, JWT_ES256 };

/* A JSON Web Token that is made anew each time. */
struct jwt {
	enum jwt_algorithm algorithm;
	struct template key;    /* HS256: the bytes; else a private key in PEM */
	struct str key_id;      /* or absent */
	struct template claims; /* a JSON object; iat, exp and jti are added */
	int64_t lifetime_ms;
};

enum oauth2_grant { GRANT_CLIENT, GRANT_PASSWORD, GRANT_REFRESH, GRANT_JWT };

struct oauth2_field {
	struct str name;
	struct template value;
};

struct oauth2 {
	enum oauth2_grant grant;
	struct template token_url;
	struct template client_id, client_secret; /* without parts: not given */
	bool client_in_body;                      /* else Basic */
	struct template user, password;           /* PASSWORD */
	struct template refresh_token;            /* REFRESH */
	struct jwt assertion;                     /* JWT */
	const struct oauth2_field *fields;        /* scope, audience and what else is asked for */
	size_t n_fields;
	int64_t timeout_ms;
};

struct auth {
	enum auth_kind kind;
	struct str id; /* what it says, as one text: equal texts are the same to whoever keeps tokens */

	/* Where the credential goes: a header, or a parameter of the query. Not for DIGEST and CERTIFICATE,
	 * which the transport works with. */
	bool in_query;
	struct str name;   /* lower case for a header */
	struct str prefix; /* before it, as "Bearer " */

	struct template user, password;                 /* BASIC, DIGEST */
	struct template value;                          /* BEARER, API_KEY */
	struct template certificate, key, key_password; /* CERTIFICATE: in PEM */
	struct jwt jwt;
	struct oauth2 oauth2;
};

enum { AUTH_TEXTS = 16 };

/* All its texts, in which secrets may stand, but those of the fields of an OAuth 2 request. */
static inline void auth_texts(struct auth *auth, struct template *ret[AUTH_TEXTS])
{
	struct template *const texts[AUTH_TEXTS] = {&auth->user,
						    &auth->password,
						    &auth->value,
						    &auth->certificate,
						    &auth->key,
						    &auth->key_password,
						    &auth->jwt.key,
						    &auth->jwt.claims,
						    &auth->oauth2.token_url,
						    &auth->oauth2.client_id,
						    &auth->oauth2.client_secret,
						    &auth->oauth2.user,
						    &auth->oauth2.password,
						    &auth->oauth2.refresh_token,
						    &auth->oauth2.assertion.key,
						    &auth->oauth2.assertion.claims};
	memcpy(ret, texts, sizeof texts);
}

/* Standard Webhooks 1.0: keys as whsec_… or whsk_…; a signature for each. */
struct signing {
	struct template keys[SIGNING_KEYS_MAX];
	size_t n_keys;
};
