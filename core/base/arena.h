/* core/base/arena.h
 *
 * Memory that is given back all at once. Born with its maximum; not thread-safe.
 */
#pragma once

#include "base/base.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *next;
	size_t left;
	size_t used; /* bytes taken from the system, this struct not counted */
	size_t max;
};

/* `max` bounds what all allocations together take from the system, in bytes. */
void arena_init(struct arena *arena, size_t max);

/* Gives everything back; the arena can be used again. */
void arena_finish(struct arena *arena);

/* Memory aligned for any type, not cleared; NULL when the maximum is reached. Lives until arena_finish. */
void *arena_alloc(struct arena *arena, size_t n);
void *arena_zalloc(struct arena *arena, size_t n);

/* A terminated copy; p == NULL when the maximum is reached. */
struct str arena_copy(struct arena *arena, struct str s);
