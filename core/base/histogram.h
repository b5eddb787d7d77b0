/* core/base/histogram.h
 *
 * How long something took, counted in buckets whose bounds suit everything that this program waits for: from
 * half a millisecond to a minute. Each figure is right by itself, all of them together only when nobody adds.
 * Any thread.
 */
#pragma once

#include "base/base.h"

enum { HISTOGRAM_BOUNDS = 16 };

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* atomic; not cumulative; the last is above all bounds */
	uint64_t sum_us;                       /* atomic */
};

extern const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

void histogram_add(struct histogram *histogram, int64_t took_us);

/* Adds what `from` holds to `to`, which belongs to the caller. */
void histogram_sum(struct histogram *to, const struct histogram *from);
