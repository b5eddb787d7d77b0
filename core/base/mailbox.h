/* core/base/mailbox.h
 *
 * How threads talk: messages are posted by any thread and delivered, in order, by the one that owns the
 * mailbox. The only lock of the program is in here. A mailbox has no bound of its own: what enters the engine
 * is bounded at its door, and every message comes from something that entered.
 */
#pragma once

#include "base/base.h"

#include <pthread.h>

struct message {
	struct message *next;
	void (*deliver)(
		struct message *message); /* called by the owner; the message is the callee's from then on */
};

struct mailbox {
	pthread_mutex_t lock;
	struct message *first, **last;
	void (*wake)(void *context); /* called by the poster when the mailbox was empty, outside the lock */
	void *context;
};

void mailbox_init(struct mailbox *mailbox, void (*wake)(void *context), void *context);
void mailbox_finish(struct mailbox *mailbox);

/* Any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

/* A list of messages, linked by `next`, under one lock. Any thread. */
void mailbox_post_all(struct mailbox *mailbox, struct message *first, struct message *last);

/* The same without waking the owner; true when it has to be woken, by mailbox_wake(), before the poster
 * sleeps. So a poster that has more to post wakes once. Any thread. */
bool mailbox_put(struct mailbox *mailbox, struct message *first, struct message *last);
void mailbox_wake(struct mailbox *mailbox);

/* Delivers what is there now; what callbacks post meanwhile waits for the next turn. The owner. Returns how
 * many. */
size_t mailbox_drain(struct mailbox *mailbox);

/* What is there now, taken off, linked by `next`; NULL when empty. For an owner that handles messages in
 * groups. */
struct message *mailbox_take(struct mailbox *mailbox);
