#include "identity/wire.h"

#include "format/crypto.h"
#include "format/encode.h"
#include "format/json.h"
#include "format/request_build.h"
#include "format/webhook_signature.h"
#include "identity/credential.h"

#include <stdio.h>

enum { WIRE_MAX = 16 << 20, SECRETS_SEEN_MAX = 8 << 20, SIGNATURES_MAX = 4096 };

struct making {
	const struct wire_order *order;
	struct wire *wire;
	struct error *reterr;
};

const struct auth *service_oauth2(const struct service *service)
{
	for (size_t i = 0; i < service->n_auths; i++) {
		if (service->auths[i]->kind == AUTH_OAUTH2)
			return service->auths[i];
	}
	return NULL;
}

/* --- slots --- */

/* A path keeps its slashes: https://hooks.example.com/#secret:path# with T1/B2/x. */
static void add_path(struct buf *out, struct str value)
{
	while (value.n) {
		const char *slash = memchr(value.p, '/', value.n);
		size_t n = slash ? (size_t)(slash - value.p) : value.n;
		encode_percent(out, (struct str){value.p, n});
		if (slash)
			buf_char(out, '/');
		n += slash != NULL;
		value.p += n;
		value.n -= n;
	}
}

int escape_add(enum escape escape, struct str value, struct buf *out, struct error *reterr)
{
	switch (escape) {
	case ESCAPE_HEADER:
		if (!header_value_is_clean(value))
			return error_set(reterr,
					 "holds a line break or a control character and stands in a header");
		buf_str(out, value);
		return 0;
	case ESCAPE_FORM:
		encode_form(out, value);
		return 0;
	case ESCAPE_URL_PATH:
		add_path(out, value);
		return 0;
	case ESCAPE_URL_QUERY:
		encode_percent(out, value);
		return 0;
	case ESCAPE_NONE:
		buf_str(out, value);
		return 0;
	default:
		break;
	}
	if (!utf8_valid(value))
		return error_set(reterr, "is not UTF-8 and stands in a JSON or XML text");
	if (escape == ESCAPE_JSON_STRING || escape == ESCAPE_JSON_VALUE)
		json_write_escaped(out, value);
	else if (escape == ESCAPE_XML_ATTRIBUTE)
		encode_xml_attribute(out, value);
	else
		encode_xml_text(out, value);
	return 0;
}

/* "wsse:NONCE:CREATED:name": Base64(SHA-1(nonce + created + password)) of WS-Security's UsernameToken. */
static int read_digest(struct making *making, struct str name, struct buf *out)
{
	unsigned char digest[SHA1_BYTES];
	const char *nonce = name.p + 5, *created = memchr(nonce, ':', name.n - 5), *secret;
	struct buf text;
	if (!created || !(secret = memrchr(name.p, ':', name.n)) || secret <= created)
		return error_set(making->reterr, "this is no digest of a secret");
	buf_init(&text, SECRET_BYTES_MAX + 4096);
	int r = base64_read(&text, (struct str){nonce, (size_t)(created - nonce)})
			? 0
			: error_set(making->reterr, "this is no digest of a secret");
	buf_add(&text, created + 1, (size_t)(secret - created - 1));
	size_t start = text.n;
	if (r == 0)
		r = secrets_read(making->order->secrets,
				 (struct str){secret + 1, (size_t)(name.p + name.n - secret - 1)}, &text,
				 making->reterr);
	if (r == 0) {
		seen_add(&making->wire->secrets, (struct str){text.p + start, text.n - start});
		sha1(buf_view(&text), digest);
		base64_add(out, (struct str){(const char *)digest, sizeof digest});
	}
	secret_wipe(&text);
	return r;
}

/* "@0" is what the service's first way to prove itself makes. */
static int read_value(struct making *making, struct str name, struct buf *out)
{
	const struct wire_order *order = making->order;
	size_t i;
	if (str_starts(name, STR("wsse:")))
		return read_digest(making, name, out);
	if (name.n < 2 || name.p[0] != '@') {
		size_t start = out->n;
		if (secrets_read(order->secrets, name, out, making->reterr) < 0)
			return -1;
		seen_add(&making->wire->secrets, (struct str){out->p + start, out->n - start});
		return 0;
	}
	i = (size_t)(name.p[1] - '0');
	if (i >= order->service->n_auths)
		return error_set(making->reterr, "the service '" STR_FMT "' has no such auth any more",
				 STR_ARG(order->service->name));
	return credential_of(order->service->auths[i], order->token, order->secrets, order->now_ms, out,
			     &making->wire->secrets, making->reterr);
}

