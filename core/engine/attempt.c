#include "engine/attempt.h"

#include <stdio.h>

/* What an attempt needs beside its delivery's request, when its service proves who asks. */
struct proof {
	struct delivery *delivery;
	struct wire wire;
	struct token_wait token;
	bool renewed;       /* this attempt has asked for another token already */
	size_t n_extra;     /* headers of the attempt, without its signature */
	char unproven[160]; /* why nothing could be sent */
};

static void answer_failed(struct timer *timer)
{
	struct delivery *delivery = container_of(timer, struct delivery, retry);
	struct answer answer = {.failure = FAILURE_AUTH};
	memcpy(answer.detail, delivery->proof->unproven, sizeof answer.detail);
	delivery->preparing = false;
	delivery->exchange.done(&delivery->exchange, &answer);
}

/* The timer of the next attempt is not in use while this one lasts. */
static void fail(struct proof *proof, const char *why)
{
	struct delivery *delivery = proof->delivery;
	struct shard *shard = delivery->shard;
	snprintf(proof->unproven, sizeof proof->unproven, "%.*s", (int)sizeof proof->unproven - 1, why);
	delivery->retry.fire = answer_failed;
	timers_set(&shard->timers, &delivery->retry, clock_mono_us(shard->clock));
}

static void send(struct proof *proof)
{
	struct delivery *delivery = proof->delivery;
	struct shard *shard = delivery->shard;
	struct exchange *exchange = &delivery->exchange;
	struct wire *wire = &proof->wire;
	struct wire_order order = {
		.request = delivery->request,
		.service = delivery->service,
		.id = str_of(delivery->id.z),
		.token = str_of(proof->token.token),
		.now_ms = clock_wall_ms(shard->clock),
		.secrets = shard->engine->options.secrets,
	};
	struct error error;
	int r = wire_make(&order, wire, &error);
	token_wait_finish(&proof->token);
	if (r < 0) {
		fail(proof, error.what);
		return;
	}
	delivery->preparing = false;
	exchange->request = wire->request ? wire->request : delivery->request;
	memcpy(exchange->extra + proof->n_extra, wire->extra, wire->n_extra * sizeof exchange->extra[0]);
	exchange->n_extra = proof->n_extra + wire->n_extra;
	exchange->proof = wire->has_proof ? &wire->proof : NULL;
	transport_send(shard->transport, exchange);
}

static void has_token(struct token_wait *wait)
{
	struct proof *proof = container_of(wait, struct proof, token);
	if (wait->token)
		send(proof);
	else
		fail(proof, wait->failed);
}

static void ask_for_token(struct proof *proof, const struct auth *auth, uint64_t rejected)
{
	proof->delivery->preparing = true;
	proof->token.home = proof->delivery->shard;
	proof->token.auth = auth;
	proof->token.peer = &proof->delivery->service->peer;
	proof->token.rejected = rejected;
	proof->token.done = has_token;
	tokens_ask(&proof->token);
}

static const struct auth *token_auth(const struct delivery *delivery)
{
	return delivery->shard->engine->options.secrets ? service_oauth2(delivery->service) : NULL;
}

static bool is_plain(const struct delivery *delivery)
{
	return !delivery->service->n_auths && !delivery->service->sign && !delivery->request->n_slots;
}

void attempt_begin(struct delivery *delivery,
		   void (*done)(struct exchange *exchange, const struct answer *answer))
{
	const struct auth *auth = token_auth(delivery);
	struct exchange *exchange = &delivery->exchange;
	exchange->done = done;
	exchange->request = delivery->request;
	exchange->proof = NULL;
	if (is_plain(delivery)) {
		transport_send(delivery->shard->transport, exchange);
		return;
	}
	ensure(exchange->n_extra + WIRE_EXTRA_MAX <= countof(exchange->extra));
	delivery->preparing = true;
	delivery->proof = mem_zalloc(sizeof *delivery->proof);
	delivery->proof->delivery = delivery;
	delivery->proof->n_extra = exchange->n_extra;
	if (auth)
		ask_for_token(delivery->proof, auth, 0);
	else
		send(delivery->proof);
}

bool attempt_again_with_new_token(struct delivery *delivery, const struct answer *answer)
{
	struct proof *proof = delivery->proof;
	const struct auth *auth =
		proof && answer->status == 401 && !proof->renewed ? token_auth(delivery) : NULL;
	if (!auth || delivery->shard->stopping)
		return false;
	proof->renewed = true;
	wire_finish(&proof->wire);
	ask_for_token(proof, auth, proof->token.serial);
	return true;
}

struct answer *attempt_hide(const struct delivery *delivery, const struct answer *answer)
{
	return delivery->proof ? wire_hide(&delivery->proof->wire, answer) : NULL;
}

void attempt_finish(struct delivery *delivery)
{
	struct proof *proof = delivery->proof;
	if (!proof)
		return;
	wire_finish(&proof->wire);
	token_wait_finish(&proof->token);
	free(proof);
	delivery->proof = NULL;
}
