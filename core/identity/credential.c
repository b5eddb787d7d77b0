/* Texts with secrets in them, and what is made of such texts. */
#include "identity/credential.h"

#include "format/crypto.h"
#include "format/jwt.h"
#include "format/secret_mark.h"
#include "identity/wire.h"

enum { JTI_BYTES = 16, TEXT_MAX = 256 * 1024 };

void seen_add(struct buf *seen, struct str value)
{
	if (!seen || value.n < SEEN_LEAST)
		return;
	buf_add(seen, &value.n, sizeof value.n);
	buf_str(seen, value);
}

static int fill_literal(const struct secrets *secrets, struct str literal, struct buf *out, struct buf *seen,
			struct error *reterr)
{
	struct secret_mark mark;
	size_t at = 0;
	for (; secret_mark_find(literal, at, &mark); at = mark.at + mark.n) {
		buf_add(out, literal.p + at, mark.at - at);
		size_t start = out->n;
		if (secrets_read(secrets, str_of(mark.name), out, reterr) < 0)
			return -1;
		seen_add(seen, (struct str){out->p + start, out->n - start});
	}
	buf_add(out, literal.p + at, literal.n - at);
	return 0;
}

int secrets_fill(const struct secrets *secrets, const struct template *text, struct buf *out,
		 struct buf *seen, struct error *reterr)
{
	for (size_t i = 0; i < text->n; i++) {
		if (fill_literal(secrets, text->parts[i].literal, out, seen, reterr) < 0)
			return -1;
	}
	return 0;
}

/* A claim is a JSON text: what a secret holds is written as one. */
static int fill_claims(const struct secrets *secrets, const struct template *claims, struct buf *out,
		       struct buf *seen, struct error *reterr)
{
	struct buf value;
	int r = 0;
	buf_init(&value, TEXT_MAX);
	for (size_t i = 0; i < claims->n && r == 0; i++) {
		struct str literal = claims->parts[i].literal;
		struct secret_mark mark;
		size_t at = 0;
		for (; r == 0 && secret_mark_find(literal, at, &mark); at = mark.at + mark.n) {
			buf_add(out, literal.p + at, mark.at - at);
			buf_clear(&value);
			r = secrets_read(secrets, str_of(mark.name), &value, reterr);
			if (r == 0)
				r = escape_add(ESCAPE_JSON_STRING, buf_view(&value), out, reterr);
			seen_add(seen, buf_view(&value));
		}
		buf_add(out, literal.p + at, literal.n - at);
	}
	secret_wipe(&value);
	return r;
}

int jwt_of(const struct jwt *jwt, const struct secrets *secrets, int64_t now_ms, struct buf *out,
	   struct buf *seen, struct error *reterr)
{
	unsigned char chance[JTI_BYTES];
	struct buf key, claims, id;
	buf_init(&key, TEXT_MAX);
	buf_init(&claims, TEXT_MAX);
	buf_init(&id, 64);
	random_bytes(chance, sizeof chance);
	base64url_add(&id, (struct str){(const char *)chance, sizeof chance});
	size_t start = out->n;
	int r = secrets_fill(secrets, &jwt->key, &key, seen, reterr);
	if (r == 0)
		r = fill_claims(secrets, &jwt->claims, &claims, seen, reterr);
	if (r == 0) {
		struct jwt_parts parts = {
			.algorithm = jwt->algorithm,
			.key = buf_view(&key),
			.key_id = jwt->key_id,
			.claims = claims.n ? buf_view(&claims) : STR("{}"),
			.now_s = now_ms / 1000,
			.lifetime_s = jwt->lifetime_ms / 1000,
			.id = buf_view(&id),
		};
		r = jwt_make(&parts, out, reterr);
		if (r < 0)
			error_prefix(reterr, "the key of the JWT");
	}
	if (r == 0)
		seen_add(seen, (struct str){out->p + start, out->n - start});
	secret_wipe(&key);
	secret_wipe(&claims);
	buf_finish(&id);
	return r;
}

int basic_of(const struct template *user, const struct template *password, const struct secrets *secrets,
	     struct buf *out, struct buf *seen, struct error *reterr)
{
	struct buf pair;
	size_t start = out->n;
	buf_init(&pair, TEXT_MAX);
	int r = secrets_fill(secrets, user, &pair, seen, reterr);
	if (r == 0 && memchr(buf_view(&pair).p, ':', pair.n))
		r = error_set(reterr, "a user's name with a colon cannot be sent with Basic");
	buf_char(&pair, ':');
	if (r == 0)
		r = secrets_fill(secrets, password, &pair, seen, reterr);
	if (r == 0)
		base64_add(out, buf_view(&pair));
	if (r == 0)
		seen_add(seen, (struct str){out->p + start, out->n - start});
	secret_wipe(&pair);
	return r;
}

int credential_of(const struct auth *auth, struct str token, const struct secrets *secrets, int64_t now_ms,
		  struct buf *out, struct buf *seen, struct error *reterr)
{
	switch (auth->kind) {
	case AUTH_BASIC:
		return basic_of(&auth->user, &auth->password, secrets, out, seen, reterr);
	case AUTH_BEARER:
	case AUTH_API_KEY:
		return secrets_fill(secrets, &auth->value, out, seen, reterr);
	case AUTH_JWT:
		return jwt_of(&auth->jwt, secrets, now_ms, out, seen, reterr);
	case AUTH_OAUTH2:
		buf_str(out, token);
		seen_add(seen, token);
		return token.n ? 0 : error_set(reterr, "the access token is missing");
	case AUTH_DIGEST:
	case AUTH_CERTIFICATE:
		break;
	}
	return error_set(reterr, "this way to prove oneself has no text");
}
