#include "source/access.h"

#include "base/hash.h"
#include "format/crypto.h"
#include "format/webhook_signature.h"
#include "policy/limiter.h"
#include "source/token_file.h"

#include <stdio.h>

enum {
	SENDERS_MAX = 10000, /* that are remembered for their rate */
	SENDER_NAME_MAX = 64,
	MINUTE_US = 60 * 1000000,
};

struct sender {
	char name[SENDER_NAME_MAX];
	struct limiter limiter;
	UT_hash_handle hh;
};

struct access {
	struct access_options options;
	struct token_file operators, senders, keys;
	struct sender *by_name;
};

/* What a request asks to be let in for. */
enum door { DOOR_OPEN, DOOR_SENDERS, DOOR_OPERATORS };

static void note_parameter(void *context, struct str name, struct str value)
{
	*(bool *)context = true;
}

/* GET /v1/events/TYPE?… hands over an event; without parameters it asks for one. */
static enum door door_of(const struct http_request *request)
{
	struct str path = http_request_path(request), method = http_request_method(request);
	bool has_parameter = false;
	if (str_eq(path, STR("/metrics")))
		return DOOR_OPERATORS;
	if (!str_starts(path, STR("/v1/")))
		return DOOR_OPEN;
	if (str_eq(path, STR("/v1/events")))
		return str_eq(method, STR("POST")) ? DOOR_SENDERS : DOOR_OPERATORS;
	if (!str_starts(path, STR("/v1/events/")))
		return DOOR_OPERATORS;
	http_request_each_query(request, note_parameter, &has_parameter);
	return str_eq(method, STR("POST")) || (has_parameter && str_eq(method, STR("GET"))) ? DOOR_SENDERS
											    : DOOR_OPERATORS;
}

/* --- tokens --- */

/* "Bearer TOKEN", or, for senders that know nothing else, "Basic" with the token as the password. */
static bool read_token(const struct http_request *request, struct buf *out)
{
	struct str value = http_request_header(request, "authorization");
	if (value.n > 7 && str_eq_nocase((struct str){value.p, 7}, STR("Bearer "))) {
		buf_str(out, str_trim((struct str){value.p + 7, value.n - 7}));
		return true;
	}
	if (value.n < 6 || !str_eq_nocase((struct str){value.p, 6}, STR("Basic ")) ||
	    !base64_read(out, str_trim((struct str){value.p + 6, value.n - 6})))
		return false;
	const char *colon = memchr(buf_view(out).p, ':', out->n);
	if (!colon)
		return false;
	size_t skip = (size_t)(colon + 1 - out->p);
	memmove(out->p, colon + 1, out->n - skip);
	out->n -= skip;
	return true;
}

/* --- signatures --- */

static bool read_time(struct str text, int64_t *ret)
{
	int64_t time = 0;
	if (text.n == 0 || text.n > 12)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		time = time * 10 + (text.p[i] - '0');
	}
	*ret = time;
	return true;
}

/* The key that signed it, or NULL. A message that is old could be one that somebody has recorded. */
static const struct token *signed_by(const struct access *access, const struct http_request *request,
				     struct error *reterr)
{
	struct webhook_message message = {.id = http_request_header(request, "webhook-id"),
					  .body = http_request_body(request)};
	struct str signatures = http_request_header(request, "webhook-signature");
	int64_t now_s = clock_wall_ms(access->options.clock) / 1000;
	if (!message.id.n ||
	    !read_time(http_request_header(request, "webhook-timestamp"), &message.timestamp_s)) {
		error_set(reterr, "the signature needs webhook-id and webhook-timestamp");
		return NULL;
	}
	if (message.timestamp_s > now_s + WEBHOOK_TOLERANCE_S ||
	    message.timestamp_s < now_s - WEBHOOK_TOLERANCE_S) {
		error_set(reterr, "webhook-timestamp is more than %d minutes from this machine's clock",
			  WEBHOOK_TOLERANCE_S / 60);
		return NULL;
	}
	for (size_t i = 0; i < access->keys.n; i++) {
		if (webhook_verify(str_of(access->keys.tokens[i].text), &message, signatures))
			return &access->keys.tokens[i];
	}
	error_set(reterr, "no known key has signed this body");
	return NULL;
}

/* --- how often --- */

/* What has its rate in full is remembered for nothing. */
static void forget_senders(struct access *access)
{
	struct sender *sender, *next;
	HASH_ITER(hh, access->by_name, sender, next)
	{
		HASH_DEL(access->by_name, sender);
		free(sender);
	}
}

