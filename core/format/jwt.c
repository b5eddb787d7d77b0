#include "format/jwt.h"

#include "format/crypto.h"
#include "format/json.h"

enum { CLAIMS_MAX = 64 * 1024, SIGNATURE_MAX = 4096 };

static const struct str algorithms[] = {
	[JWT_HS256] = {"HS256", 5},
	[JWT_RS256] = {"RS256", 5},
	[JWT_ES256] = {"ES256", 5},
};

bool jwt_algorithm_of(struct str name, enum jwt_algorithm *ret)
{
	for (size_t i = 0; i < countof(algorithms); i++) {
		if (str_eq(name, algorithms[i])) {
			*ret = (enum jwt_algorithm)i;
			return true;
		}
	}
	return false;
}

static void add_head(const struct jwt_parts *parts, struct buf *out)
{
	struct buf json;
	buf_init(&json, CLAIMS_MAX);
	buf_printf(&json, "{\"alg\":\"%s\"", algorithms[parts->algorithm].p);
	if (parts->key_id.p) {
		buf_str(&json, STR(",\"kid\":"));
		json_write_string(&json, parts->key_id);
	}
	buf_str(&json, STR(",\"typ\":\"JWT\"}"));
	base64url_add(out, buf_view(&json));
	buf_finish(&json);
}

/* The operator's object, with ours at its end. */
static int add_claims(const struct jwt_parts *parts, struct buf *out, struct error *reterr)
{
	struct str claims = str_trim(parts->claims);
	struct buf json;
	if (claims.n < 2 || claims.p[0] != '{' || claims.p[claims.n - 1] != '}')
		return error_set(reterr, "the claims of a JWT are no JSON object");
	claims.n--;
	bool empty = str_trim((struct str){claims.p + 1, claims.n - 1}).n == 0;
	buf_init(&json, CLAIMS_MAX);
	buf_str(&json, claims);
	buf_printf(&json, "%s\"iat\":%lld,\"exp\":%lld,\"jti\":", empty ? "" : ",", (long long)parts->now_s,
		   (long long)(parts->now_s + parts->lifetime_s));
	json_write_string(&json, parts->id);
	buf_char(&json, '}');
	int r = json.overflow ? error_set(reterr, "the claims of a JWT are over %d KiB", CLAIMS_MAX / 1024)
			      : 0;
	base64url_add(out, buf_view(&json));
	explicit_bzero(json.p, json.n);
	buf_finish(&json);
	return r;
}

static int sign(const struct jwt_parts *parts, struct str data, struct buf *out, struct error *reterr)
{
	unsigned char code[SHA256_BYTES];
	switch (parts->algorithm) {
	case JWT_HS256:
		hmac_sha256(parts->key, data, code);
		buf_add(out, code, sizeof code);
		return 0;
	case JWT_RS256:
		return rs256_sign(parts->key, data, out, reterr);
	case JWT_ES256:
		return es256_sign(parts->key, data, out, reterr);
	}
	return error_set(reterr, "unknown algorithm");
}

int jwt_make(const struct jwt_parts *parts, struct buf *out, struct error *reterr)
{
	size_t start = out->n;
	struct buf signature;
	add_head(parts, out);
	buf_char(out, '.');
	if (add_claims(parts, out, reterr) < 0)
		return -1;
	buf_init(&signature, SIGNATURE_MAX);
	int r = sign(parts, (struct str){out->p + start, out->n - start}, &signature, reterr);
	if (r == 0) {
		buf_char(out, '.');
		base64url_add(out, buf_view(&signature));
	}
	buf_finish(&signature);
	return r;
}
