/* Which generations of the rules stay: those that served last, and those that something unfinished began
 * with.
 *
 * A pass notes what is needed, row by row in slices, then removes the other generations, then the texts that
 * none names any more. What begins to be needed meanwhile is one of those that served last, which stay in any
 * case.
 */
#include "journal/journal_private.h"

enum { AGAIN_US = 600 * 1000000, TEXTS_A_SLICE = 200 };

/* --- sets of numbers: added to in any order, sorted before they are asked --- */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void set_sort(struct number_set *set)
{
	size_t n = 0;
	if (set->n)
		qsort(set->items, set->n, sizeof *set->items, compare);
	for (size_t i = 0; i < set->n; i++)
		if (n == 0 || set->items[n - 1] != set->items[i])
			set->items[n++] = set->items[i];
	set->n = n;
}

static void set_add(struct number_set *set, uint64_t item)
{
	if (set->n && set->items[set->n - 1] == item)
		return;
	if (set->n == set->capacity) {
		set_sort(set);
		if (set->n >= set->capacity / 2) {
			set->capacity = set->capacity ? 2 * set->capacity : 64;
			set->items = mem_realloc(set->items, set->capacity * sizeof *set->items);
		}
	}
	set->items[set->n++] = item;
}

static bool set_has(const struct number_set *set, uint64_t item)
{
	return set->n && bsearch(&item, set->items, set->n, sizeof *set->items, compare) != NULL;
}

static void set_clear(struct number_set *set)
{
	free(set->items);
	*set = (struct number_set){0};
}

/* --- the steps of a pass --- */

static bool is_over(int64_t end_us)
{
	return clock_mono_us(clock_system()) >= end_us;
}

/* Rows with their key, by which they are sorted, and the generations that are needed. One key's rows are read
 * together. */
static int note_needed(struct generation_pass *pass, struct store *store, enum statement which, int state,
		       int64_t end_us, bool *ret_end)
{
	sqlite3_stmt *s = store->statements[which];
	int64_t key = pass->after;
	int code, columns = sqlite3_column_count(s);
	sqlite3_bind_int64(s, 1, pass->after);
	if (sqlite3_bind_parameter_count(s) > 1)
		sqlite3_bind_int64(s, 2, state);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (sqlite3_column_int64(s, 0) != key) {
			pass->after = key;
			if (is_over(end_us))
				break;
		}
		key = sqlite3_column_int64(s, 0);
		for (int i = 1; i < columns; i++)
			set_add(&pass->needed, (uint64_t)sqlite3_column_int64(s, i));
	}
	*ret_end = code == SQLITE_DONE;
	int failed = sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : failed;
}

static int run_with(struct store *store, enum statement which, int64_t number)
{
	sqlite3_bind_int64(store->statements[which], 1, number);
	return store_run(store, which);
}

static int next_number(struct store *store, enum statement which, int64_t a, int64_t b, int64_t *ret)
{
	*ret = 0;
	sqlite3_bind_int64(store->statements[which], 1, a);
	sqlite3_bind_int64(store->statements[which], 2, b);
	return store_number(store, which, ret);
}

static int remove_some(struct generation_pass *pass, struct store *store, int64_t end_us, bool *ret_end)
{
	int code;
	int64_t number;
	do {
		code = next_number(store, STATEMENT_NEXT_GENERATION, pass->after, pass->keep, &number);
		*ret_end = code == SQLITE_OK && number == 0;
		if (code != SQLITE_OK || number == 0)
			return code;
		pass->after = number;
		if (set_has(&pass->needed, (uint64_t)number) || (uint64_t)number == store->last_generation)
			continue;
		code = store_fault(store, "before-remove-generation");
		if (code == SQLITE_OK)
			code = run_with(store, STATEMENT_REMOVE_GENERATION, number);
		pass->removed = true;
	} while (code == SQLITE_OK && !is_over(end_us));
	return code;
}

/* The first half of a hash, in hexadecimal. Two texts that share it both stay if one does. */
static uint64_t text_number(const char *hash, size_t n)
{
	char digits[17] = {0};
	memcpy(digits, hash, n < 16 ? n : 16);
	return strtoull(digits, NULL, 16);
}

static void note_texts(struct generation_pass *pass, const char *p, size_t n)
{
	for (const char *end = p + n, *line; p < end; p = line ? line + 1 : end) {
		line = memchr(p, '\n', (size_t)(end - p));
		set_add(&pass->texts, text_number(p, (size_t)(end - p)));
	}
}

static int note_some_texts(struct generation_pass *pass, struct store *store, int64_t end_us, bool *ret_end)
{
	sqlite3_stmt *s = store->statements[STATEMENT_GENERATION_FILES];
	int code;
	sqlite3_bind_int64(s, 1, pass->after);
	while ((code = sqlite3_step(s)) == SQLITE_ROW && !is_over(end_us)) {
		note_texts(pass, sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1));
		pass->after = sqlite3_column_int64(s, 0);
	}
	*ret_end = code == SQLITE_DONE;
	int failed = sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : failed;
}

