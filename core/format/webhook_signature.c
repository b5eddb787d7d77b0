#include "format/webhook_signature.h"

#include "format/crypto.h"

enum { KEY_MAX = 1024, CONTENT_MAX = 64 << 20 };

enum key_kind { KEY_SHARED, KEY_PRIVATE, KEY_PUBLIC };

/* Takes the prefix off and decodes the rest. */
static int read_key(struct str text, enum key_kind *ret_kind, struct buf *ret, struct error *reterr)
{
	static const struct {
		struct str prefix;
		enum key_kind kind;
	} prefixes[] = {{{"whsec_", 6}, KEY_SHARED}, {{"whsk_", 5}, KEY_PRIVATE}, {{"whpk_", 5}, KEY_PUBLIC}};
	*ret_kind = KEY_SHARED;
	for (size_t i = 0; i < countof(prefixes); i++) {
		if (!str_starts(text, prefixes[i].prefix))
			continue;
		*ret_kind = prefixes[i].kind;
		text.p += prefixes[i].prefix.n;
		text.n -= prefixes[i].prefix.n;
		break;
	}
	if (!base64_read(ret, text) || ret->n == 0) {
		error_set(reterr, "this is no key of Standard Webhooks");
		error_hint(reterr, "whsec_, whsk_ or whpk_, and base64 behind it");
		return -1;
	}
	/* A private key may have its public one behind it. */
	if (*ret_kind == KEY_PRIVATE && ret->n == 2 * ED25519_SEED_BYTES)
		ret->n = ED25519_SEED_BYTES;
	if (*ret_kind != KEY_SHARED && ret->n != ED25519_SEED_BYTES)
		return error_set(reterr, "an Ed25519 key has %d bytes, this one %zu", ED25519_SEED_BYTES,
				 ret->n);
	return 0;
}

static void wipe(struct buf *buf)
{
	if (buf->p)
		explicit_bzero(buf->p, buf->n);
	buf_finish(buf);
}

static void write_content(const struct webhook_message *message, struct buf *out)
{
	buf_str(out, message->id);
	buf_printf(out, ".%lld.", (long long)message->timestamp_s);
	buf_str(out, message->body);
}

int webhook_sign(struct str key_text, const struct webhook_message *message, struct buf *out,
		 struct error *reterr)
{
	unsigned char code[ED25519_BYTES];
	enum key_kind kind;
	struct buf key, content;
	buf_init(&key, KEY_MAX);
	buf_init(&content, CONTENT_MAX);
	int r = read_key(key_text, &kind, &key, reterr);
	if (r == 0 && kind == KEY_PUBLIC)
		r = error_set(reterr, "a public key (whpk_) cannot sign");
	if (r == 0)
		write_content(message, &content);
	if (r == 0 && kind == KEY_SHARED)
		hmac_sha256(buf_view(&key), buf_view(&content), code);
	else if (r == 0)
		r = ed25519_sign(buf_view(&key), buf_view(&content), code, reterr);
	if (r == 0) {
		buf_str(out, kind == KEY_SHARED ? STR("v1,") : STR("v1a,"));
		base64_add(out, (struct str){(const char *)code,
					     kind == KEY_SHARED ? SHA256_BYTES : ED25519_BYTES});
	}
	wipe(&key);
	buf_finish(&content);
	return r;
}

static bool is_by(enum key_kind kind, struct str key, struct str content, struct str signature)
{
	unsigned char code[SHA256_BYTES];
	struct str prefix = kind == KEY_SHARED ? STR("v1,") : STR("v1a,");
	struct buf given;
	if (kind == KEY_PRIVATE || !str_starts(signature, prefix))
		return false;
	signature.p += prefix.n;
	signature.n -= prefix.n;
	buf_init(&given, KEY_MAX);
	bool ok = base64_read(&given, signature);
	if (ok && kind == KEY_SHARED) {
		hmac_sha256(key, content, code);
		ok = same_bytes(buf_view(&given), (struct str){(const char *)code, sizeof code});
	} else if (ok) {
		ok = ed25519_verify(key, content, buf_view(&given));
	}
	buf_finish(&given);
	return ok;
}

bool webhook_verify(struct str key_text, const struct webhook_message *message, struct str signatures)
{
	enum key_kind kind;
	struct buf key, content;
	bool ok = false;
	buf_init(&key, KEY_MAX);
	buf_init(&content, CONTENT_MAX);
	if (read_key(key_text, &kind, &key, NULL) == 0) {
		write_content(message, &content);
		while (!ok && signatures.n) {
			const char *blank = memchr(signatures.p, ' ', signatures.n);
			size_t n = blank ? (size_t)(blank - signatures.p) : signatures.n;
			ok = is_by(kind, buf_view(&key), buf_view(&content), (struct str){signatures.p, n});
			signatures.p += n + (blank != NULL);
			signatures.n -= n + (blank != NULL);
		}
	}
	wipe(&key);
	buf_finish(&content);
	return ok;
}

int webhook_key_check(struct str key_text, struct error *reterr)
{
	enum key_kind kind;
	struct buf key;
	buf_init(&key, KEY_MAX);
	int r = read_key(key_text, &kind, &key, reterr);
	wipe(&key);
	return r;
}
