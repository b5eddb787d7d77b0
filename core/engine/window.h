/* core/engine/window.h
 *
 * The last so many keys, to recognise one that comes again: event ids, keys of `once`. A set of fixed size
 * that forgets the oldest; not thread-safe. Keys are 128-bit hashes: two different ones that meet are less
 * likely than a broken disk.
 */
#pragma once

#include "base/base.h"

struct window_key {
	uint64_t low, high;
};

struct window_entry;

struct window {
	struct window_entry *ring, *table;
	size_t capacity, next, n;
};

void window_init(struct window *window, size_t capacity);
void window_finish(struct window *window);

/* The parts are hashed with their lengths, so that "a","bc" and "ab","c" differ. */
struct window_key window_key(const struct str *parts, size_t n);

/* Remembers the key for `owner`, unless somebody has it. Returns whose it is now. */
uint64_t window_claim(struct window *window, struct window_key key, uint64_t owner);
bool window_has(const struct window *window, struct window_key key);
