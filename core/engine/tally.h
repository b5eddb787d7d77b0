/* core/engine/tally.h
 *
 * What the engine counts for its operators, by campaign and by service. Each shard counts for itself, without
 * a lock: its thread adds rows, any thread reads them. Rows are never removed; past TALLY_ROWS_MAX names of a
 * kind a shard counts the others under one.
 */
#pragma once

#include "base/hash.h"
#include "base/histogram.h"

enum { TALLY_ROWS_MAX = 1024, TALLY_FIGURES = 7 };

#define TALLY_OTHERS "(others)"

enum tally_kind {
	TALLY_RUNS,       /* by campaign; figures by enum run_outcome */
	TALLY_DELIVERIES, /* by service; figures by enum tally_figure, histogram of attempts */
	TALLY_KINDS
};

/* Of TALLY_DELIVERIES. */
enum tally_figure {
	TALLY_DELIVERED,
	TALLY_DEAD,
	TALLY_EXPIRED,
	TALLY_ATTEMPTS,
	TALLY_FAILED_ATTEMPTS,
	TALLY_PENDING, /* goes up and down */
	TALLY_BREAKER, /* 1 while it is not closed */
};

struct tally_row {
	struct str name;
	uint64_t figures[TALLY_FIGURES]; /* atomic */
	struct histogram took;
	UT_hash_handle hh; /* the shard's */
};

struct tally {
	struct tally_table {
		struct tally_row *rows[TALLY_ROWS_MAX + 1];
		size_t n; /* atomic: a row is whole before it is counted */
		struct tally_row *by_name;
	} tables[TALLY_KINDS];
	struct histogram turns; /* of the loop: how long it was busy before it looked around again */
	uint64_t lua_bytes;     /* atomic */
	uint64_t lua_states;    /* atomic */
};

void tally_finish(struct tally *tally);

/* The shard's thread, or before it runs. The row of that name, made when it is new; valid as long as the
 * shard. */
struct tally_row *tally_row(struct tally *tally, enum tally_kind kind, struct str name);

static inline void tally_add(struct tally_row *row, unsigned figure, int change)
{
	__atomic_add_fetch(&row->figures[figure], (uint64_t)(int64_t)change, __ATOMIC_RELAXED);
}

static inline void tally_set(struct tally_row *row, unsigned figure, uint64_t value)
{
	__atomic_store_n(&row->figures[figure], value, __ATOMIC_RELAXED);
}

/* Any thread. Adds the shard's rows to `to`, which has none of its own thread's yet: for a reader's sum over
 * all shards. */
void tally_sum(struct tally *to, const struct tally *from);
