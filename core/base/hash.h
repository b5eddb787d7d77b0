/* core/base/hash.h
 *
 * uthash with our hash function. Include this instead of uthash.h, so that every table of the program hashes
 * alike.
 */
#pragma once

#include "base/base.h"

/* Not str_hash: by that a call's shard is chosen, so that in the table of a shard most buckets would be
 * empty. And another one in each process, so that nobody can choose names beforehand that meet in one bucket.
 */
unsigned table_hash(const void *key, size_t n);

#define HASH_FUNCTION(key, length, hash) ((hash) = table_hash((key), (length)))
#include <uthash.h>
