#include "journal/journal_private.h"

/* A slice: the rows that it looked at, bounded in number and in time. */
struct slice {
	struct retention *retention;
	struct store *store;
	int64_t now_ms, end_us;
	bool by_size;
	int removed;
};

struct old_event {
	uint64_t seq;
	int64_t arrived_ms, call;
};

static int64_t number_of(struct store *store, enum statement which)
{
	int64_t n = 0;
	return store_number(store, which, &n) == SQLITE_OK ? n : 0;
}

static bool too_large(const struct retention *retention, struct store *store)
{
	int64_t pages = number_of(store, STATEMENT_PAGES) - number_of(store, STATEMENT_FREE_PAGES);
	return pages * number_of(store, STATEMENT_PAGE_SIZE) > retention->retain_bytes;
}

static int exists(struct store *store, enum statement which, int64_t a, int64_t b, bool *ret)
{
	sqlite3_stmt *s = store->statements[which];
	int64_t found = 0;
	sqlite3_bind_int64(s, 1, a);
	if (sqlite3_bind_parameter_count(s) > 1)
		sqlite3_bind_int64(s, 2, b);
	int code = store_number(store, which, &found);
	*ret = found != 0;
	return code;
}

/* Unfinished, or needed by something of the same call that is unfinished and began before it: that will be
 * run again from its beginning and meet this event again. */
static int is_needed(struct store *store, const struct old_event *event, bool *ret)
{
	int64_t seq = (int64_t)event->seq;
	bool needed = false;
	int code = exists(store, STATEMENT_IS_OPEN, seq, 0, &needed);
	if (code == SQLITE_OK && !needed)
		code = exists(store, STATEMENT_OPEN_BEFORE, seq, event->call, &needed);
	if (code == SQLITE_OK && !needed)
		code = exists(store, STATEMENT_IS_PENDING, bucket_of(event->seq), seq, &needed);
	*ret = needed;
	return code;
}

static int run_with(struct store *store, enum statement which, int64_t a, int64_t b)
{
	sqlite3_stmt *s = store->statements[which];
	sqlite3_bind_int64(s, 1, a);
	if (sqlite3_bind_parameter_count(s) > 1)
		sqlite3_bind_int64(s, 2, b);
	return store_run(store, which);
}

static int remove_event(struct slice *slice, const struct old_event *event, bool old)
{
	static const enum statement with_event[] = {STATEMENT_REMOVE_RUNS, STATEMENT_REMOVE_STEPS,
						    STATEMENT_REMOVE_EVENT};
	struct store *store = slice->store;
	int64_t seq = (int64_t)event->seq;
	int code = store_fault(store, "before-remove");
	if (code == SQLITE_OK)
		code = run_with(store, STATEMENT_REMOVE_DELIVERIES, bucket_of(event->seq), seq);
	for (size_t i = 0; i < countof(with_event) && code == SQLITE_OK; i++)
		code = run_with(store, with_event[i], seq, 0);
	if (code == SQLITE_OK && old)
		code = run_with(store, STATEMENT_REMOVE_ONCE, seq, 0);
	slice->removed++;
	store->added--;
	return code;
}

/* Sets *ret_young at the first event that may stay. One with a time in the future (the clock was wrong) does
 * not keep the others. For the bound in bytes only events go whose ids are filed, and so stay known. */
static int look_at(struct slice *slice, const struct old_event *event, bool *ret_young)
{
	struct retention *retention = slice->retention;
	bool needed, old = event->arrived_ms < slice->now_ms - retention->retain_ms;
	bool for_size = slice->by_size && event->seq <= slice->store->ids.filed_seq;
	*ret_young = !old && !for_size && event->arrived_ms <= slice->now_ms;
	if (!old && !for_size)
		return SQLITE_OK;
	int code = is_needed(slice->store, event, &needed);
	if (code == SQLITE_OK && !needed)
		code = remove_event(slice, event, old);
	return code;
}

static int read_some(struct slice *slice, struct old_event *events, int *ret_n)
{
	sqlite3_stmt *s = slice->store->statements[STATEMENT_OLD_EVENTS];
	sqlite3_bind_int64(s, 1, (int64_t)slice->retention->after_seq);
	sqlite3_bind_int64(s, 2, RETAIN_READ_ROWS);
	int n = 0;
	while (sqlite3_step(s) == SQLITE_ROW && n < RETAIN_READ_ROWS)
		events[n++] = (struct old_event){.seq = (uint64_t)sqlite3_column_int64(s, 0),
						 .arrived_ms = sqlite3_column_int64(s, 1),
						 .call = sqlite3_column_int64(s, 2)};
	*ret_n = n;
	return sqlite3_reset(s);
}

