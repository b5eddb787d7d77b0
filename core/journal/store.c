#include "journal/journal_private.h"

#include <xxhash.h>

static const char *const sql[STATEMENTS] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_STATE] = "UPDATE state SET last_seq = ?, events = ?",
	[STATEMENT_EVENT] = "INSERT INTO events(seq, id_hash, source_hash, bucket, call, generation,"
			    " arrived_ms, order_ms, json) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_OPEN] = "INSERT OR IGNORE INTO open_events(seq, call) VALUES(?, ?)",
	[STATEMENT_DONE] = "DELETE FROM open_events WHERE seq = ?",
	[STATEMENT_RUN] = "INSERT OR REPLACE INTO runs(seq, campaign, rule, outcome, reason, log,"
			  " time_ms, generation, error) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_STEP] = "INSERT OR REPLACE INTO steps(seq, campaign, rule, number, fingerprint, answered,"
			   " deadline_ms, awaited_seq, answer) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_DELIVERY] =
		"INSERT INTO deliveries(bucket, id_hash, seq, state, order_ms, id, campaign, rule, service, "
		"verb,"
		" call, step, service_hash, attempts, created_ms, next_ms, status, failure, attempts_json, "
		"request, asked_ms, asked_attempts)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(bucket, id_hash, seq) DO UPDATE SET state = excluded.state,"
		" campaign = excluded.campaign, rule = excluded.rule, service = excluded.service,"
		" verb = excluded.verb, call = excluded.call, step = excluded.step,"
		" service_hash = excluded.service_hash, attempts = excluded.attempts,"
		" created_ms = excluded.created_ms, next_ms = excluded.next_ms, status = excluded.status,"
		" asked_ms = excluded.asked_ms, asked_attempts = excluded.asked_attempts,"
		" failure = excluded.failure, attempts_json = excluded.attempts_json,"
		" request = coalesce(excluded.request, request)",
	[STATEMENT_ONCE] = "INSERT OR IGNORE INTO once(key_1, key_2, seq) VALUES(?, ?, ?)",
	[STATEMENT_SERVICE] = "INSERT OR REPLACE INTO services(name, paused_ms) VALUES(?, ?)",
	[STATEMENT_GENERATION] = "INSERT OR IGNORE INTO generations(hash, files) VALUES(?, ?)",
	[STATEMENT_GENERATION_NUMBER] = "SELECT number FROM generations WHERE hash = ?",
	[STATEMENT_SOURCE] = "INSERT OR IGNORE INTO sources(hash, text) VALUES(?, ?)",
	[STATEMENT_ACTIVATION] = "INSERT INTO activations(generation, at_ms, cause, folder, summary)"
				 " VALUES(?, ?, ?, ?, ?)",
	[STATEMENT_OLD_EVENTS] = "SELECT seq, arrived_ms, call FROM events WHERE seq > ? ORDER BY seq"
				 " LIMIT ?",
	[STATEMENT_IS_OPEN] = "SELECT 1 FROM open_events WHERE seq = ?",
	[STATEMENT_OPEN_BEFORE] = "SELECT 1 FROM open_events WHERE seq < ? AND call = ? LIMIT 1",
	[STATEMENT_IS_PENDING] =
		"SELECT 1 FROM deliveries INDEXED BY deliveries_id WHERE bucket = ? AND seq = ?"
		" AND state = 0 LIMIT 1",
	[STATEMENT_REMOVE_DELIVERIES] =
		"DELETE FROM deliveries INDEXED BY deliveries_id WHERE bucket = ? AND seq = ?",
	[STATEMENT_REMOVE_RUNS] = "DELETE FROM runs WHERE seq = ?",
	[STATEMENT_REMOVE_STEPS] = "DELETE FROM steps WHERE seq = ?",
	[STATEMENT_REMOVE_ONCE] = "DELETE FROM once WHERE seq = ?",
	[STATEMENT_REMOVE_EVENT] = "DELETE FROM events WHERE seq = ?",
	[STATEMENT_FIND_ID] = "SELECT seq FROM ids WHERE id_hash = ? AND source_hash = ?",
	[STATEMENT_FILE_ID] = "INSERT OR REPLACE INTO ids(id_hash, source_hash, seq) VALUES(?, ?, ?)",
	[STATEMENT_FILED] = "UPDATE state SET filed_seq = ?, swept_seq = ?",
	[STATEMENT_MARK] = "INSERT OR REPLACE INTO marks(seq, order_ms) VALUES(?, ?)",
	[STATEMENT_SWEEP_IDS] = "DELETE FROM ids WHERE id_hash >= ? AND id_hash <= ? AND seq <= ?",
	[STATEMENT_FORGET] = "UPDATE state SET forget_seq ="
			     " max(forget_seq, (SELECT coalesce(max(seq), 0) FROM marks WHERE order_ms < ?))"
			     " RETURNING forget_seq",
	[STATEMENT_FORGET_ONCE] = "DELETE FROM once WHERE (key_1, key_2) IN"
				  " (SELECT key_1, key_2 FROM once WHERE seq <= ? LIMIT 200)",
	[STATEMENT_REMOVE_MARKS] = "DELETE FROM marks WHERE seq < ?",
	[STATEMENT_OPEN_GENERATIONS] =
		"SELECT o.seq, e.generation FROM open_events o JOIN events e ON e.seq = o.seq"
		" WHERE o.seq > ? ORDER BY o.seq",
	[STATEMENT_DELIVERY_GENERATIONS] =
		"SELECT d.n, e.generation FROM deliveries d INDEXED BY deliveries_unsettled"
		" JOIN events e ON e.seq = d.seq WHERE d.n > ?1 AND d.state = ?2 AND d.state IN (0, 2) ORDER "
		"BY d.n",
	[STATEMENT_RUN_GENERATIONS] =
		"SELECT r.seq, r.generation, e.generation FROM runs r INDEXED BY runs_unsettled"
		" JOIN events e ON e.seq = r.seq WHERE r.seq > ?1 AND r.outcome = ?2 AND r.outcome IN (2, 4, "
		"5)"
		" ORDER BY r.seq",
	[STATEMENT_NEXT_GENERATION] =
		"SELECT min(number) FROM generations WHERE number > ?1"
		" AND number < (SELECT max(number) FROM generations)"
		" AND number NOT IN (SELECT generation FROM activations ORDER BY n DESC LIMIT ?2)",
	[STATEMENT_REMOVE_GENERATION] = "DELETE FROM generations WHERE number = ?",
	[STATEMENT_GENERATION_FILES] =
		"SELECT number, files FROM generations WHERE number > ? ORDER BY number",
	[STATEMENT_NEXT_SOURCES] = "SELECT id, hash FROM sources WHERE id > ? ORDER BY id LIMIT ?",
	[STATEMENT_REMOVE_SOURCE] = "DELETE FROM sources WHERE id = ?",
	[STATEMENT_REMOVE_ACTIVATIONS] = "DELETE FROM activations WHERE n <="
					 " (SELECT n FROM activations ORDER BY n DESC LIMIT 1 OFFSET ?)",
	[STATEMENT_PAGES] = "PRAGMA page_count",
	[STATEMENT_PAGE_SIZE] = "PRAGMA page_size",
	[STATEMENT_FREE_PAGES] = "PRAGMA freelist_count",
};

