#include "format/crypto.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

enum { P256_BYTES = 32 };

static const unsigned char *bytes_of(struct str s)
{
	return (const unsigned char *)(s.p ? s.p : "");
}

void sha1(struct str data, unsigned char ret[SHA1_BYTES])
{
	ensure(EVP_Digest(bytes_of(data), data.n, ret, NULL, EVP_sha1(), NULL) == 1);
}

void sha256(struct str data, unsigned char ret[SHA256_BYTES])
{
	ensure(EVP_Digest(bytes_of(data), data.n, ret, NULL, EVP_sha256(), NULL) == 1);
}

void hmac_sha256(struct str key, struct str data, unsigned char ret[SHA256_BYTES])
{
	unsigned n = 0;
	ensure(HMAC(EVP_sha256(), bytes_of(key), (int)key.n, bytes_of(data), data.n, ret, &n) != NULL);
	ensure(n == SHA256_BYTES);
}

bool same_bytes(struct str a, struct str b)
{
	return a.n == b.n && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.n) == 0;
}

void random_bytes(void *ret, size_t n)
{
	ensure(RAND_bytes(ret, (int)n) == 1);
}

void base64_add(struct buf *out, struct str bytes)
{
	size_t n = (bytes.n + 2) / 3 * 4;
	/* OpenSSL puts a zero behind it. */
	if (!buf_reserve(out, n + 1))
		return;
	out->n += (size_t)EVP_EncodeBlock((unsigned char *)out->p + out->n, bytes_of(bytes), (int)bytes.n);
}

void base64url_add(struct buf *out, struct str bytes)
{
	size_t start = out->n;
	base64_add(out, bytes);
	while (out->n > start && out->p[out->n - 1] == '=')
		out->n--;
	for (size_t i = start; i < out->n; i++) {
		if (out->p[i] == '+')
			out->p[i] = '-';
		else if (out->p[i] == '/')
			out->p[i] = '_';
	}
}

static bool is_base64(struct str text)
{
	size_t n = text.n;
	for (int padding = 0; padding < 2 && n && text.p[n - 1] == '='; padding++)
		n--;
	for (size_t i = 0; i < n; i++) {
		char c = text.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '+' || c == '/'))
			return false;
	}
	return text.n % 4 == 0;
}

/* OpenSSL itself would skip white space, and counts the padding as zeros. */
bool base64_read(struct buf *out, struct str text)
{
	if (!is_base64(text))
		return false;
	if (text.n == 0)
		return true;
	size_t padding = (text.p[text.n - 1] == '=') + (text.p[text.n - 2] == '=');
	if (!buf_reserve(out, text.n / 4 * 3))
		return false;
	int n = EVP_DecodeBlock((unsigned char *)out->p + out->n, bytes_of(text), (int)text.n);
	if (n < 0)
		return false;
	out->n += (size_t)n - padding;
	return true;
}

int ed25519_sign(struct str seed, struct str data, unsigned char ret[ED25519_BYTES], struct error *reterr)
{
	EVP_PKEY *key = seed.n == ED25519_SEED_BYTES
				? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes_of(seed), seed.n)
				: NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = ED25519_BYTES;
	bool ok = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(context, ret, &n, bytes_of(data), data.n) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok ? 0 : error_set(reterr, "this is no Ed25519 key");
}

bool ed25519_verify(struct str public_key, struct str data, struct str signature)
{
	EVP_PKEY *key = public_key.n == ED25519_SEED_BYTES
				? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes_of(public_key),
							      public_key.n)
				: NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestVerify(context, bytes_of(signature), signature.n, bytes_of(data), data.n) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

/* --- keys in PEM --- */

/* Asking for a password on the terminal is what OpenSSL does when nobody answers. */
static int no_password(char *p, int size, int writing, void *context)
{
	return -1;
}

static EVP_PKEY *read_key(struct str pem, int type)
{
	BIO *bio = BIO_new_mem_buf(bytes_of(pem), (int)pem.n);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	if (key && EVP_PKEY_base_id(key) != type) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

static int sign(EVP_PKEY *key, struct str data, struct buf *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = (size_t)EVP_PKEY_size(key);
	bool ok = context && buf_reserve(out, n) &&
		  EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(context, (unsigned char *)out->p + out->n, &n, bytes_of(data), data.n) == 1;
	if (ok)
		out->n += n;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return ok ? 0 : -1;
}

int rs256_sign(struct str pem, struct str data, struct buf *out, struct error *reterr)
{
	EVP_PKEY *key = read_key(pem, EVP_PKEY_RSA);
	int r = key ? sign(key, data, out) : -1;
	EVP_PKEY_free(key);
	return r < 0 ? error_set(reterr, "this is no private RSA key in PEM, without a password") : 0;
}

/* OpenSSL's two numbers in DER become two numbers of 32 bytes. */
static int add_raw(struct str der, struct buf *out)
{
	const unsigned char *p = bytes_of(der);
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	unsigned char raw[2 * P256_BYTES];
	bool ok = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, P256_BYTES) == P256_BYTES &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + P256_BYTES, P256_BYTES) == P256_BYTES;
	if (ok)
		buf_add(out, raw, sizeof raw);
	ECDSA_SIG_free(signature);
	ERR_clear_error();
	return ok ? 0 : -1;
}

int es256_sign(struct str pem, struct str data, struct buf *out, struct error *reterr)
{
	EVP_PKEY *key = read_key(pem, EVP_PKEY_EC);
	struct buf der;
	buf_init(&der, 1024);
	int r = key && EVP_PKEY_bits(key) == 256 && sign(key, data, &der) == 0 ? add_raw(buf_view(&der), out)
									       : -1;
	EVP_PKEY_free(key);
	buf_finish(&der);
	return r < 0 ? error_set(reterr, "this is no private key of P-256 in PEM, without a password") : 0;
}
