/* tests/bench/bare_sqlite.c
 *
 * bare_sqlite FILE N GROUP TEXT: inserts N rows, each with the content of the file TEXT, into the new
 * database FILE, GROUP of them a transaction, each of which is on disk before the next begins. What the
 * journal is built on costs this much by itself.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static sqlite3 *db;

static void check(int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE)
		return;
	fprintf(stderr, "%s\n", sqlite3_errmsg(db));
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static char text[65536];
	sqlite3_stmt *insert;
	if (argc != 5) {
		fprintf(stderr, "usage: bare_sqlite FILE N GROUP TEXT\n");
		return 2;
	}
	long n = atol(argv[2]), group = atol(argv[3]);
	FILE *file = fopen(argv[4], "r");
	size_t length = file ? fread(text, 1, sizeof text, file) : 0;
	if (!length)
		return 1;
	fclose(file);
	check(sqlite3_open(argv[1], &db));
	check(sqlite3_exec(db,
			   "PRAGMA journal_mode = wal; PRAGMA synchronous = full;"
			   "CREATE TABLE events(seq INTEGER PRIMARY KEY, json TEXT)",
			   NULL, NULL, NULL));
	check(sqlite3_prepare_v2(db, "INSERT INTO events(json) VALUES(?)", -1, &insert, NULL));
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < n; i++) {
		if (i % group == 0)
			check(sqlite3_exec(db, i ? "COMMIT; BEGIN" : "BEGIN", NULL, NULL, NULL));
		check(sqlite3_bind_text(insert, 1, text, (int)length, SQLITE_STATIC));
		check(sqlite3_step(insert));
		check(sqlite3_reset(insert));
	}
	check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	printf("cpu_us=%.2f rate=%.0f\n", cpu * 1e6 / (double)n, (double)n / wall);
	return 0;
}
