#include "engine/window.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct window_entry {
	struct window_key key;
	uint64_t owner;
	UT_hash_handle hh;
};

void window_init(struct window *window, size_t capacity)
{
	ensure(capacity > 0);
	*window = (struct window){.capacity = capacity};
}

void window_finish(struct window *window)
{
	HASH_CLEAR(hh, window->table);
	free(window->ring);
	*window = (struct window){0};
}

struct window_key window_key(const struct str *parts, size_t n)
{
	XXH3_state_t state;
	XXH3_128bits_reset(&state);
	for (size_t i = 0; i < n; i++) {
		uint64_t length = parts[i].n;
		XXH3_128bits_update(&state, &length, sizeof length);
		XXH3_128bits_update(&state, parts[i].p, parts[i].n);
	}
	XXH128_hash_t hash = XXH3_128bits_digest(&state);
	return (struct window_key){hash.low64, hash.high64};
}

static struct window_entry *find(const struct window *window, struct window_key key)
{
	struct window_entry *entry;
	HASH_FIND(hh, window->table, &key, sizeof key, entry);
	return entry;
}

bool window_has(const struct window *window, struct window_key key)
{
	return find(window, key) != NULL;
}

uint64_t window_claim(struct window *window, struct window_key key, uint64_t owner)
{
	struct window_entry *entry = find(window, key);
	if (entry)
		return entry->owner;
	if (!window->ring) /* on first use: most shards never see a `once` */
		window->ring = mem_zalloc(window->capacity * sizeof *window->ring);
	entry = &window->ring[window->next];
	window->next = (window->next + 1) % window->capacity;
	if (window->n == window->capacity)
		HASH_DEL(window->table, entry);
	else
		window->n++;
	entry->key = key;
	entry->owner = owner;
	HASH_ADD(hh, window->table, key, sizeof entry->key, entry);
	return owner;
}