static int fill_slot(struct making *making, const struct secret_slot *slot, struct buf *out)
{
	struct buf value;
	size_t start = out->n;
	buf_init(&value, WIRE_MAX);
	int r = read_value(making, slot->name, &value);
	if (r == 0) {
		r = escape_add(slot->escape, buf_view(&value), out, making->reterr);
		if (r < 0)
			error_prefix(making->reterr, "the secret '" STR_FMT "'", STR_ARG(slot->name));
	}
	struct str written = {out->p + start, out->n - start};
	if (r == 0 && !str_eq(written, buf_view(&value)))
		seen_add(&making->wire->secrets, written);
	secret_wipe(&value);
	return r;
}

/* Adds the text with the slots of its part filled; `*next` goes on to those of the next part. */
static int fill_part(struct making *making, enum slot_part part, size_t header, struct str text, size_t *next,
		     struct buf *out)
{
	const struct request *request = making->order->request;
	size_t at = 0;
	for (; *next < request->n_slots; (*next)++) {
		const struct secret_slot *slot = &request->slots[*next];
		if (slot->part != part || (part == SLOT_HEADER && slot->header != header))
			break;
		buf_add(out, text.p + at, slot->at - at);
		at = slot->at + SLOT_MASK.n;
		if (fill_slot(making, slot, out) < 0)
			return -1;
	}
	buf_add(out, text.p + at, text.n - at);
	return 0;
}

static int fill_request(struct making *making)
{
	const struct request *request = making->order->request;
	struct header *headers = mem_alloc((request->n_headers + 1) * sizeof *headers);
	size_t next = 0, url_end;
	struct buf text;
	buf_init(&text, WIRE_MAX);
	buf_reserve(&text,
		    request->size + 4096); /* seldom more, so that little is left behind when it moves */
	int r = fill_part(making, SLOT_URL, 0, request->url, &next, &text);
	url_end = text.n;
	for (size_t i = 0; i < request->n_headers && r == 0; i++) {
		size_t start = text.n;
		r = fill_part(making, SLOT_HEADER, i, request->headers[i].value, &next, &text);
		headers[i].name = request->headers[i].name;
		headers[i].value = (struct str){(const char *)start, text.n - start};
	}
	size_t body = text.n;
	if (r == 0)
		r = fill_part(making, SLOT_BODY, 0, request->body, &next, &text);
	if (r == 0 && text.overflow)
		r = error_set(making->reterr, "with its secrets the request is over %d MiB", WIRE_MAX >> 20);
	if (r == 0) {
		struct request filled = *request;
		filled.url = (struct str){text.p, url_end};
		for (size_t i = 0; i < request->n_headers; i++)
			headers[i].value.p = text.p + (size_t)headers[i].value.p;
		filled.headers = headers;
		filled.body = (struct str){text.p + body, text.n - body};
		filled.slots = NULL;
		filled.n_slots = 0;
		making->wire->request = request_copy(&filled);
	}
	secret_wipe(&text);
	free(headers);
	return r;
}

/* --- headers of the attempt --- */

/* Takes the buffer's memory over. */
static struct str keep(struct wire *wire, struct buf *buf)
{
	size_t n;
	char *text = buf_take(buf, &n);
	ensure(wire->n_texts < countof(wire->texts));
	wire->texts[wire->n_texts++] = text;
	return (struct str){text, n};
}

static void add_extra(struct wire *wire, struct str name, struct str value)
{
	ensure(wire->n_extra < WIRE_EXTRA_MAX);
	wire->extra[wire->n_extra++] = (struct header){name, value};
}

static int add_signature(struct making *making, const struct webhook_message *message, size_t i,
			 struct buf *out)
{
	const struct template *key = &making->order->service->sign->keys[i];
	struct buf text;
	int r;
	if (out->n)
		buf_char(out, ' ');
	if (!making->order->secrets) {
		buf_str(out, STR("v1,***"));
		return 0;
	}
	buf_init(&text, SECRET_BYTES_MAX + 4096);
	r = secrets_fill(making->order->secrets, key, &text, &making->wire->secrets, making->reterr);
	if (r == 0) {
		r = webhook_sign(buf_view(&text), message, out, making->reterr);
		if (r < 0)
			error_prefix(making->reterr, "the key %zu of 'sign'", i + 1);
	}
	secret_wipe(&text);
	return r;
}

