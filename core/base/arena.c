#include "base/arena.h"

#include <stdalign.h>

enum { CHUNK_MIN = 1024, CHUNK_MAX = 64 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t max)
{
	*arena = (struct arena){.max = max};
}

void arena_finish(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;
	while (chunk) {
		struct arena_chunk *older = chunk->older;
		free(chunk);
		chunk = older;
	}
	arena_init(arena, arena->max);
}

/* Chunks double with what is in use, so that a small arena stays small and a big one needs few calls. */
static bool arena_grow(struct arena *arena, size_t n)
{
	size_t size = arena->used < CHUNK_MIN ? CHUNK_MIN : arena->used;
	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < n + sizeof(struct arena_chunk))
		size = n + sizeof(struct arena_chunk);
	if (n > arena->max || arena->used > arena->max - n)
		return false;
	struct arena_chunk *chunk = mem_alloc(size);
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = size - sizeof *chunk;
	arena->used += size;
	return true;
}

void *arena_alloc(struct arena *arena, size_t n)
{
	const size_t align = alignof(max_align_t);
	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + align - 1) & ~(align - 1);
	if (n > arena->left && !arena_grow(arena, n))
		return NULL;
	void *p = arena->next;
	arena->next += n;
	arena->left -= n;
	return p;
}

void *arena_zalloc(struct arena *arena, size_t n)
{
	void *p = arena_alloc(arena, n);
	if (p)
		memset(p, 0, n);
	return p;
}

struct str arena_copy(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.n + 1);
	if (!p)
		return (struct str){0};
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct str){p, s.n};
}
