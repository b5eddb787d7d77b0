#include "engine/feed.h"

static void deliver_item(struct message *message)
{
	struct feed_item *item = container_of(message, struct feed_item, message);
	if (item->feed->take)
		item->feed->take(item->feed->context, &item->row);
	free(item);
}

static struct str take_copy(char **at, struct str s)
{
	struct str copy = {*at, s.n};
	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

void feed_offer(struct feed *feed, const struct journal_delivery *row)
{
	if (__atomic_load_n(&feed->room, __ATOMIC_RELAXED) <= 0 ||
	    __atomic_sub_fetch(&feed->room, 1, __ATOMIC_RELAXED) < 0) {
		__atomic_add_fetch(&feed->left_out, 1, __ATOMIC_RELAXED);
		return;
	}
	size_t n = row->id.n + row->campaign.n + row->rule.n + row->service.n + row->verb.n + row->call.n +
		   row->failure.n;
	struct feed_item *item = mem_zalloc(sizeof *item + n);
	char *at = (char *)(item + 1);
	item->message.deliver = deliver_item;
	item->feed = feed;
	item->row = *row;
	item->row.id = take_copy(&at, row->id);
	item->row.campaign = take_copy(&at, row->campaign);
	item->row.rule = take_copy(&at, row->rule);
	item->row.service = take_copy(&at, row->service);
	item->row.verb = take_copy(&at, row->verb);
	item->row.call = take_copy(&at, row->call);
	item->row.failure = take_copy(&at, row->failure);
	item->row.request = item->row.attempts_json = (struct str){0};
	mailbox_post(feed->mailbox, &item->message);
}

uint64_t feed_make_room(struct feed *feed, int64_t n)
{
	__atomic_store_n(&feed->room, n, __ATOMIC_RELAXED);
	return __atomic_exchange_n(&feed->left_out, 0, __ATOMIC_RELAXED);
}
