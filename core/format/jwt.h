/* core/format/jwt.h
 *
 * JSON Web Tokens (RFC 7519) in their compact form (RFC 7515). Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/auth.h"

struct jwt_parts {
	enum jwt_algorithm algorithm;
	struct str key;    /* HS256: its bytes; else a private key in PEM */
	struct str key_id; /* or absent */
	struct str claims; /* a JSON object without iat, exp and jti */
	int64_t now_s, lifetime_s;
	struct str id; /* jti */
};

/* Adds the token. Errors do not show the key. */
int jwt_make(const struct jwt_parts *parts, struct buf *out, struct error *reterr);

/* "RS256" and the like; false when it is none of ours. */
bool jwt_algorithm_of(struct str name, enum jwt_algorithm *ret);
