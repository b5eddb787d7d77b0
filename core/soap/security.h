/* core/soap/security.h
 *
 * WS-Security headers (OASIS 1.0): UsernameToken with the password as text or as digest, and a Timestamp. Any
 * thread. The caller passes time and chance in.
 */
#pragma once

#include "base/buf.h"

struct soap_security {
	struct str username; /* p == NULL: no UsernameToken */
	struct str password;
	bool digest;         /* the password travels as a digest over nonce and time */
	int64_t timestamp_s; /* how long the message is good for; 0: no Timestamp */
	int64_t now_us;      /* since 1970, UTC */
	unsigned char nonce[16];
	bool must_understand;
};

/* Adds the Security header to `out`; `prefix` is the envelope's. */
void soap_security_write(struct buf *out, const struct soap_security *security, struct str prefix);
