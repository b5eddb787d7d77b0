/* In what order deliveries go out.
 *
 * An outlet is a service as seen by its shard: how much of it may be used, and which deliveries may go next.
 * A lane is the deliveries of one service for one call: only its first is ever ready or on the wire, also
 * while it is retried, so that none overtakes another. Lanes do not hold each other up. Where the service
 * asks for no order each delivery has a lane of its own.
 *
 * Services do not hold each other up either. Each has a bound on what it has on the wire; and those that
 * fail share a part of the shard's wire, so that a thousand of them, each with a request that hangs, leave
 * the rest to the others.
 */
#include "engine/outlet.h"
#include "policy/retry.h"

enum { FETCH_AGAIN_MS = 100 };

struct lane_key {
	uint64_t service, call;
};

struct lane {
	struct lane_key key;
	struct list deliveries;
	UT_hash_handle hh;
};

static void outlet_woken(struct timer *timer)
{
	outlet_queue(container_of(timer, struct outlet, wake));
}

struct outlet *outlet_of(struct shard *shard, uint64_t service, struct str name)
{
	struct outlet *outlet;
	HASH_FIND(hh, shard->outlets, &service, sizeof service, outlet);
	if (outlet)
		return outlet;
	outlet = mem_zalloc(sizeof *outlet);
	outlet->service = service;
	outlet->name = mem_strndup(name.p, name.n);
	outlet->shard = shard;
	outlet->wake.fire = outlet_woken;
	concurrency_init(&outlet->concurrency, 0);
	list_init(&outlet->ready);
	list_init(&outlet->in_shard);
	list_init(&outlet->deliveries);
	HASH_ADD(hh, shard->outlets, service, sizeof outlet->service, outlet);
	return outlet;
}

static struct lane *lane_of(struct shard *shard, struct lane_key key)
{
	struct lane *lane;
	HASH_FIND(hh, shard->lanes, &key, sizeof key, lane);
	if (lane)
		return lane;
	lane = mem_zalloc(sizeof *lane);
	lane->key = key;
	list_init(&lane->deliveries);
	HASH_ADD(hh, shard->lanes, key, sizeof lane->key, lane);
	return lane;
}

/* --- what the rules say --- */

/* Deliveries can still come in from rules that serve no more. */
static void take_limits(struct outlet *outlet, const struct delivery *delivery)
{
	const struct service_limits *limits = &delivery->service->limits;
	if (!delivery->unit || unit_is_retired(delivery->unit))
		return;
	if (limits->concurrency != outlet->limits.concurrency)
		concurrency_init(&outlet->concurrency, limits->concurrency);
	limiter_set(&outlet->limiter, limits->rate, limits->period_ms * 1000, limits->burst);
	outlet->limits = *limits;
}

/* --- taking turns --- */

/* What cannot go counts as waiting, so that a service with much of it keeps no events from coming in. */
static void count_resting(struct outlet *outlet, size_t n)
{
	uint64_t change = (uint64_t)(int64_t)((int64_t)n - (int64_t)outlet->n_resting);
	if (change)
		engine_work(outlet->shard->engine, change * (WORK_WAITING - 1));
	outlet->n_resting = n;
}

/* A shard that stops does not wait for what is blocked: it stays where it is, unsettled, like a retry. */
static void strand(struct outlet *outlet)
{
	count_resting(outlet, outlet->n_ready);
	for (struct list *item; (item = list_first(&outlet->ready));) {
		outlet_rest_behind(container_of(item, struct delivery, in_outlet));
		list_remove(item);
	}
	outlet->n_ready = outlet->n_resting = 0;
}

bool outlet_is_left_alone(const struct outlet *outlet, int64_t now_us)
{
	return outlet->paused || outlet->resume_us > now_us || !breaker_would_send(&outlet->breaker, now_us);
}

int64_t outlet_blocked_until_us(const struct outlet *outlet, int64_t now_us)
{
	const struct breaker *breaker = &outlet->breaker;
	/* The end of the probe is what it waits for. */
	if (outlet->paused || breaker->state == BREAKER_HALF_OPEN)
		return INT64_MAX;
	int64_t until_us = outlet->resume_us > now_us ? outlet->resume_us : 0;
	if (!breaker_would_send(breaker, now_us) && breaker->until_us > until_us)
		until_us = breaker->until_us;
	int64_t wait_us = limiter_wait(&outlet->limiter, now_us);
	return wait_us && now_us + wait_us > until_us ? now_us + wait_us : until_us;
}

static bool has_room(const struct outlet *outlet)
{
	return outlet->n_on_wire < (size_t)concurrency_limit(&outlet->concurrency);
}

