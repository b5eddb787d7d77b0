#include "journal/journal_private.h"

/* Ids are random: written one by one into a large index, each dirties a page of its own, and that alone cost
 * as much as all else about an event. So the ids of the latest events are kept in memory only (their rows say
 * them again after a crash) and filed in the order of their hashes, many to a page. */

static void ids_free_filing(struct ids *ids)
{
	free(ids->filing);
	ids->filing = NULL;
	ids->n_filing = ids->n_filed = 0;
}

static void ids_remove(struct ids *ids, struct known_id *id)
{
	HASH_DEL(ids->recent, id);
	free(id);
}

static void ids_add(struct ids *ids, const uint64_t key[2], uint64_t seq)
{
	struct known_id *id = mem_alloc(sizeof *id);
	*id = (struct known_id){.key = {key[0], key[1]}, .seq = seq};
	HASH_ADD(hh, ids->recent, key, sizeof id->key, id);
}

void ids_finish(struct ids *ids)
{
	struct known_id *id, *next;
	ids_free_filing(ids);
	HASH_ITER(hh, ids->recent, id, next) ids_remove(ids, id);
}

int ids_load(struct store *store)
{
	struct ids *ids = &store->ids;
	sqlite3_stmt *s;
	int64_t filed = 0, swept = 0, forget = 0;
	int code = store_query_number(store->db, "SELECT filed_seq FROM state", &filed);
	if (code == SQLITE_OK)
		code = store_query_number(store->db, "SELECT swept_seq FROM state", &swept);
	if (code == SQLITE_OK)
		code = store_query_number(store->db, "SELECT forget_seq FROM state", &forget);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(
			store->db, "SELECT id_hash, source_hash, seq FROM events WHERE seq > ? ORDER BY seq",
			-1, &s, NULL);
	if (code != SQLITE_OK)
		return code;
	ids->filed_seq = (uint64_t)filed;
	ids->swept_seq = (uint64_t)swept;
	ids->forget_seq = (uint64_t)forget;
	sqlite3_bind_int64(s, 1, filed);
	while (sqlite3_step(s) == SQLITE_ROW) {
		uint64_t key[2] = {(uint64_t)sqlite3_column_int64(s, 0),
				   (uint64_t)sqlite3_column_int64(s, 1)};
		ids_add(ids, key, (uint64_t)sqlite3_column_int64(s, 2));
	}
	return sqlite3_finalize(s);
}

int ids_take(struct store *store, const uint64_t key[2], uint64_t seq, bool *ret_duplicate)
{
	struct known_id *found;
	HASH_FIND(hh, store->ids.recent, key, 2 * sizeof *key, found);
	if (found) {
		*ret_duplicate = true;
		return SQLITE_OK;
	}
	sqlite3_stmt *s = store->statements[STATEMENT_FIND_ID];
	int64_t filed = 0;
	sqlite3_bind_int64(s, 1, (int64_t)key[0]);
	sqlite3_bind_int64(s, 2, (int64_t)key[1]);
	int code = store_number(store, STATEMENT_FIND_ID, &filed);
	if (code != SQLITE_OK)
		return code;
	*ret_duplicate = (uint64_t)filed > store->ids.forget_seq;
	if (!*ret_duplicate)
		ids_add(&store->ids, key, seq);
	return SQLITE_OK;
}

void ids_rollback(struct ids *ids, uint64_t committed_seq)
{
	while (ids->recent) {
		struct known_id *last = ELMT_FROM_HH(ids->recent->hh.tbl, ids->recent->hh.tbl->tail);
		if (last->seq <= committed_seq)
			break;
		ids_remove(ids, last);
	}
}

/* --- filing --- */

static int compare(const void *a, const void *b)
{
	const struct known_id *x = *(struct known_id *const *)a, *y = *(struct known_id *const *)b;
	int64_t m = (int64_t)x->key[0], n = (int64_t)y->key[0];
	return m < n ? -1 : m > n;
}

