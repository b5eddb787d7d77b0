/* core/policy/recent.h
 *
 * The last attempts of a service, in figures for people: how many a second, how many succeeded, how long they
 * took. A fixed size, however many there are. Owned by one shard; not thread-safe. Never reads a clock.
 */
#pragma once

#include "base/base.h"

enum { RECENT_ATTEMPTS = 256, RECENT_SLOTS = 6, RECENT_SLOT_US = 10 * 1000000 };

struct recent {
	uint32_t took_us[RECENT_ATTEMPTS]; /* the oldest is overwritten */
	bool good[RECENT_ATTEMPTS];
	size_t n;                      /* ever */
	uint32_t counts[RECENT_SLOTS]; /* of the slots up to `slot` */
	int64_t slot;                  /* number of the slot that was counted last */
};

struct recent_figures {
	size_t n;               /* attempts that the next three are of */
	int success_percent;    /* 0 when n is 0 */
	int64_t p50_us, p99_us; /* round trips, whatever their end */
	uint64_t per_minute;    /* attempts that ended in the last minute */
};

void recent_note(struct recent *recent, bool good, int64_t took_us, int64_t now_us);
void recent_read(const struct recent *recent, int64_t now_us, struct recent_figures *ret);
