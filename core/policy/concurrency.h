/* core/policy/concurrency.h
 *
 * How many requests of a service may be on the wire at once.
 *
 * It grows by one each time as many answers have come as may be on the wire, and shrinks to nine tenths when
 * the service says that it is overloaded or its round trips rise to more than twice what they were; where
 * that is a matter of a few milliseconds, it stays as it is. Owned by one shard; not thread-safe. Never reads
 * a clock.
 */
#pragma once

#include "base/base.h"

enum { CONCURRENCY_START = 10, CONCURRENCY_MOST = 200 };

struct concurrency {
	int64_t milli; /* thousandths of a request */
	bool fixed;
	int64_t took_us;        /* smoothed round trip of the last answers; 0: none yet */
	int64_t usual_us[2];    /* the lowest it was in this period and in the last one */
	int64_t period_ends_us; /* of the first of them */
	int64_t held_until_us;  /* what was sent before it shrank is still coming back: it does not shrink
				   again */
};

/* `fixed`: the number for good; 0: adaptive, from CONCURRENCY_START. */
void concurrency_init(struct concurrency *concurrency, int fixed);

int concurrency_limit(const struct concurrency *concurrency);

/* A good answer came after `took_us`; `on_wire` were, with this one. Only who uses half of what he may gets
 * more. */
void concurrency_answered(struct concurrency *concurrency, int64_t took_us, int on_wire, int64_t now_us);

/* 429, 503, or no answer in time. */
void concurrency_overloaded(struct concurrency *concurrency, int64_t now_us);