static void begin_filing(struct store *store)
{
	struct ids *ids = &store->ids;
	struct known_id *id, *next;
	size_t n = HASH_COUNT(ids->recent);
	ids->filing = mem_alloc((n + 1) * sizeof *ids->filing);
	HASH_ITER(hh, ids->recent, id, next) ids->filing[ids->n_filing++] = id;
	ids->filing_seq = store->last_seq;
	ids->wanted = false;
	qsort(ids->filing, n, sizeof *ids->filing, compare);
	/* Looking at every id for those to be forgotten is worth it when there are many. */
	uint64_t stale = ids->forget_seq > ids->swept_seq ? ids->forget_seq - ids->swept_seq : 0;
	ids->sweep = stale > (store->last_seq - ids->swept_seq) / 4;
	ids->sweep_seq = ids->forget_seq;
}

static int sweep(struct store *store, size_t end)
{
	struct ids *ids = &store->ids;
	sqlite3_stmt *s = store->statements[STATEMENT_SWEEP_IDS];
	sqlite3_bind_int64(s, 1, ids->n_filed ? (int64_t)ids->filing[ids->n_filed - 1]->key[0] : INT64_MIN);
	sqlite3_bind_int64(s, 2, end < ids->n_filing ? (int64_t)ids->filing[end - 1]->key[0] : INT64_MAX);
	sqlite3_bind_int64(s, 3, (int64_t)ids->sweep_seq);
	return store_run(store, STATEMENT_SWEEP_IDS);
}

static int file_id(struct store *store, const struct known_id *id)
{
	sqlite3_stmt *s = store->statements[STATEMENT_FILE_ID];
	sqlite3_bind_int64(s, 1, (int64_t)id->key[0]);
	sqlite3_bind_int64(s, 2, (int64_t)id->key[1]);
	sqlite3_bind_int64(s, 3, (int64_t)id->seq);
	return store_run(store, STATEMENT_FILE_ID);
}

/* The marks tell later which ids are old enough to be forgotten. */
static int write_filed(struct store *store)
{
	struct ids *ids = &store->ids;
	sqlite3_stmt *state = store->statements[STATEMENT_FILED], *mark = store->statements[STATEMENT_MARK];
	sqlite3_bind_int64(state, 1, (int64_t)ids->filing_seq);
	sqlite3_bind_int64(state, 2, (int64_t)(ids->sweep ? ids->sweep_seq : ids->swept_seq));
	sqlite3_bind_int64(mark, 1, (int64_t)ids->filing_seq);
	sqlite3_bind_int64(mark, 2, store->event_order_ms);
	int code = store_run(store, STATEMENT_FILED);
	return code == SQLITE_OK ? store_run(store, STATEMENT_MARK) : code;
}

static void end_filing(struct ids *ids)
{
	for (size_t i = 0; i < ids->n_filing; i++)
		ids_remove(ids, ids->filing[i]);
	ids->filed_seq = ids->filing_seq;
	if (ids->sweep)
		ids->swept_seq = ids->sweep_seq;
	ids_free_filing(ids);
}

static int file_slice(struct store *store, size_t end)
{
	struct ids *ids = &store->ids;
	int code = store_fault(store, "before-file");
	if (code == SQLITE_OK && ids->sweep)
		code = sweep(store, end);
	for (size_t i = ids->n_filed; i < end && code == SQLITE_OK; i++)
		code = file_id(store, ids->filing[i]);
	if (code == SQLITE_OK && end == ids->n_filing)
		code = write_filed(store);
	return code == SQLITE_OK ? store_fault(store, "before-file-commit") : code;
}

int ids_file(struct store *store)
{
	struct ids *ids = &store->ids;
	if (!ids->filing && !ids->wanted && HASH_COUNT(ids->recent) < RECENT_IDS)
		return SQLITE_OK;
	if (!ids->filing)
		begin_filing(store);
	size_t end = ids->n_filed + FILE_SLICE_ROWS;
	if (end > ids->n_filing)
		end = ids->n_filing;
	int code = store_run(store, STATEMENT_BEGIN);
	if (code == SQLITE_OK)
		code = file_slice(store, end);
	if (code == SQLITE_OK)
		code = store_run(store, STATEMENT_COMMIT);
	if (code != SQLITE_OK)
		return code;
	ids->n_filed = end;
	if (end == ids->n_filing)
		end_filing(ids);
	return SQLITE_OK;
}
