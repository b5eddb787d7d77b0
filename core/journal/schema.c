#include "journal/journal_private.h"

#include <stdio.h>

/* The indexes are few on purpose: each costs about as much as its row. What is open has a table of its own,
 * so that the end of an event touches a few hot pages and not the one on which the event lies. */
static const char version_1[] =
	"CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one = 1), seed INTEGER, last_seq INTEGER,"
	" events INTEGER, filed_seq INTEGER, swept_seq INTEGER, forget_seq INTEGER);"
	"CREATE TABLE events(seq INTEGER PRIMARY KEY, id_hash INTEGER, source_hash INTEGER, bucket INTEGER,"
	" call INTEGER, generation INTEGER, arrived_ms INTEGER, order_ms INTEGER, json TEXT);"
	"CREATE TABLE ids(id_hash INTEGER, source_hash INTEGER, seq INTEGER,"
	" PRIMARY KEY(id_hash, source_hash)) WITHOUT ROWID;"
	"CREATE TABLE marks(seq INTEGER PRIMARY KEY, order_ms INTEGER);"
	"CREATE INDEX events_call ON events(bucket, call);"
	"CREATE TABLE open_events(seq INTEGER PRIMARY KEY, call INTEGER);"
	"CREATE TABLE runs(seq INTEGER, campaign TEXT, rule TEXT, outcome INTEGER, reason TEXT, log TEXT,"
	" PRIMARY KEY(seq, campaign, rule)) WITHOUT ROWID;"
	"CREATE TABLE steps(seq INTEGER, campaign TEXT, rule TEXT, number INTEGER, fingerprint BLOB,"
	" answered INTEGER, deadline_ms INTEGER, awaited_seq INTEGER, answer BLOB,"
	" PRIMARY KEY(seq, campaign, rule, number)) WITHOUT ROWID;"
	"CREATE TABLE deliveries(n INTEGER PRIMARY KEY, bucket INTEGER, id_hash INTEGER, seq INTEGER,"
	" state INTEGER, order_ms INTEGER, id TEXT, campaign TEXT, rule TEXT, service TEXT, verb TEXT, call "
	"TEXT,"
	" step INTEGER, service_hash INTEGER, attempts INTEGER, created_ms INTEGER, next_ms INTEGER,"
	" status INTEGER, failure TEXT, attempts_json TEXT, request BLOB);"
	"CREATE UNIQUE INDEX deliveries_id ON deliveries(bucket, id_hash, seq);"
	"CREATE INDEX deliveries_unsettled ON deliveries(state) WHERE state IN (0, 2);"
	"CREATE TABLE once(key_1 INTEGER, key_2 INTEGER, seq INTEGER, PRIMARY KEY(key_1, key_2)) WITHOUT "
	"ROWID;"
	"CREATE INDEX once_seq ON once(seq);"
	"CREATE TABLE generations(number INTEGER PRIMARY KEY, hash TEXT UNIQUE, files BLOB);";

/* Runs can be dead letters as deliveries can: they are listed and run again. What is asked for once more
 * counts from there: its attempts, and the time until it expires. */
static const char version_2[] =
	"ALTER TABLE runs ADD COLUMN time_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE runs ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX runs_unsettled ON runs(outcome) WHERE outcome IN (2, 4, 5);"
	"ALTER TABLE deliveries ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE deliveries ADD COLUMN asked_attempts INTEGER NOT NULL DEFAULT 0;";

/* Files of rules under the hash of their text, so that a generation takes only what is new in it; and when
 * which generation began to serve. */
static const char version_3[] =
	"CREATE TABLE sources(id INTEGER PRIMARY KEY, hash TEXT UNIQUE, text BLOB);"
	"CREATE TABLE activations(n INTEGER PRIMARY KEY, generation INTEGER, at_ms INTEGER, cause TEXT,"
	" folder TEXT, summary TEXT);";

/* Why a run failed, with all that people are told. */
static const char version_4[] = "ALTER TABLE runs ADD COLUMN error TEXT;";

/* What operators have set for services. */
static const char version_5[] =
	"CREATE TABLE services(name TEXT PRIMARY KEY, paused_ms INTEGER) WITHOUT ROWID;";

const char *const schema_steps[] = {version_1, version_2, version_3, version_4, version_5};
const int schema_n_steps = countof(schema_steps);

static int migrate_one(sqlite3 *db, const char *step, int version)
{
	char set[64];
	snprintf(set, sizeof set, "PRAGMA user_version = %d", version);
	int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, step, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, set, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return code;
}

int schema_migrate(sqlite3 *db, const char *const *steps, int n_steps, struct error *reterr)
{
	int64_t version = 0;
	int code = store_query_number(db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK && version > n_steps) {
		error_set(reterr,
			  "the journal was written by a newer version of this program (schema %d, known: %d)",
			  (int)version, n_steps);
		error_hint(reterr, "run the newer version, or use another data folder");
		return SQLITE_MISUSE;
	}
	for (; code == SQLITE_OK && version < n_steps; version++)
		code = migrate_one(db, steps[version], (int)version + 1);
	if (code == SQLITE_OK)
		return SQLITE_OK;
	store_error(reterr, db, code);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}
