/* core/journal/reader_private.h
 *
 * Queries as the reading files share them: text and values are put together, then run once.
 */
#pragma once

#include "base/buf.h"
#include "journal/journal_private.h"

struct journal_reader {
	struct journal *journal; /* NULL: of a folder */
	sqlite3 *db;
	uint64_t seed;
};

enum { QUERY_VALUES_MAX = 16 };

struct query_value {
	struct str text; /* absent: the number */
	int64_t number;
};

struct query {
	struct buf sql;
	struct query_value values[QUERY_VALUES_MAX];
	int n;
};

void query_init(struct query *query);
void query_add(struct query *query, const char *sql);

/* Add SQL with one '?' in it and its value; texts live until query_run. */
void query_number(struct query *query, const char *sql, int64_t n);
void query_text(struct query *query, const char *sql, struct str text);

/* The buckets that there are, as a table `buckets(b)`. */
void query_with_buckets(struct query *query);

/* Runs it and frees it. */
int query_run(struct journal_reader *reader, struct query *query,
	      bool (*row)(void *context, sqlite3_stmt *statement), void *context, struct error *reterr);

struct str column_str(sqlite3_stmt *statement, int i);
uint64_t column_u64(sqlite3_stmt *statement, int i);

/* The lowest key whose time, or that of the next row, is not before `since_ms`. `range_sql` gives the lowest
 * and highest key, `at_sql` the time at a key or behind it. */
int first_since(struct journal_reader *reader, const char *range_sql, const char *at_sql, int64_t since_ms,
		int64_t *ret, struct error *reterr);
