/* core/base/hash.h
 *
 * uthash with our hash function. Include this instead of uthash.h, so that every table of the program hashes
 * alike. A table takes the upper half of the hash, since a shard's keys have all the same rest of the whole
 * one: by the lower half, their table would have most buckets empty and grow no more.
 */
#pragma once

#include "base/base.h"

#define HASH_FUNCTION(key, length, hash) \
	((hash) = (unsigned)(str_hash((struct str){(const char *)(key), (length)}) >> 32))
#include <uthash.h>
