#include "engine/attempt.h"

#include <stdio.h>

static void answer_failed(struct timer *timer)
{
	struct delivery *delivery = container_of(timer, struct delivery, retry);
	struct answer answer = {.failure = FAILURE_AUTH};
	memcpy(answer.detail, delivery->unproven, sizeof answer.detail);
	delivery->preparing = false;
	delivery->exchange.done(&delivery->exchange, &answer);
}

/* The timer of the next attempt is not in use while this one lasts. */
static void fail(struct delivery *delivery, const char *why)
{
	struct shard *shard = delivery->shard;
	snprintf(delivery->unproven, sizeof delivery->unproven, "%.*s", (int)sizeof delivery->unproven - 1,
		 why);
	delivery->retry.fire = answer_failed;
	timers_set(&shard->timers, &delivery->retry, clock_mono_us(shard->clock));
}

static void send(struct delivery *delivery)
{
	struct shard *shard = delivery->shard;
	struct exchange *exchange = &delivery->exchange;
	struct wire_order order = {
		.request = delivery->request,
		.service = delivery->service,
		.id = str_of(delivery->id.z),
		.token = str_of(delivery->token.token),
		.now_ms = clock_wall_ms(shard->clock),
		.secrets = shard->engine->options.secrets,
	};
	struct error error;
	int r = wire_make(&order, &delivery->wire, &error);
	token_wait_finish(&delivery->token);
	if (r < 0) {
		fail(delivery, error.what);
		return;
	}
	delivery->preparing = false;
	exchange->request = delivery->wire.request ? delivery->wire.request : delivery->request;
	memcpy(exchange->extra + delivery->n_extra, delivery->wire.extra,
	       delivery->wire.n_extra * sizeof exchange->extra[0]);
	exchange->n_extra = delivery->n_extra + delivery->wire.n_extra;
	exchange->proof = delivery->wire.has_proof ? &delivery->wire.proof : NULL;
	transport_send(shard->transport, exchange);
}

static void has_token(struct token_wait *wait)
{
	struct delivery *delivery = container_of(wait, struct delivery, token);
	if (wait->token)
		send(delivery);
	else
		fail(delivery, wait->failed);
}

static void ask_for_token(struct delivery *delivery, const struct auth *auth, uint64_t rejected)
{
	delivery->preparing = true;
	delivery->token.home = delivery->shard;
	delivery->token.auth = auth;
	delivery->token.rejected = rejected;
	delivery->token.done = has_token;
	tokens_ask(&delivery->token);
}

static const struct auth *token_auth(const struct delivery *delivery)
{
	return delivery->shard->engine->options.secrets ? service_oauth2(delivery->service) : NULL;
}

void attempt_begin(struct delivery *delivery,
		   void (*done)(struct exchange *exchange, const struct answer *answer))
{
	const struct auth *auth = token_auth(delivery);
	delivery->exchange.done = done;
	delivery->preparing = true;
	delivery->renewed = false;
	delivery->n_extra = delivery->exchange.n_extra;
	ensure(delivery->n_extra + WIRE_EXTRA_MAX <= countof(delivery->exchange.extra));
	if (auth)
		ask_for_token(delivery, auth, 0);
	else
		send(delivery);
}

bool attempt_again_with_new_token(struct delivery *delivery, const struct answer *answer)
{
	const struct auth *auth = answer->status == 401 && !delivery->renewed ? token_auth(delivery) : NULL;
	if (!auth || delivery->shard->stopping)
		return false;
	delivery->renewed = true;
	wire_finish(&delivery->wire);
	ask_for_token(delivery, auth, delivery->token.serial);
	return true;
}

void attempt_finish(struct delivery *delivery)
{
	wire_finish(&delivery->wire);
	token_wait_finish(&delivery->token);
}
