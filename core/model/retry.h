/* core/model/retry.h
 *
 * What a service says about its answers and about trying again. Part of a service: immutable once loaded.
 */
#pragma once

#include "base/base.h"

enum { RETRY_DELAYS_MAX = 32, RETRY_ATTEMPTS_MAX = 100, STATUS_MIN = 100, STATUS_MAX = 599 };

/* Some of the statuses 100 to 599. */
struct status_set {
	uint64_t bits[8];
};

static inline bool status_set_has(const struct status_set *set, int status)
{
	unsigned bit = (unsigned)(status - STATUS_MIN);
	return status >= STATUS_MIN && status <= STATUS_MAX && set->bits[bit / 64] >> bit % 64 & 1;
}

/* Both ends belong to it; both are statuses. */
static inline void status_set_add(struct status_set *set, int first, int last)
{
	for (unsigned bit = (unsigned)(first - STATUS_MIN); bit <= (unsigned)(last - STATUS_MIN); bit++)
		set->bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

struct retry_policy {
	int attempts;                        /* in all, at least 1: the first goes at once */
	int n_delays;                        /* at least 1 if attempts > 1; the last one repeats */
	int64_t delays_ms[RETRY_DELAYS_MAX]; /* before the 2nd, 3rd, … attempt */
	int jitter_percent;                  /* each delay is up to this much longer or shorter, by chance */

	/* No status is in two of them; those that are in none follow the general rules. */
	struct status_set success, dead_on, retry_on;
	bool has_success; /* `success` stands in the place of 200 to 299 */
};
