#include "base/timers.h"

void timers_init(struct timers *timers)
{
	*timers = (struct timers){0};
}

void timers_finish(struct timers *timers)
{
	for (size_t i = 0; i < timers->n; i++)
		timers->heap[i]->place = 0;
	free(timers->heap);
	timers_init(timers);
}

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place - 1] = timer;
	timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer, size_t place)
{
	while (place > 1 && before(timer, timers->heap[place / 2 - 1])) {
		put(timers, place, timers->heap[place / 2 - 1]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sift_down(struct timers *timers, struct timer *timer, size_t place)
{
	for (;;) {
		size_t child = place * 2;
		if (child > timers->n)
			break;
		if (child < timers->n && before(timers->heap[child], timers->heap[child - 1]))
			child++;
		if (!before(timers->heap[child - 1], timer))
			break;
		put(timers, place, timers->heap[child - 1]);
		place = child;
	}
	put(timers, place, timer);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t due_us)
{
	timers_cancel(timers, timer);
	if (timers->n == timers->capacity) {
		timers->capacity = timers->capacity ? timers->capacity * 2 : 16;
		timers->heap = mem_realloc(timers->heap, timers->capacity * sizeof *timers->heap);
	}
	timer->due_us = due_us;
	timer->order = timers->order++;
	timers->n++;
	sift_up(timers, timer, timers->n);
}

void timers_cancel(struct timers *timers, struct timer *timer)
{
	if (!timer->place)
		return;
	size_t place = timer->place;
	timer->place = 0;
	struct timer *last = timers->heap[--timers->n];
	if (last == timer)
		return;
	if (place > 1 && before(last, timers->heap[place / 2 - 1]))
		sift_up(timers, last, place);
	else
		sift_down(timers, last, place);
}

int64_t timers_next_us(const struct timers *timers)
{
	return timers->n ? timers->heap[0]->due_us : INT64_MAX;
}

void timers_run(struct timers *timers, int64_t now_us)
{
	while (timers->n && timers->heap[0]->due_us <= now_us) {
		struct timer *timer = timers->heap[0];
		timers_cancel(timers, timer);
		timer->fire(timer);
	}
}
