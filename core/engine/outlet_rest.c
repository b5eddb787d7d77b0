/* Deliveries of a service that is left alone, or behind one that waits for its retry, wait on disk: each has
 * its row, and in memory it is a name without its request. */
#include "engine/outlet.h"

#include "engine/record.h"
#include "format/exchange_text.h"

void outlet_rest_one(struct delivery *delivery)
{
	if (!delivery->shard->engine->options.journal || !delivery->request)
		return;
	if (!delivery->recorded)
		record_delivery(delivery, DELIVERY_PENDING, 0, NULL, NULL);
	free(delivery->request);
	delivery->request = NULL;
}

/* Those that came last are at the end: once one is found that rests already, so do all before it. */
void outlet_rest(struct outlet *outlet)
{
	if (!outlet->shard->engine->options.journal)
		return;
	for (struct list *at = outlet->ready.prev; at != &outlet->ready; at = at->prev) {
		struct delivery *delivery = container_of(at, struct delivery, in_outlet);
		if (!delivery->request)
			return;
		outlet_rest_one(delivery);
		outlet_rest_behind(delivery);
	}
}

static bool take_request(void *context, const struct journal_delivery *row)
{
	struct delivery *delivery = context;
	delivery->request = request_from_text(row->request);
	return false;
}

bool outlet_fetch(struct delivery *delivery)
{
	struct delivery_query query = {.id = str_of(delivery->id.z),
				       .seq = delivery->event->seq,
				       .state = -1,
				       .with_request = true,
				       .limit = 1};
	struct error error;
	if (delivery->request)
		return true;
	struct journal_reader *reader = shard_reader(delivery->shard);
	if (reader && journal_read_deliveries(reader, &query, take_request, delivery, &error))
		log_error(&delivery->shard->engine->log, "a waiting delivery cannot be read", "service",
			  LOG_STR(delivery->service->name), "delivery", delivery->id.z, "error", error.what);
	return delivery->request != NULL;
}