static bool slice_is_over(const struct slice *slice)
{
	return slice->removed >= RETAIN_SLICE_ROWS || clock_mono_us(clock_system()) >= slice->end_us;
}

static int look_at_some(struct slice *slice, bool *ret_end)
{
	struct old_event events[RETAIN_READ_ROWS];
	struct retention *retention = slice->retention;
	bool young = false;
	int n, code = read_some(slice, events, &n);
	for (int i = 0; i < n && code == SQLITE_OK && !slice_is_over(slice); i++) {
		if (events[i].seq <= retention->after_seq)
			continue;
		code = look_at(slice, &events[i], &young);
		if (young)
			break;
		retention->after_seq = events[i].seq;
	}
	*ret_end = young || n == 0;
	return code;
}

static int slice_run(struct slice *slice, bool *ret_end)
{
	int code;
	do {
		code = look_at_some(slice, ret_end);
	} while (code == SQLITE_OK && !*ret_end && !slice_is_over(slice));
	return code;
}

/* Gives free pages back to the system, a few at a time; not those that the next events will need. */
static int shrink(struct store *store, bool *ret_more)
{
	int64_t free_pages = number_of(store, STATEMENT_FREE_PAGES),
		pages = number_of(store, STATEMENT_PAGES);
	*ret_more = free_pages > 128 && free_pages > pages / 10;
	return *ret_more ? sqlite3_exec(store->db, "PRAGMA incremental_vacuum(100)", NULL, NULL, NULL)
			 : SQLITE_OK;
}

/* What was forgotten by age although its event went earlier, for the bound in bytes. */
static int forget(struct slice *slice, int64_t *ret_forget_seq)
{
	struct store *store = slice->store;
	sqlite3_bind_int64(store->statements[STATEMENT_FORGET], 1,
			   slice->now_ms - slice->retention->retain_ms);
	int code = store_number(store, STATEMENT_FORGET, ret_forget_seq);
	if (code == SQLITE_OK)
		code = run_with(store, STATEMENT_REMOVE_MARKS, *ret_forget_seq, 0);
	return code == SQLITE_OK ? run_with(store, STATEMENT_FORGET_ONCE, *ret_forget_seq, 0) : code;
}

static int finish_slice(struct store *store, int code)
{
	if (code == SQLITE_OK && store->added)
		code = state_write(store);
	if (code == SQLITE_OK)
		code = store_fault(store, "before-remove-commit");
	if (code == SQLITE_OK)
		code = store_run(store, STATEMENT_COMMIT);
	if (code == SQLITE_OK)
		store->n_events += (uint64_t)store->added;
	if (code == SQLITE_OK)
		store->added = 0;
	return code;
}

int retention_run(struct retention *retention, struct store *store, int64_t now_us)
{
	if (now_us < retention->next_us)
		return SQLITE_OK;
	struct slice slice = {.retention = retention,
			      .store = store,
			      .now_ms = clock_wall_ms(retention->clock),
			      .end_us = now_us + RETAIN_SLICE_US,
			      .by_size = too_large(retention, store)};
	bool end = false, shrinking = false, generations = false;
	int64_t forget_seq = (int64_t)store->ids.forget_seq;
	if (!retention->active)
		retention->after_seq = 0;
	int code = store_run(store, STATEMENT_BEGIN);
	if (code == SQLITE_OK)
		code = slice_run(&slice, &end);
	if (code == SQLITE_OK && end)
		code = shrink(store, &shrinking);
	if (code == SQLITE_OK && end && !shrinking)
		code = forget(&slice, &forget_seq);
	if (code == SQLITE_OK && end && !shrinking)
		code = generations_run(&retention->generations, store, now_us, slice.end_us, &generations);
	code = finish_slice(store, code);
	if (code != SQLITE_OK) { /* what it removed is there again */
		generations_forget(&retention->generations);
		retention->generations.seen_writes = 0;
	}
	if (code == SQLITE_OK)
		store->ids.forget_seq = (uint64_t)forget_seq;
	/* What is too large may become smaller once more ids are filed. */
	bool filing = end && slice.by_size && HASH_COUNT(store->ids.recent) > RECENT_IDS / 64;
	store->ids.wanted |= filing;
	retention->active = !end || shrinking || generations;
	retention->next_us = now_us + (retention->active || filing ? RETAIN_PAUSE_US : RETAIN_EVERY_US);
	if (code == SQLITE_OK && !retention->active && !filing)
		code = store_fault(store, "retained");
	return code;
}
