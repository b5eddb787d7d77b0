/* core/journal/journal_private.h
 *
 * The journal as its own folder sees it: the store (one connection with its prepared statements), the writer
 * that drives it, retention.
 */
#pragma once

#include "base/hash.h"
#include "journal/journal.h"

#include <semaphore.h>
#include <sqlite3.h>

enum {
	GROUP_ROWS_MAX = 200,     /* of one commit; larger ones make the slowest commits much slower */
	QUEUE_EVENTS_MAX = 20000, /* the default of queue_max */
	BUCKET_SHIFT = 8,         /* see bucket_of */
	CHECKPOINT_PAGES = 2000,  /* 16 MB of log between two checkpoints */
	TRUNCATE_PAGES = 8000,    /* a log that has grown behind a slow reader is cut again */
	RETRY_US = 1000000,       /* between two tries while the disk fails */
	RETRY_POSTED_US = 100000, /* the same, when something new was posted */
	RETAIN_EVERY_US = 10 * 1000000,
	RETAIN_SLICE_ROWS = 200, /* removed in one transaction */
	RETAIN_READ_ROWS = 50,
	RECENT_IDS = 65536, /* in memory, until they are filed together; 100 bytes each */
	FILE_SLICE_ROWS = 1000,
	RETAIN_SLICE_US = 5000,
	RETAIN_PAUSE_US = 20000, /* between two slices */
};

#define RETAIN_GENERATIONS 100
#define RETAIN_MS          (30 * 24 * 3600 * (int64_t)1000)
#define RETAIN_BYTES       (10 * (int64_t)1024 * 1024 * 1024)

/* Above this size an unclean end is not followed by a check of the whole file, which would keep the engine
 * from starting for minutes; damage is then found where it is met. */
#define CHECK_BYTES_MAX ((int64_t)2 * 1024 * 1024 * 1024)

/* Events come in order; hashes of their ids and calls do not. An index on a hash alone dirties a page of its
 * own for every row; one on (bucket, hash) stays within a few pages, and a search asks each bucket in turn.
 */
static inline int64_t bucket_of(uint64_t seq)
{
	return (int64_t)(seq >> BUCKET_SHIFT);
}

/* --- schema.c --- */

/* Version n+1 is made from version n by steps[n]. */
extern const char *const schema_steps[];
extern const int schema_n_steps;

/* Brings the database to version n_steps, each step in a transaction of its own. Returns an SQLite code. */
int schema_migrate(sqlite3 *db, const char *const *steps, int n_steps, struct error *reterr);

/* --- store.c: the connection that writes. Used by one thread at a time. --- */

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_STATE,
	STATEMENT_EVENT,
	STATEMENT_OPEN,
	STATEMENT_DONE,
	STATEMENT_RUN,
	STATEMENT_STEP,
	STATEMENT_DELIVERY,
	STATEMENT_ONCE,
	STATEMENT_SERVICE,
	STATEMENT_GENERATION,
	STATEMENT_GENERATION_NUMBER,
	STATEMENT_SOURCE,
	STATEMENT_ACTIVATION,
	STATEMENT_OLD_EVENTS,
	STATEMENT_IS_OPEN,
	STATEMENT_OPEN_BEFORE,
	STATEMENT_IS_PENDING,
	STATEMENT_REMOVE_DELIVERIES,
	STATEMENT_REMOVE_RUNS,
	STATEMENT_REMOVE_STEPS,
	STATEMENT_REMOVE_ONCE,
	STATEMENT_REMOVE_EVENT,
	STATEMENT_FIND_ID,
	STATEMENT_FILE_ID,
	STATEMENT_FILED,
	STATEMENT_MARK,
	STATEMENT_SWEEP_IDS,
	STATEMENT_FORGET,
	STATEMENT_FORGET_ONCE,
	STATEMENT_REMOVE_MARKS,
	STATEMENT_OPEN_GENERATIONS,
	STATEMENT_DELIVERY_GENERATIONS,
	STATEMENT_RUN_GENERATIONS,
	STATEMENT_NEXT_GENERATION,
	STATEMENT_REMOVE_GENERATION,
	STATEMENT_GENERATION_FILES,
	STATEMENT_NEXT_SOURCES,
	STATEMENT_REMOVE_SOURCE,
	STATEMENT_REMOVE_ACTIVATIONS,
	STATEMENT_PAGES,
	STATEMENT_FREE_PAGES,
	STATEMENT_PAGE_SIZE,
	STATEMENTS
};

struct known_id {
	uint64_t key[2]; /* hashes of id and source */
	uint64_t seq;
	UT_hash_handle hh;
};

struct ids {
	struct known_id *recent; /* of the events above filed_seq, in order */
	uint64_t filed_seq;      /* up to here they are in the table */
	uint64_t forget_seq;     /* up to here they count as unknown */
	uint64_t swept_seq;      /* up to here such ones were removed */
	bool wanted;             /* filing is to begin, however few they are */

