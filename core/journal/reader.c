#include "journal/reader_private.h"

#include <stdio.h>

static int fail(struct journal_reader *reader, int code, struct error *reterr)
{
	store_error(reterr, reader->db, code);
	return -1;
}

static int open_database(struct journal_reader *reader, const char *path, struct error *reterr)
{
	int code = sqlite3_open_v2(path, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if ((code & 0xff) == SQLITE_CANTOPEN) {
		error_set(reterr, "there is no journal at '%s'", path);
		return -1;
	}
	int64_t version = 0, seed = 0;
	if (code == SQLITE_OK) {
		sqlite3_extended_result_codes(reader->db, 1);
		sqlite3_busy_timeout(reader->db, 2000);
		code = sqlite3_exec(reader->db, "PRAGMA query_only = 1; PRAGMA temp_store = MEMORY", NULL,
				    NULL, NULL);
	}
	if (code == SQLITE_OK)
		code = store_query_number(reader->db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK && version != schema_n_steps)
		return error_set(reterr,
				 "the journal at '%s' has another schema than this program (%d, not %d)",
				 path, (int)version, schema_n_steps);
	if (code == SQLITE_OK)
		code = store_query_number(reader->db, "SELECT seed FROM state", &seed);
	reader->seed = (uint64_t)seed;
	return code == SQLITE_OK ? 0 : fail(reader, code, reterr);
}

static int reader_open(struct journal *journal, const char *path, struct journal_reader **ret,
		       struct error *reterr)
{
	struct journal_reader *reader = mem_zalloc(sizeof *reader);
	reader->journal = journal;
	if (open_database(reader, path, reterr)) {
		journal_reader_close(reader);
		return -1;
	}
	*ret = reader;
	return 0;
}

int journal_reader_open(struct journal *journal, struct journal_reader **ret, struct error *reterr)
{
	return reader_open(journal, journal->path, ret, reterr);
}

int journal_reader_open_folder(const char *folder, struct journal_reader **ret, struct error *reterr)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/journal.db", folder);
	return reader_open(NULL, path, ret, reterr);
}

void journal_reader_close(struct journal_reader *reader)
{
	if (!reader)
		return;
	sqlite3_close(reader->db);
	free(reader);
}

/* --- a query, piece by piece --- */

void query_init(struct query *query)
{
	*query = (struct query){0};
	buf_init(&query->sql, 16 * 1024);
}

void query_add(struct query *query, const char *sql)
{
	buf_str(&query->sql, str_of(sql));
}

void query_number(struct query *query, const char *sql, int64_t n)
{
	ensure(query->n < QUERY_VALUES_MAX);
	query->values[query->n++] = (struct query_value){.number = n};
	query_add(query, sql);
}

void query_text(struct query *query, const char *sql, struct str text)
{
	ensure(query->n < QUERY_VALUES_MAX);
	query->values[query->n++] = (struct query_value){.text = text};
	query_add(query, sql);
}

static int prepare(struct journal_reader *reader, struct query *query, sqlite3_stmt **ret)
{
	int code = sqlite3_prepare_v2(reader->db, buf_z(&query->sql), -1, ret, NULL);
	for (int i = 0; i < query->n && code == SQLITE_OK; i++) {
		const struct query_value *value = &query->values[i];
		code = value->text.p ? sqlite3_bind_text(*ret, i + 1, value->text.p, (int)value->text.n,
							 SQLITE_STATIC)
				     : sqlite3_bind_int64(*ret, i + 1, value->number);
	}
	return code;
}

int query_run(struct journal_reader *reader, struct query *query,
	      bool (*row)(void *context, sqlite3_stmt *statement), void *context, struct error *reterr)
{
	sqlite3_stmt *statement = NULL;
	int code = prepare(reader, query, &statement);
	if (code == SQLITE_OK) {
		while ((code = sqlite3_step(statement)) == SQLITE_ROW)
			if (!row(context, statement))
				break;
		code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
	}
	int result = code == SQLITE_OK ? 0 : fail(reader, code, reterr);
	sqlite3_finalize(statement);
	buf_finish(&query->sql);
	return result;
}

