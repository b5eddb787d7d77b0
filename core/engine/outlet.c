/* In what order deliveries go out.
 *
 * An outlet is a service as seen by its shard: how many of its requests are on the wire, and which may go
 * next. A lane is the deliveries of one service for one call: only its first is ever ready or on the wire,
 * also while it is retried, so that none overtakes another. Lanes do not hold each other up. Where the
 * service asks for no order each delivery has a lane of its own.
 */
#include "engine/private.h"
#include "policy/retry.h"

struct outlet {
	uint64_t service;     /* hash of its name */
	struct list ready;    /* deliveries that may go, oldest first */
	struct list in_shard; /* among the outlets that may send more */
	size_t n_on_wire;
	UT_hash_handle hh;
};

struct lane_key {
	uint64_t service, call;
};

struct lane {
	struct lane_key key;
	struct list deliveries;
	UT_hash_handle hh;
};

static struct outlet *outlet_of(struct shard *shard, const struct service *service)
{
	struct outlet *outlet;
	HASH_FIND(hh, shard->outlets, &service->hash, sizeof service->hash, outlet);
	if (outlet)
		return outlet;
	outlet = mem_zalloc(sizeof *outlet);
	outlet->service = service->hash;
	list_init(&outlet->ready);
	list_init(&outlet->in_shard);
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

/* Outlets take turns: one that has sent goes to the end. */
static void outlet_queue(struct shard *shard, struct outlet *outlet)
{
	list_remove(&outlet->in_shard);
	if (!list_empty(&outlet->ready) && outlet->n_on_wire < ON_WIRE_PER_SERVICE_MAX)
		list_append(&shard->ready, &outlet->in_shard);
}

static void make_ready(struct delivery *delivery)
{
	struct outlet *outlet = delivery->outlet;
	list_append(&outlet->ready, &delivery->in_outlet);
	if (list_empty(&outlet->in_shard))
		outlet_queue(delivery->shard, outlet);
}

/* One that was retried before the engine was started again still waits for its time; not for longer than any
 * wait can be, though the wall clock may have been set back since. */
static void become_head(struct delivery *delivery)
{
	int64_t delay_ms = delivery->next_ms ? delivery->next_ms - clock_wall_ms(delivery->shard->clock) : 0;
	int64_t most_ms = retry_longest_ms(&delivery->service->retry);
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
	delivery->outlet = outlet_of(shard, delivery->service);
	delivery->lane = lane_of(shard, key);
	bool first = list_empty(&delivery->lane->deliveries);
	list_append(&delivery->lane->deliveries, &delivery->in_lane);
	delivery_watch_expiry(delivery);
	if (first)
		become_head(delivery);
}

void outlet_again(struct delivery *delivery)
{
	make_ready(delivery);
}

void outlet_send_ready(struct shard *shard)
{
	for (struct list *item; shard->n_on_wire < ON_WIRE_MAX && (item = list_first(&shard->ready));) {
		struct outlet *outlet = container_of(item, struct outlet, in_shard);
		struct delivery *delivery =
			container_of(list_first(&outlet->ready), struct delivery, in_outlet);
		if (delivery_expired(delivery))
			continue;
		list_remove(&delivery->in_outlet);
		outlet->n_on_wire++;
		shard->n_on_wire++;
		outlet_queue(shard, outlet);
		delivery_attempt(delivery);
	}
}

void outlet_attempt_ended(struct delivery *delivery)
{
	delivery->outlet->n_on_wire--;
	delivery->shard->n_on_wire--;
	if (list_empty(&delivery->outlet->in_shard))
		outlet_queue(delivery->shard, delivery->outlet);
}

void outlet_leave(struct delivery *delivery)
{
	struct lane *lane = delivery->lane;
	bool was_first = list_first(&lane->deliveries) == &delivery->in_lane;
	list_remove(&delivery->in_lane);
	list_remove(&delivery->in_outlet);
	outlet_queue(delivery->shard, delivery->outlet);
	struct list *next = list_first(&lane->deliveries);
	if (next && was_first) {
		become_head(container_of(next, struct delivery, in_lane));
	} else if (!next) {
		HASH_DEL(delivery->shard->lanes, lane);
		free(lane);
	}
}

void deliveries_abandon(struct shard *shard)
{
	struct lane *lane, *next;
	HASH_ITER(hh, shard->lanes, lane, next)
	{
		for (struct list *item; (item = list_first(&lane->deliveries));) {
			struct delivery *delivery = container_of(item, struct delivery, in_lane);
			list_remove(&delivery->in_lane);
			list_remove(&delivery->in_outlet);
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
		free(outlet);
	}
}
