#include "base/mailbox.h"

void mailbox_init(struct mailbox *mailbox, void (*wake)(void *context), void *context)
{
	*mailbox = (struct mailbox){.wake = wake, .context = context};
	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->last = &mailbox->first;
}

void mailbox_finish(struct mailbox *mailbox)
{
	pthread_mutex_destroy(&mailbox->lock);
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
	mailbox_post_all(mailbox, message, message);
}

bool mailbox_put(struct mailbox *mailbox, struct message *first, struct message *last)
{
	last->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	bool was_empty = !mailbox->first;
	*mailbox->last = first;
	mailbox->last = &last->next;
	pthread_mutex_unlock(&mailbox->lock);
	return was_empty;
}

void mailbox_wake(struct mailbox *mailbox)
{
	if (mailbox->wake)
		mailbox->wake(mailbox->context);
}

void mailbox_post_all(struct mailbox *mailbox, struct message *first, struct message *last)
{
	if (mailbox_put(mailbox, first, last))
		mailbox_wake(mailbox);
}

struct message *mailbox_take(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	struct message *first = mailbox->first;
	mailbox->first = NULL;
	mailbox->last = &mailbox->first;
	pthread_mutex_unlock(&mailbox->lock);
	return first;
}

size_t mailbox_drain(struct mailbox *mailbox)
{
	struct message *message = mailbox_take(mailbox);
	size_t n = 0;
	for (; message; n++) {
		struct message *next = message->next;
		message->deliver(message);
		message = next;
	}
	return n;
}
