#include "model/event.h"

struct event *event_create(size_t max)
{
	struct event *event = mem_zalloc(sizeof *event);
	event->refs = 1;
	event->data.kind = VALUE_OBJECT;
	arena_init(&event->arena, max);
	return event;
}

struct event *event_brief(const struct event *event)
{
	const struct str *texts[] = {&event->id,      &event->type, &event->source,
				     &event->subject, &event->time, &event->traceparent};
	size_t size = 0;
	for (size_t i = 0; i < countof(texts); i++)
		size += texts[i]->n + 32; /* aligned, and one chunk's head */
	struct event *brief = event_create(size + 1024);
	struct str *copies[] = {&brief->id,      &brief->type, &brief->source,
				&brief->subject, &brief->time, &brief->traceparent};
	for (size_t i = 0; i < countof(texts); i++)
		*copies[i] = texts[i]->p ? arena_copy(&brief->arena, *texts[i]) : (struct str){0};
	brief->hops = event->hops;
	brief->time_ms = event->time_ms;
	brief->arrived_ms = event->arrived_ms;
	brief->seq = event->seq;
	brief->generation = event->generation;
	return brief;
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