uint64_t journal_hash(uint64_t seed, struct str s)
{
	return XXH3_64bits_withSeed(s.p, s.n, seed);
}

int store_fault_slow(const struct journal_faults *faults, const char *point)
{
	static const int codes[] = {[JOURNAL_FAULT_NONE] = SQLITE_OK,
				    [JOURNAL_FAULT_FULL] = SQLITE_FULL,
				    [JOURNAL_FAULT_IO] = SQLITE_IOERR_FSYNC,
				    [JOURNAL_FAULT_CORRUPT] = SQLITE_CORRUPT};
	return codes[faults->at(faults->context, point)];
}

bool store_is_corrupt(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

int store_error(struct error *error, sqlite3 *db, int code)
{
	int number = db ? sqlite3_system_errno(db) : 0;
	switch (code & 0xff) {
	case SQLITE_FULL:
		error_set(error, "the disk is full: the journal cannot write");
		error_hint(error, "make room; it goes on by itself");
		break;
	case SQLITE_IOERR:
		error_set(error, "the disk fails: %s (%s)",
			  code == SQLITE_IOERR_FSYNC ? "a sync failed" : sqlite3_errstr(code),
			  number ? strerror(number) : "no reason given");
		error_hint(error, "see the system's log; it is tried again by itself");
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		error_set(error, "the journal is corrupt");
		error_hint(error, "restart: the file is set aside and a new one begun");
		break;
	case SQLITE_BUSY:
		error_set(error, "another program holds the journal's database locked");
		break;
	default:
		error_set(error, "the journal cannot be used: %s",
			  db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
	}
	return code;
}

int store_query_number(sqlite3 *db, const char *query, int64_t *ret)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db, query, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	return sqlite3_finalize(statement);
}

int store_run(struct store *store, enum statement which)
{
	int code = sqlite3_step(store->statements[which]);
	int failed = sqlite3_reset(store->statements[which]);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : failed ? failed : code;
}

int store_number(struct store *store, enum statement which, int64_t *ret)
{
	int code = sqlite3_step(store->statements[which]);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(store->statements[which], 0);
	int failed = sqlite3_reset(store->statements[which]);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : failed ? failed : code;
}

static int count_log_pages(void *context, sqlite3 *db, const char *name, int pages)
{
	struct store *store = context;
	if (pages < store->wal_pages)
		store->checkpoint_at = CHECKPOINT_PAGES;
	store->wal_pages = pages;
	return SQLITE_OK;
}

static int quick_check(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	bool good = sqlite3_step(statement) == SQLITE_ROW &&
		    str_eq(str_of((const char *)sqlite3_column_text(statement, 0)), STR("ok"));
	code = sqlite3_finalize(statement);
	return code == SQLITE_OK && !good ? SQLITE_CORRUPT : code;
}

static int configure(struct store *store, const struct store_options *options)
{
	int64_t pages = 0;
	int code = sqlite3_exec(
		store->db,
		"PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; "
		"PRAGMA wal_autocheckpoint = 0;"
		"PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = "
		"MEMORY",
		NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(store->db,
				    options->durability == DURABILITY_FULL ? "PRAGMA synchronous = FULL"
									   : "PRAGMA synchronous = NORMAL",
				    NULL, NULL, NULL);
	/* Reads the first page: what is no database is found here. */
	if (code == SQLITE_OK)
		code = store_query_number(store->db, "PRAGMA schema_version", &pages);
	sqlite3_wal_hook(store->db, count_log_pages, store);
	return code == SQLITE_OK && options->check ? quick_check(store->db) : code;
}

static int prepare_all(struct store *store)
{
	int code = SQLITE_OK;
	for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
					  &store->statements[i], NULL);
	return code;
}

static int make_state(struct store *store, const struct store_options *options)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(store->db,
				      "INSERT OR IGNORE INTO state VALUES(1, random(), ? - 1, 0, 0, 0, 0)",
				      -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(statement, 1, (int64_t)options->first_seq);
	sqlite3_step(statement);
	return sqlite3_finalize(statement);
}

static int load_state(struct store *store)
{
	int64_t seed = 0, last = 0, highest = 0, events = 0;
	struct {
		const char *query;
		int64_t *to;
	} all[] = {{"SELECT seed FROM state", &seed},
		   {"SELECT last_seq FROM state", &last},
		   {"SELECT events FROM state", &events},
		   {"SELECT max(seq) FROM events", &highest},
		   {"SELECT order_ms FROM events ORDER BY seq DESC LIMIT 1", &store->event_order_ms},
		   {"SELECT order_ms FROM deliveries ORDER BY n DESC LIMIT 1", &store->delivery_order_ms}};
	int code = SQLITE_OK;
	for (size_t i = 0; i < countof(all) && code == SQLITE_OK; i++)
		code = store_query_number(store->db, all[i].query, all[i].to);
	store->seed = (uint64_t)seed;
	store->last_seq = (uint64_t)(last > highest ? last : highest);
	store->n_events = (uint64_t)events;
	return code;
}

/* SQLite counts the memory that it holds under a lock of the whole process; nobody asks for that figure. Says
 * no when somebody has used SQLite before, which only costs that time. */
static void leave_memory_uncounted(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int store_open(struct store *store, const struct store_options *options, struct error *reterr)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, leave_memory_uncounted);
	*store = (struct store){.faults = options->faults, .checkpoint_at = CHECKPOINT_PAGES};
	int code = sqlite3_open_v2(options->path, &store->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK) {
		sqlite3_extended_result_codes(store->db, 1);
		sqlite3_busy_timeout(store->db, 1000);
		code = configure(store, options);
	}
	if (code != SQLITE_OK) {
		store_error(reterr, store->db, code);
		goto failed;
	}
	code = schema_migrate(store->db, schema_steps, schema_n_steps, reterr);
	if (code != SQLITE_OK)
		goto failed;
	code = prepare_all(store);
	if (code == SQLITE_OK)
		code = make_state(store, options);
	if (code == SQLITE_OK)
		code = load_state(store);
	if (code == SQLITE_OK)
		code = ids_load(store);
	if (code == SQLITE_OK)
		return SQLITE_OK;
	store_error(reterr, store->db, code);
failed:
	store_close(store, false);
	return code;
}

void store_close(struct store *store, bool checkpoint)
{
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	memset(store->statements, 0, sizeof store->statements);
	ids_finish(&store->ids);
	if (store->db && !checkpoint)
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	int code = sqlite3_close(store->db);
	ensure(code == SQLITE_OK);
	store->db = NULL;
}

int store_checkpoint(struct store *store, int mode)
{
	int code = store_fault(store, "before-checkpoint");
	if (code != SQLITE_OK)
		return code;
	/* A reader that is in the way is not waited for: there will be another time. */
	sqlite3_busy_timeout(store->db, 0);
	int log, done;
	code = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &log, &done);
	sqlite3_busy_timeout(store->db, 1000);
	store->checkpoint_at = store->wal_pages + CHECKPOINT_PAGES;
	if (mode == SQLITE_CHECKPOINT_TRUNCATE && code == SQLITE_OK) {
		store->wal_pages = 0;
		store->checkpoint_at = CHECKPOINT_PAGES;
	}
	if (code == SQLITE_OK)
		code = store_fault(store, "after-checkpoint");
	return (code & 0xff) == SQLITE_BUSY || code == SQLITE_LOCKED ? SQLITE_OK : code;
}
