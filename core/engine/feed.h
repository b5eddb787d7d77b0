/* core/engine/feed.h
 *
 * What happens, told to one who watches: deliveries as each of their attempts ends. A watcher gives room for
 * so many at a time, and what finds no room is only counted: so that watching costs the same at ten events a
 * second and at ten thousand, and nothing when nobody watches.
 */
#pragma once

#include "journal/journal.h"

struct feed_item {
	struct message message;
	struct feed *feed;
	struct journal_delivery row; /* without request and attempts; its texts belong to the item */
};

struct feed {
	int64_t room;      /* atomic */
	uint64_t left_out; /* atomic */
	struct mailbox *mailbox;

	/* The watcher's thread only. */
	void (*take)(void *context, const struct journal_delivery *row);
	void *context;
};

/* Any thread: tells the watcher, if there is room. */
void feed_offer(struct feed *feed, const struct journal_delivery *row);

/* The watcher's thread: room for so many from now on, whatever was left. Returns how many were left out since
 * the last time. */
uint64_t feed_make_room(struct feed *feed, int64_t n);