/* Outlets take turns: one that has sent goes to the end. */
void outlet_queue(struct outlet *outlet)
{
	struct shard *shard = outlet->shard;
	list_remove(&outlet->in_shard);
	timers_cancel(&shard->timers, &outlet->wake);
	int64_t now_us = clock_mono_us(shard->clock), until_us = 0;
	if (!list_empty(&outlet->ready))
		until_us = outlet_blocked_until_us(outlet, now_us);
	if (until_us && shard->stopping) {
		strand(outlet);
		return;
	}
	count_resting(outlet, until_us ? outlet->n_ready : 0);
	if (until_us && outlet_is_left_alone(outlet, now_us))
		outlet_rest(outlet);
	if (until_us && until_us < INT64_MAX)
		timers_set(&shard->timers, &outlet->wake, until_us);
	else if (!until_us && !list_empty(&outlet->ready) && has_room(outlet))
		list_append(outlet_is_ailing(outlet) ? &shard->ailing : &shard->ready, &outlet->in_shard);
}

static void make_ready(struct delivery *delivery)
{
	struct outlet *outlet = delivery->outlet;
	list_append(&outlet->ready, &delivery->in_outlet);
	outlet->n_ready++;
	if (list_empty(&outlet->in_shard))
		outlet_queue(outlet);
}

static void unmake_ready(struct delivery *delivery)
{
	if (list_empty(&delivery->in_outlet))
		return;
	list_remove(&delivery->in_outlet);
	delivery->outlet->n_ready--;
}

static void rest_behind(struct delivery *delivery)
{
	delivery->behind = true;
	engine_work(delivery->shard->engine, WORK_WAITING - 1);
	outlet_rest_one(delivery);
}

/* Those that came last are at the end: once one is found that rests already, so do all before it. */
void outlet_rest_behind(struct delivery *head)
{
	struct list *lane = &head->lane->deliveries;
	for (struct list *at = lane->prev; at != lane && at != &head->in_lane; at = at->prev) {
		struct delivery *delivery = container_of(at, struct delivery, in_lane);
		if (delivery->behind)
			return;
		rest_behind(delivery);
	}
}

/* Does the first of the lane wait for a time, and not just for its turn? */
static bool head_waits(const struct delivery *head)
{
	if (timer_is_set(&head->retry))
		return true;
	return !list_empty(&head->in_outlet) &&
	       outlet_is_left_alone(head->outlet, clock_mono_us(head->shard->clock));
}

static void stand_first(struct delivery *delivery)
{
	if (delivery->behind)
		engine_work(delivery->shard->engine, 1 - WORK_WAITING);
	delivery->behind = false;
}

/* One that was retried before the engine was started again still waits for its time; not for longer than any
 * wait can be, though the wall clock may have been set back since. */
static void become_head(struct delivery *delivery)
{
	int64_t delay_ms = delivery->next_ms ? delivery->next_ms - clock_wall_ms(delivery->shard->clock) : 0;
	int64_t most_ms = retry_longest_ms(&delivery->service->retry);
	stand_first(delivery);
	delivery->next_ms = 0;
	if (delay_ms > most_ms)
		delay_ms = most_ms;
	if (delay_ms > 0)
		delivery_wait(delivery, delay_ms);
	else
		make_ready(delivery);
}

void outlet_enter(struct delivery *delivery)
{
	struct shard *shard = delivery->shard;
	struct lane_key key = {
		delivery->service->hash,
		str_hash(delivery->service->unordered ? str_of(delivery->id.z) : delivery->event->subject)};
	struct outlet *outlet = outlet_of(shard, delivery->service->hash, delivery->service->name);
	delivery->outlet = outlet;
	delivery->lane = lane_of(shard, key);
	take_limits(outlet, delivery);
	list_append(&outlet->deliveries, &delivery->in_service);
	outlet->n_deliveries++;
	bool first = list_empty(&delivery->lane->deliveries);
	list_append(&delivery->lane->deliveries, &delivery->in_lane);
	delivery_watch_expiry(delivery);
	if (first)
		become_head(delivery);
	else if (head_waits(container_of(list_first(&delivery->lane->deliveries), struct delivery, in_lane)))
		rest_behind(delivery);
}

void outlet_again(struct delivery *delivery)
{
	make_ready(delivery);
}

/* --- sending --- */

