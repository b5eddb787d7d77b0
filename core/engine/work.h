/* core/engine/work.h
 *
 * How much is not settled: active work (events on their way, runs that run, deliveries that want to be sent)
 * and waiting work (runs that wait for an event or a time, deliveries between two attempts). Both in one
 * word, so that no thread can see a piece of work in neither while it goes from one to the other. Any thread.
 */
#pragma once

#include "base/base.h"

struct work {
	uint64_t counts; /* atomic: active in the low half, waiting in the high half */
};

#define WORK_WAITING ((uint64_t)1 << 32)

static inline uint64_t work_add(struct work *work, uint64_t change)
{
	return __atomic_add_fetch(&work->counts, change, __ATOMIC_ACQ_REL);
}

static inline size_t work_active(const struct work *work)
{
	return (uint32_t)__atomic_load_n(&work->counts, __ATOMIC_ACQUIRE);
}

static inline size_t work_waiting(const struct work *work)
{
	return __atomic_load_n(&work->counts, __ATOMIC_ACQUIRE) >> 32;
}
