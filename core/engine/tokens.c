#include "engine/tokens.h"

#include "engine/private.h"
#include "identity/oauth2.h"

#include <stdio.h>

enum {
	TOKENS_MAX = 1000, /* a shard */
	TOKEN_ANSWER_MAX = 256 * 1024,
	MARGIN_MAX_US =
		30 *
		1000000,  /* before it expires it is not used any more: clocks differ, requests take time */
	MARGIN_PART = 10, /* of a short life */
};

struct token_entry {
	struct shard *shard;
	char *id;
	char *token;
	uint64_t serial;
	int64_t until_us;
	UT_hash_handle hh;

	/* At its owner. */
	char *refresh; /* that the last answer gave in place of the declared one */
	struct list waiting;
	struct exchange exchange;
	struct request *request; /* under way; NULL: none */
	struct peer_options peer;
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Nobody waits for it. */
static void entry_free(struct token_entry *entry)
{
	HASH_DEL(entry->shard->tokens, entry);
	request_wipe(entry->request);
	wipe(entry->token);
	wipe(entry->refresh);
	free(entry->id);
	free(entry);
}

/* Rules that were loaded again and again leave objects behind that nobody asks for. */
static void make_room(struct shard *shard)
{
	struct token_entry *entry, *next;
	if (HASH_COUNT(shard->tokens) < TOKENS_MAX)
		return;
	HASH_ITER(hh, shard->tokens, entry, next)
	{
		if (!entry->request && list_empty(&entry->waiting))
			entry_free(entry);
	}
}

static struct token_entry *entry_of(struct shard *shard, struct str id)
{
	struct token_entry *entry;
	HASH_FIND(hh, shard->tokens, id.p, id.n, entry);
	if (entry)
		return entry;
	make_room(shard);
	entry = mem_zalloc(sizeof *entry);
	entry->shard = shard;
	entry->id = mem_strndup(id.p, id.n);
	list_init(&entry->waiting);
	HASH_ADD_KEYPTR(hh, shard->tokens, entry->id, id.n, entry);
	return entry;
}

static bool is_good(const struct token_entry *entry, const struct token_wait *wait)
{
	return entry->token && entry->serial != wait->rejected &&
	       clock_mono_us(entry->shard->clock) < entry->until_us;
}

static void copy(struct token_wait *wait, const struct token_entry *entry)
{
	wait->token = mem_strdup(entry->token);
	wait->serial = entry->serial;
	wait->until_us = entry->until_us;
}

static void store(struct token_entry *entry, const char *token, uint64_t serial, int64_t until_us)
{
	char *old = entry->token;
	entry->token = mem_strdup(token);
	entry->serial = serial;
	entry->until_us = until_us;
	wipe(old);
}

/* --- back to who asked --- */

static void deliver_home(struct message *message)
{
	struct token_wait *wait = container_of(message, struct token_wait, message);
	if (wait->token)
		store(entry_of(wait->home, wait->auth->id), wait->token, wait->serial, wait->until_us);
	wait->done(wait);
}

static void answer(struct token_entry *entry, struct token_wait *wait, const char *failed)
{
	if (failed)
		snprintf(wait->failed, sizeof wait->failed, "%.*s", (int)sizeof wait->failed - 1, failed);
	else
		copy(wait, entry);
	wait->message.deliver = deliver_home;
	shard_post(wait->home, &wait->message);
}

static void answer_all(struct token_entry *entry, const char *failed)
{
	for (struct list *item; (item = list_first(&entry->waiting));) {
		list_remove(item);
		answer(entry, container_of(item, struct token_wait, link), failed);
	}
}

/* --- asking the server --- */

static void fail(struct token_entry *entry, const struct error *error)
{
	struct shard *shard = entry->shard;
	char why[256];
	snprintf(why, sizeof why, "no access token: %.230s", error->what);
	log_warn(&shard->engine->log, "no access token", "error", error->what, "hint",
		 error->hint[0] ? error->hint : NULL);
	answer_all(entry, why);
}

static void take(struct token_entry *entry, struct oauth2_token *token)
{
	struct shard *shard = entry->shard;
	int64_t life_us = token->expires_ms * 1000, margin_us = life_us / MARGIN_PART;
	if (margin_us > MARGIN_MAX_US)
		margin_us = MARGIN_MAX_US;
	store(entry, token->access, ++shard->token_serial, clock_mono_us(shard->clock) + life_us - margin_us);
	if (token->refresh) {
		wipe(entry->refresh);
		entry->refresh = token->refresh;
		token->refresh = NULL;
	}
	answer_all(entry, NULL);
}

static void answered(struct exchange *exchange, const struct answer *given)
{
	struct token_entry *entry = container_of(exchange, struct token_entry, exchange);
	struct oauth2_token token;
	struct error error;
	request_wipe(entry->request);
	entry->request = NULL;
	if (oauth2_answer(given, &token, &error) == 0) {
		take(entry, &token);
		oauth2_token_wipe(&token);
		return;
	}
	/* It was replaced behind our back; the declared one may be newer. */
	if (given->status >= 400 && given->status < 500) {
		wipe(entry->refresh);
		entry->refresh = NULL;
	}
	fail(entry, &error);
}

/* As whoever asks may reach its service; no event had a say in this address. */
static void ask_server(struct token_entry *entry, const struct auth *auth, const struct peer_options *peer)
{
	struct shard *shard = entry->shard;
	struct error error;
	if (oauth2_request(auth, shard->engine->options.secrets, str_of(entry->refresh),
			   clock_wall_ms(shard->clock), &entry->request, &error)) {
		fail(entry, &error);
		return;
	}
	entry->peer = *peer;
	entry->peer.host_from_event = false;
	entry->peer.redirects_max = 0;
	entry->exchange = (struct exchange){
		.request = entry->request,
		.peer = &entry->peer,
		.timeout_ms = auth->oauth2.timeout_ms,
		.answer_max = TOKEN_ANSWER_MAX,
		.done = answered,
	};
	transport_send(shard->transport, &entry->exchange);
}

static struct shard *owner_of(const struct token_wait *wait)
{
	return engine_shard(wait->home->engine, str_hash(wait->auth->id));
}

static void deliver_to_owner(struct message *message)
{
	struct token_wait *wait = container_of(message, struct token_wait, message);
	struct token_entry *entry = entry_of(owner_of(wait), wait->auth->id);
	if (is_good(entry, wait)) {
		answer(entry, wait, NULL);
	} else {
		list_append(&entry->waiting, &wait->link);
		if (!entry->request)
			ask_server(entry, wait->auth, wait->peer);
	}
}

void tokens_ask(struct token_wait *wait)
{
	struct token_entry *entry = entry_of(wait->home, wait->auth->id);
	wait->failed[0] = 0;
	if (is_good(entry, wait)) {
		copy(wait, entry);
		wait->done(wait);
		return;
	}
	wait->message.deliver = deliver_to_owner;
	shard_post(owner_of(wait), &wait->message);
}

void token_wait_finish(struct token_wait *wait)
{
	wipe(wait->token);
	wait->token = NULL;
}

void tokens_abandon(struct shard *shard)
{
	struct token_entry *entry, *next;
	HASH_ITER(hh, shard->tokens, entry, next)
	{
		if (entry->exchange.work)
			transport_cancel(shard->transport, &entry->exchange);
		entry_free(entry);
	}
}