struct str column_str(sqlite3_stmt *statement, int i)
{
	if (sqlite3_column_type(statement, i) == SQLITE_NULL)
		return (struct str){0};
	const char *p = sqlite3_column_blob(statement, i);
	return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(statement, i)};
}

uint64_t column_u64(sqlite3_stmt *statement, int i)
{
	return (uint64_t)sqlite3_column_int64(statement, i);
}

void query_with_buckets(struct query *query)
{
	query_add(query,
		  "WITH RECURSIVE buckets(b) AS (SELECT bucket FROM (SELECT bucket FROM events ORDER BY seq"
		  " LIMIT 1) UNION ALL SELECT b + 1 FROM buckets WHERE b < (SELECT bucket FROM events"
		  " ORDER BY seq DESC LIMIT 1)) ");
}

/* Times go up with the key, see struct store. */
int first_since(struct journal_reader *reader, const char *range_sql, const char *at_sql, int64_t since_ms,
		int64_t *ret, struct error *reterr)
{
	sqlite3_stmt *range = NULL, *at = NULL;
	int64_t low = 0, high = -1;
	int code = sqlite3_prepare_v2(reader->db, range_sql, -1, &range, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(reader->db, at_sql, -1, &at, NULL);
	if (code == SQLITE_OK && sqlite3_step(range) == SQLITE_ROW) {
		low = sqlite3_column_int64(range, 0);
		high = sqlite3_column_int64(range, 1);
	}
	while (code == SQLITE_OK && low <= high) {
		int64_t middle = low + (high - low) / 2;
		sqlite3_bind_int64(at, 1, middle);
		bool before = sqlite3_step(at) == SQLITE_ROW && sqlite3_column_int64(at, 0) < since_ms;
		code = sqlite3_reset(at);
		if (before)
			low = middle + 1;
		else
			high = middle - 1;
	}
	sqlite3_finalize(range);
	sqlite3_finalize(at);
	if (code != SQLITE_OK)
		return fail(reader, code, reterr);
	*ret = low;
	return 0;
}

/* --- figures --- */

/* Word for word what the index says, or the planner would not use it, and read all deliveries. */
#define UNSETTLED "deliveries INDEXED BY deliveries_unsettled WHERE state IN (0, 2)"

int journal_read_figures(struct journal_reader *reader, struct journal_figures *ret, struct error *reterr)
{
	static const char *const queries[] = {
		"SELECT last_seq FROM state",
		"SELECT events FROM state",
		"SELECT count(*) FROM open_events",
		"SELECT count(*) FROM " UNSETTLED " AND state = 0",
		"SELECT count(*) FROM " UNSETTLED " AND state = 2",
		"SELECT created_ms FROM " UNSETTLED " AND state = 0 ORDER BY n LIMIT 1",
		"PRAGMA page_count",
		"PRAGMA page_size",
	};
	int64_t n[countof(queries)] = {0};
	for (size_t i = 0; i < countof(queries); i++) {
		int code = store_query_number(reader->db, queries[i], &n[i]);
		if (code != SQLITE_OK)
			return fail(reader, code, reterr);
	}
	*ret = (struct journal_figures){
		.last_seq = (uint64_t)n[0],
		.events = (uint64_t)n[1],
		.open_events = (uint64_t)n[2],
		.pending = (uint64_t)n[3],
		.dead = (uint64_t)n[4],
		.oldest_pending_ms = n[5],
		.bytes = n[6] * n[7],
	};
	if (reader->journal) {
		ret->commits = __atomic_load_n(&reader->journal->commits, __ATOMIC_RELAXED);
		ret->last_commit_us = __atomic_load_n(&reader->journal->last_commit_us, __ATOMIC_RELAXED);
	}
	return 0;
}