static int sign(struct making *making)
{
	const struct wire_order *order = making->order;
	struct wire *wire = making->wire;
	const struct request *request = wire->request ? wire->request : order->request;
	struct webhook_message message = {order->id, order->now_ms / 1000, request->body};
	struct buf text;
	int r = 0;
	buf_init(&text, SIGNATURES_MAX);
	for (size_t i = 0; i < order->service->sign->n_keys && r == 0; i++)
		r = add_signature(making, &message, i, &text);
	if (r < 0) {
		buf_finish(&text);
		return r;
	}
	struct str signatures = keep(wire, &text);
	buf_init(&text, 32);
	buf_printf(&text, "%lld", (long long)message.timestamp_s);
	add_extra(wire, STR("webhook-timestamp"), keep(wire, &text));
	add_extra(wire, STR("webhook-signature"), signatures);
	return 0;
}

/* --- what the transport proves --- */

static int keep_text(struct making *making, const struct template *text, struct str *ret)
{
	struct buf buf;
	buf_init(&buf, SECRET_BYTES_MAX + 4096);
	int r = secrets_fill(making->order->secrets, text, &buf, &making->wire->secrets, making->reterr);
	if (r == 0)
		*ret = keep(making->wire, &buf);
	else
		secret_wipe(&buf);
	return r;
}

static int add_proof(struct making *making, const struct auth *auth)
{
	struct wire *wire = making->wire;
	struct client_proof *proof = &wire->proof;
	wire->has_proof = true;
	if (auth->kind == AUTH_DIGEST)
		return keep_text(making, &auth->user, &proof->digest_user) < 0
			       ? -1
			       : keep_text(making, &auth->password, &proof->digest_password);
	if (keep_text(making, &auth->certificate, &proof->certificate) < 0 ||
	    keep_text(making, &auth->key, &proof->key) < 0)
		return -1;
	return auth->key_password.n ? keep_text(making, &auth->key_password, &proof->key_password) : 0;
}

static int add_proofs(struct making *making)
{
	const struct service *service = making->order->service;
	for (size_t i = 0; i < service->n_auths; i++) {
		enum auth_kind kind = service->auths[i]->kind;
		if ((kind == AUTH_DIGEST || kind == AUTH_CERTIFICATE) &&
		    add_proof(making, service->auths[i]) < 0)
			return -1;
	}
	return 0;
}

/* --- the whole --- */

int wire_make(const struct wire_order *order, struct wire *ret, struct error *reterr)
{
	struct making making = {order, ret, reterr};
	int r = 0;
	*ret = (struct wire){0};
	buf_init(&ret->secrets, SECRETS_SEEN_MAX);
	if (order->secrets && order->request->n_slots)
		r = fill_request(&making);
	if (r == 0 && order->secrets)
		r = add_proofs(&making);
	if (r == 0 && order->service->sign)
		r = sign(&making);
	if (r < 0)
		wire_finish(ret);
	return r;
}

void wire_finish(struct wire *wire)
{
	request_wipe(wire->request);
	for (size_t i = 0; i < wire->n_texts; i++) {
		explicit_bzero(wire->texts[i], strlen(wire->texts[i]));
		free(wire->texts[i]);
	}
	secret_wipe(&wire->secrets);
	*wire = (struct wire){0};
}

/* --- hiding --- */

static bool next_secret(const struct buf *secrets, size_t *at, struct str *ret)
{
	if (*at >= secrets->n)
		return false;
	memcpy(&ret->n, secrets->p + *at, sizeof ret->n);
	ret->p = secrets->p + *at + sizeof ret->n;
	*at += sizeof ret->n + ret->n;
	return true;
}

/* Stars over each place, in memory of ours; true when there was one. */
static bool hide_in(const struct wire *wire, char *p, size_t n)
{
	struct str secret;
	bool found = false;
	for (size_t at = 0; next_secret(&wire->secrets, &at, &secret);) {
		for (char *hit = memmem(p, n, secret.p, secret.n); hit;
		     hit = memmem(hit, n - (size_t)(hit - p), secret.p, secret.n)) {
			memset(hit, '*', secret.n);
			found = true;
		}
	}
	return found;
}

struct answer *wire_hide(const struct wire *wire, const struct answer *answer)
{
	if (!wire->secrets.n)
		return NULL;
	struct answer *copy = answer_copy(answer);
	bool found = hide_in(wire, copy->detail, strlen(copy->detail));
	found |= hide_in(wire, (char *)(uintptr_t)copy->body.p, copy->body.n);
	for (size_t i = 0; i < copy->n_headers; i++)
		found |= hide_in(wire, (char *)(uintptr_t)copy->headers[i].value.p, copy->headers[i].value.n);
	if (found)
		return copy;
	free(copy);
	return NULL;
}