static int remove_texts(struct generation_pass *pass, struct store *store, bool *ret_end)
{
	sqlite3_stmt *s = store->statements[STATEMENT_NEXT_SOURCES];
	int64_t unnamed[TEXTS_A_SLICE];
	int n = 0, n_read = 0, code;
	sqlite3_bind_int64(s, 1, pass->after);
	sqlite3_bind_int64(s, 2, TEXTS_A_SLICE);
	while ((code = sqlite3_step(s)) == SQLITE_ROW && n_read < TEXTS_A_SLICE) {
		n_read++;
		pass->after = sqlite3_column_int64(s, 0);
		const char *hash = (const char *)sqlite3_column_text(s, 1);
		if (!set_has(&pass->texts, text_number(hash, (size_t)sqlite3_column_bytes(s, 1))))
			unnamed[n++] = pass->after;
	}
	code = sqlite3_reset(s);
	for (int i = 0; i < n && code == SQLITE_OK; i++)
		code = run_with(store, STATEMENT_REMOVE_SOURCE, unnamed[i]);
	*ret_end = n_read < TEXTS_A_SLICE;
	return code;
}

/* --- the pass --- */

/* Begins, if a generation has come since the last one, or after a while. The list of what served is bounded
 * first. */
static int begin(struct generation_pass *pass, struct store *store, int64_t now_us)
{
	int64_t number;
	if (pass->seen_writes == store->generation_writes + 1 && now_us < pass->again_us)
		return SQLITE_OK;
	int code = run_with(store, STATEMENT_REMOVE_ACTIVATIONS, pass->keep);
	if (code == SQLITE_OK)
		code = next_number(store, STATEMENT_NEXT_GENERATION, 0, pass->keep, &number);
	if (code != SQLITE_OK)
		return code;
	/* Texts may have been left when the process before ended. */
	pass->removed = pass->seen_writes == 0;
	pass->seen_writes = store->generation_writes + 1;
	pass->again_us = now_us + AGAIN_US;
	if (number)
		pass->step = GENERATIONS_OPEN;
	else if (pass->removed)
		pass->step = GENERATIONS_TEXTS;
	return SQLITE_OK;
}

static void go_to(struct generation_pass *pass, enum generation_step step)
{
	pass->step = step;
	pass->after = 0;
	if (step == GENERATIONS_REMOVE)
		set_sort(&pass->needed);
	if (step == GENERATIONS_REMOVE_TEXTS)
		set_sort(&pass->texts);
	if (step == GENERATIONS_TEXTS)
		set_clear(&pass->texts);
}

void generations_forget(struct generation_pass *pass)
{
	set_clear(&pass->needed);
	set_clear(&pass->texts);
	pass->removed = false;
	go_to(pass, GENERATIONS_IDLE);
}

static int do_step(struct generation_pass *pass, struct store *store, int64_t end_us, bool *ret_end)
{
	static const int states[] = {[GENERATIONS_PENDING] = DELIVERY_PENDING,
				     [GENERATIONS_DEAD] = DELIVERY_DEAD,
				     [GENERATIONS_FAILED] = OUTCOME_FAILED,
				     [GENERATIONS_DIVERGED] = OUTCOME_DIVERGED,
				     [GENERATIONS_AGAIN] = OUTCOME_AGAIN};
	switch (pass->step) {
	case GENERATIONS_IDLE:
		break;
	case GENERATIONS_OPEN:
		return note_needed(pass, store, STATEMENT_OPEN_GENERATIONS, 0, end_us, ret_end);
	case GENERATIONS_PENDING:
	case GENERATIONS_DEAD:
		return note_needed(pass, store, STATEMENT_DELIVERY_GENERATIONS, states[pass->step], end_us,
				   ret_end);
	case GENERATIONS_FAILED:
	case GENERATIONS_DIVERGED:
	case GENERATIONS_AGAIN:
		return note_needed(pass, store, STATEMENT_RUN_GENERATIONS, states[pass->step], end_us,
				   ret_end);
	case GENERATIONS_REMOVE:
		return remove_some(pass, store, end_us, ret_end);
	case GENERATIONS_TEXTS:
		return note_some_texts(pass, store, end_us, ret_end);
	case GENERATIONS_REMOVE_TEXTS:
		return remove_texts(pass, store, ret_end);
	}
	*ret_end = true;
	return SQLITE_OK;
}

int generations_run(struct generation_pass *pass, struct store *store, int64_t now_us, int64_t end_us,
		    bool *ret_more)
{
	bool end = true;
	int code = SQLITE_OK;
	if (pass->step == GENERATIONS_IDLE)
		code = begin(pass, store, now_us);
	/* A new one may name a text that was there and that nobody named when they were noted. */
	else if (pass->step > GENERATIONS_REMOVE && pass->text_writes != store->generation_writes)
		go_to(pass, GENERATIONS_TEXTS);
	pass->text_writes = store->generation_writes;
	while (code == SQLITE_OK && pass->step != GENERATIONS_IDLE && end) {
		code = do_step(pass, store, end_us, &end);
		if (code != SQLITE_OK || !end)
			break;
		if (pass->step == GENERATIONS_REMOVE_TEXTS ||
		    (pass->step == GENERATIONS_REMOVE && !pass->removed))
			generations_forget(pass);
		else
			go_to(pass, pass->step + 1);
	}
	*ret_more = pass->step != GENERATIONS_IDLE;
	return code;
}
