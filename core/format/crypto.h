/* core/format/crypto.h
 *
 * The few things of OpenSSL that texts need: codes over bytes, signatures, comparing without telling. The
 * only place that knows OpenSSL. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum { SHA1_BYTES = 20, SHA256_BYTES = 32, ED25519_BYTES = 64, ED25519_SEED_BYTES = 32 };

void sha1(struct str data, unsigned char ret[SHA1_BYTES]); /* where a standard of old asks for it */
void sha256(struct str data, unsigned char ret[SHA256_BYTES]);
void hmac_sha256(struct str key, struct str data, unsigned char ret[SHA256_BYTES]);

/* Takes the same time whatever the bytes are; the lengths are no secret. */
bool same_bytes(struct str a, struct str b);

void random_bytes(void *ret, size_t n);

void base64_add(struct buf *out, struct str bytes);
void base64url_add(struct buf *out, struct str bytes); /* without '=' */

/* Strict: RFC 4648 with its '='; false when it is none. */
bool base64_read(struct buf *out, struct str text);

/* `seed` has ED25519_SEED_BYTES, a public key as well. */
int ed25519_sign(struct str seed, struct str data, unsigned char ret[ED25519_BYTES], struct error *reterr);
bool ed25519_verify(struct str public_key, struct str data, struct str signature);

/* With a private key in PEM, RSA or on the curve P-256; adds the signature as JWS has it (RFC 7518, 3.3
 * and 3.4). */
int rs256_sign(struct str pem, struct str data, struct buf *out, struct error *reterr);
int es256_sign(struct str pem, struct str data, struct buf *out, struct error *reterr);