/* A probe is the oldest, so that what has waited longest has not waited for nothing. Once in seconds. */
static struct delivery *pick(struct outlet *outlet)
{
	struct delivery *picked = container_of(list_first(&outlet->ready), struct delivery, in_outlet);
	if (outlet->breaker.state == BREAKER_CLOSED)
		return picked;
	for (struct list *at = outlet->ready.next; at != &outlet->ready; at = at->next) {
		struct delivery *delivery = container_of(at, struct delivery, in_outlet);
		if (delivery->created_ms < picked->created_ms)
			picked = delivery;
	}
	return picked;
}

/* Those that fail come first and have their part of the wire, never more: neither kind starves the other. */
static struct outlet *next_outlet(struct shard *shard)
{
	struct list *item = NULL;
	if (shard->n_on_wire >= ON_WIRE_MAX)
		return NULL;
	if (shard->n_ailing_on_wire < ON_WIRE_AILING_MAX)
		item = list_first(&shard->ailing);
	if (!item)
		item = list_first(&shard->ready);
	return item ? container_of(item, struct outlet, in_shard) : NULL;
}

static void send_one(struct outlet *outlet, int64_t now_us)
{
	struct shard *shard = outlet->shard;
	struct delivery *delivery = pick(outlet);
	if (delivery_expired(delivery))
		return;
	if (!outlet_fetch(delivery)) {
		unmake_ready(delivery);
		delivery_wait(delivery, FETCH_AGAIN_MS);
		outlet_queue(outlet);
		return;
	}
	ensure(breaker_may_send(&outlet->breaker, now_us) && limiter_take(&outlet->limiter, now_us) == 0);
	unmake_ready(delivery);
	delivery->ailing = outlet_is_ailing(outlet);
	shard->n_ailing_on_wire += delivery->ailing;
	outlet->n_on_wire++;
	shard->n_on_wire++;
	outlet_queue(outlet);
	delivery_attempt(delivery);
}

void outlet_send_ready(struct shard *shard)
{
	for (struct outlet *outlet; (outlet = next_outlet(shard));) {
		int64_t now_us = clock_mono_us(shard->clock);
		/* It took its place a while ago, and answers have come since. */
		if (outlet_blocked_until_us(outlet, now_us) || !has_room(outlet))
			outlet_queue(outlet);
		else
			send_one(outlet, now_us);
	}
}

void outlet_attempt_ended(struct delivery *delivery, const struct answer *answer)
{
	struct outlet *outlet = delivery->outlet;
	bool was_ailing = outlet_is_ailing(outlet);
	outlet->n_on_wire--;
	outlet->shard->n_on_wire--;
	outlet->shard->n_ailing_on_wire -= delivery->ailing;
	outlet_note(outlet, delivery, answer);
	if (list_empty(&outlet->in_shard) || outlet_is_ailing(outlet) != was_ailing)
		outlet_queue(outlet);
}

void outlet_leave(struct delivery *delivery)
{
	struct lane *lane = delivery->lane;
	struct outlet *outlet = delivery->outlet;
	bool was_first = list_first(&lane->deliveries) == &delivery->in_lane;
	list_remove(&delivery->in_lane);
	list_remove(&delivery->in_service);
	outlet->n_deliveries--;
	stand_first(delivery);
	unmake_ready(delivery);
	outlet_queue(outlet);
	struct list *next = list_first(&lane->deliveries);
	if (next && was_first) {
		become_head(container_of(next, struct delivery, in_lane));
	} else if (!next) {
		HASH_DEL(delivery->shard->lanes, lane);
		free(lane);
	}
}

/* --- the end --- */

void deliveries_abandon(struct shard *shard)
{
	struct lane *lane, *next;
	HASH_ITER(hh, shard->lanes, lane, next)
	{
		for (struct list *item; (item = list_first(&lane->deliveries));) {
			struct delivery *delivery = container_of(item, struct delivery, in_lane);
			list_remove(&delivery->in_lane);
			list_remove(&delivery->in_outlet);
			list_remove(&delivery->in_service);
			if (delivery->exchange.work)
				transport_cancel(shard->transport, &delivery->exchange);
			timers_cancel(&shard->timers, &delivery->retry);
			timers_cancel(&shard->timers, &delivery->expiry);
			delivery_free(delivery);
		}
		HASH_DEL(shard->lanes, lane);
		free(lane);
	}
}

void outlets_free(struct shard *shard)
{
	struct outlet *outlet, *next;
	HASH_ITER(hh, shard->outlets, outlet, next)
	{
		HASH_DEL(shard->outlets, outlet);
		timers_cancel(&shard->timers, &outlet->wake);
		free(outlet->name);
		free(outlet);
	}
}

void outlets_stop(struct shard *shard)
{
	for (struct outlet *outlet = shard->outlets; outlet; outlet = outlet->hh.next)
		outlet_queue(outlet);
}