	/* Filing under way. */
	struct known_id **filing; /* in the order of the table */
	size_t n_filing, n_filed;
	uint64_t filing_seq, sweep_seq;
	bool sweep;
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	const struct journal_faults *faults;
	uint64_t seed;     /* of hashes: nobody outside can choose ids that collide */
	uint64_t last_seq; /* given out; may be ahead of what is committed */
	uint64_t n_events; /* as in the state row */
	int64_t added;     /* events of the transaction under way, less those removed */
	/* The highest time up to a row goes with the row, so that "since" is a binary search even though
	 * clocks jump. */
	int64_t event_order_ms, delivery_order_ms;
	int wal_pages, checkpoint_at;
	uint64_t generation_writes; /* how many were written since it was opened */
	uint64_t last_generation;   /* the number of the last of these, which is about to serve */
	struct ids ids;
};

struct store_options {
	const char *path;
	enum durability durability;
	const struct journal_faults *faults;
	bool check;         /* quick_check before anything else */
	uint64_t first_seq; /* of a new database */
};

/* All of these return an SQLite code; the error is filled on failure. */
int store_open(struct store *store, const struct store_options *options, struct error *reterr);
void store_close(struct store *store, bool checkpoint);
int store_checkpoint(struct store *store, int mode);

/* Steps to the end and resets. */
int store_run(struct store *store, enum statement which);

/* The first column of the first row; *ret is untouched when there is none. */
int store_number(struct store *store, enum statement which, int64_t *ret);
int store_query_number(sqlite3 *db, const char *sql, int64_t *ret);

/* Puts what SQLite said into words for an operator. */
int store_error(struct error *error, sqlite3 *db, int code);
bool store_is_corrupt(int code);

int store_fault_slow(const struct journal_faults *faults, const char *point);

static inline int store_fault(const struct store *store, const char *point)
{
	return store->faults ? store_fault_slow(store->faults, point) : SQLITE_OK;
}

uint64_t journal_hash(uint64_t seed, struct str s);

/* --- ids.c: which events are known --- */
int ids_load(struct store *store);
void ids_finish(struct ids *ids);

/* Is it known already? If not, it is now. Inside a transaction. */
int ids_take(struct store *store, const uint64_t key[2], uint64_t seq, bool *ret_duplicate);

/* Forgets what a transaction brought that failed. */
void ids_rollback(struct ids *ids, uint64_t committed_seq);

/* Files a slice of the recent ones, if they are many, in a transaction of its own. */
int ids_file(struct store *store);

/* --- statements.c: inside a transaction --- */
int entry_write(struct store *store, struct journal_entry *entry);
int state_write(struct store *store);
size_t entry_rows(struct journal_entry *entry);

/* --- generations.c --- */

struct number_set {
	uint64_t *items;
	size_t n, capacity;
};

enum generation_step {
	GENERATIONS_IDLE,
	GENERATIONS_OPEN, /* noting which are needed: by open events, */
	GENERATIONS_PENDING,
	GENERATIONS_DEAD, /* deliveries, */
	GENERATIONS_FAILED,
	GENERATIONS_DIVERGED,
	GENERATIONS_AGAIN, /* and runs that can be run again */
	GENERATIONS_REMOVE,
	GENERATIONS_TEXTS, /* noting what the others name */
	GENERATIONS_REMOVE_TEXTS,
};

struct generation_pass {
	int64_t keep; /* of those that served last */
	enum generation_step step;
	int64_t after; /* the step has come this far */
	struct number_set needed, texts;
	bool removed;
	uint64_t text_writes;
	uint64_t seen_writes; /* when a pass began last, and one more; 0: never */
	int64_t again_us;
};

/* A slice of a pass, if one is due, inside a transaction and until about end_us. Returns an SQLite code. */
int generations_run(struct generation_pass *pass, struct store *store, int64_t now_us, int64_t end_us,
		    bool *ret_more);

/* The pass ends, with its memory. */
void generations_forget(struct generation_pass *pass);

/* --- retention.c --- */

struct retention {
	int64_t retain_ms, retain_bytes;
	struct generation_pass generations;
	struct clock *clock;
	bool active;        /* a pass is under way */
	uint64_t after_seq; /* the pass has come this far */
	int64_t next_us;    /* monotonic: of the next slice */
};

/* One slice, in a transaction of its own, if one is due. Returns an SQLite code. */
int retention_run(struct retention *retention, struct store *store, int64_t now_us);

/* --- journal.c, writer.c --- */

struct journal {
	struct journal_options options;
	char *folder, *path;
	int lock_fd;
	pthread_t thread;
	struct mailbox inbox;
	sem_t wake;

	/* Atomic. */
	bool stopping, failing;
	size_t waiting_events;
	uint64_t commits;
	int64_t last_commit_us;
	uint64_t rows_written;
	struct histogram commit_took;

	/* The writer's. */
	struct store store;
	struct retention retention;
	struct message *first, **last; /* not written yet, in order */
	uint64_t committed_seq;
	struct error error; /* while failing */
	bool reopen;        /* the connection is not to be trusted any more */
	bool corrupt;       /* nothing is tried any more */
	bool full;
	int64_t tried_us, try_us;
};

/* The lock file tells the next start how this one ended. */
enum ending { ENDING_CLEAN, ENDING_UNKNOWN, ENDING_CORRUPT };
void journal_mark(struct journal *journal, enum ending ending);

void *writer_main(void *journal);
void journal_answer(struct journal_entry *entry);