/* 0, or the seconds to wait. */
static int rate(struct access *access, const char *name)
{
	int64_t most = access->options.sender_rate;
	struct sender *sender;
	if (!most)
		return 0;
	HASH_FIND_STR(access->by_name, name, sender);
	if (!sender) {
		if (HASH_COUNT(access->by_name) >= SENDERS_MAX)
			forget_senders(access);
		sender = mem_zalloc(sizeof *sender);
		snprintf(sender->name, sizeof sender->name, "%s", name);
		limiter_set(&sender->limiter, most, MINUTE_US, most);
		HASH_ADD_STR(access->by_name, name, sender);
	}
	int64_t wait_us = limiter_take(&sender->limiter, clock_mono_us(access->options.clock));
	return (int)((wait_us + 999999) / 1000000);
}

/* --- the whole --- */

static int unknown(const struct access *access, struct http_refusal *refusal, bool has_token)
{
	refusal->status = 401;
	error_set(&refusal->error, has_token ? "this token is not known" : "this needs a token");
	if (!has_token)
		error_hint(&refusal->error, "send it as Authorization: Bearer TOKEN");
	return -1;
}

/* Anybody may hand over events where nothing says otherwise; so may operators ask. */
static bool is_needed(const struct access *access, enum door door)
{
	if (door == DOOR_OPERATORS)
		return access->operators.n || access->senders.n || access->keys.n;
	return door == DOOR_SENDERS && (access->senders.n || access->keys.n || access->operators.n);
}

static int check_proof(struct access *access, const struct http_request *request, enum door door, bool whole,
		       const char **ret_name, struct http_refusal *refusal)
{
	struct buf text;
	buf_init(&text, 4096);
	bool has_token = read_token(request, &text);
	const struct token *operator= has_token ? token_file_find(&access->operators, buf_view(&text)) : NULL;
	const struct token *sender = has_token ? token_file_find(&access->senders, buf_view(&text)) : NULL;
	buf_finish(&text);
	if (operator||(sender &&door == DOOR_SENDERS)) {
		*ret_name = operator? operator->name : sender->name;
		return 0;
	}
	if (sender) {
		refusal->status = 403;
		return error_set(&refusal->error, "this token is for senders of events alone");
	}
	if (door != DOOR_SENDERS || !access->keys.n || !http_request_header(request, "webhook-signature").p)
		return unknown(access, refusal, has_token);
	if (!whole)
		return 0;
	const struct token *key = signed_by(access, request, &refusal->error);
	refusal->status = 401;
	*ret_name = key ? key->name : NULL;
	return key ? 0 : -1;
}

static int check(void *context, const struct http_request *request, bool whole, struct http_refusal *refusal)
{
	struct access *access = context;
	enum door door = door_of(request);
	const char *name = NULL;
	if (door == DOOR_OPEN)
		return 0;
	token_file_refresh(&access->operators, access->options.log);
	token_file_refresh(&access->senders, access->options.log);
	token_file_refresh(&access->keys, access->options.log);
	if (is_needed(access, door) && check_proof(access, request, door, whole, &name, refusal) < 0)
		return -1;
	if (!whole || door != DOOR_SENDERS)
		return 0;
	char peer[SENDER_NAME_MAX];
	if (!name)
		http_request_peer(request, peer, sizeof peer);
	refusal->retry_after_s = rate(access, name ? name : peer);
	if (!refusal->retry_after_s)
		return 0;
	refusal->status = 429;
	return error_set(&refusal->error, "more than %lld requests with events a minute from one sender",
			 (long long)access->options.sender_rate);
}

int access_create(const struct access_options *options, struct access **ret, struct error *reterr)
{
	struct access *access = mem_zalloc(sizeof *access);
	access->options = *options;
	if ((options->operator_tokens &&
	     token_file_open(&access->operators, options->operator_tokens, false, reterr) < 0) ||
	    (options->sender_tokens &&
	     token_file_open(&access->senders, options->sender_tokens, false, reterr) < 0) ||
	    (options->sender_keys &&
	     token_file_open(&access->keys, options->sender_keys, true, reterr) < 0)) {
		access_destroy(access);
		return -1;
	}
	*ret = access;
	return 0;
}

void access_destroy(struct access *access)
{
	if (!access)
		return;
	token_file_close(&access->operators);
	token_file_close(&access->senders);
	token_file_close(&access->keys);
	forget_senders(access);
	free(access);
}

void access_guard(struct access *access, struct http_server *server)
{
	http_server_access(server, check, access);
}
