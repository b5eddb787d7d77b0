#include "model/event.h"

struct event *event_create(size_t max)
{
	struct event *event = mem_zalloc(sizeof *event);
	event->refs = 1;
	event->data.kind = VALUE_OBJECT;
	arena_init(&event->arena, max);
	return event;
}

struct event *event_ref(struct event *event)
{
	__atomic_add_fetch(&event->refs, 1, __ATOMIC_RELAXED);
	return event;
}

void event_unref(struct event *event)
{
	if (!event || __atomic_sub_fetch(&event->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	arena_finish(&event->arena);
	free(event);
}
