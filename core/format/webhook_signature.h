/* core/format/webhook_signature.h
 *
 * Signatures of Standard Webhooks 1.0: over "id.timestamp.body", with HMAC-SHA256 (v1, keys whsec_…) or
 * Ed25519 (v1a, private keys whsk_…, public keys whpk_…). Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum { WEBHOOK_TOLERANCE_S = 300 };

struct webhook_message {
	struct str id;
	int64_t timestamp_s;
	struct str body;
};

/* Adds "v1,…" or "v1a,…". A key without a prefix is one of HMAC. Errors do not show the key. */
int webhook_sign(struct str key, const struct webhook_message *message, struct buf *out,
		 struct error *reterr);

/* Is one of the blank-separated signatures by this key? A whsk_ key verifies nothing. */
bool webhook_verify(struct str key, const struct webhook_message *message, struct str signatures);

/* Can the key be used at all, to sign or to verify? */
int webhook_key_check(struct str key, struct error *reterr);
