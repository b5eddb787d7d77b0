/* core/base/hash.h
 *
 * uthash with our hash function. Include this instead of uthash.h, so that every table of the program hashes
 * alike.
 */
#pragma once

#include "base/base.h"

#define HASH_FUNCTION(key, length, hash) \
	((hash) = (unsigned)str_hash((struct str){(const char *)(key), (length)}))
#include <uthash.h>
