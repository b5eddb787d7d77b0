/* What a journal finds when it opens: crashes at each point, damage, older and newer schemas; and what
 * retention leaves. */
#include "journal_help.h"

#include "journal/journal_private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- crashes --- */

struct crash {
	const char *point;
	int after; /* so many times it goes well */
};

static enum journal_fault crash_at(void *context, const char *point)
{
	struct crash *crash = context;
	if (!strcmp(point, crash->point) && crash->after-- == 0)
		_exit(0);
	return JOURNAL_FAULT_NONE;
}

enum { CRASH_EVENTS = 20 };

static void write_rest(struct journal *journal, uint64_t seq)
{
	struct journal_run run = {.seq = seq, .campaign = STR("c"), .rule = STR("r"), .log = STR("")};
	struct journal_step step = {.seq = seq,
				    .campaign = STR("c"),
				    .rule = STR("r"),
				    .number = 1,
				    .fingerprint = STR("sleep"),
				    .answer = STR("")};
	struct journal_once once = {.key = {seq, seq}, .seq = seq};
	post_and_wait(journal, &once.entry, ENTRY_ONCE);
	post_and_wait(journal, &step.entry, ENTRY_STEP);
	post_and_wait(journal, &run.entry, ENTRY_RUN);
}

/* The child's life: writes event after event with its delivery, and tells through the pipe what was answered.
 */
static void write_until_the_crash(const char *folder, struct crash *crash, int tell)
{
	struct journal_faults faults = {crash_at, crash};
	struct journal_options options = {
		.folder = folder, .clock = &test_clock, .faults = &faults, .retain_ms = 500};
	struct journal *journal;
	struct error error;
	if (journal_open(&options, &journal, NULL, &error))
		_exit(1);
	for (int i = 0; i < CRASH_EVENTS; i++) {
		char id[16];
		snprintf(id, sizeof id, "e%d", i);
		uint64_t seq = write_event(journal, id, "/q/1", "c", 10000);
		char line = 'e';
		if (!seq || write(tell, &line, 1) != 1)
			_exit(2);
		write_delivery(journal, id, seq, DELIVERY_DEAD);
		line = 'd';
		if (write(tell, &line, 1) != 1)
			_exit(2);
		write_rest(journal, seq);
		write_done(journal, seq);
	}
	journal_close(journal);
	_exit(0);
}

static void count_told(int from, int *ret_events, int *ret_deliveries)
{
	*ret_events = *ret_deliveries = 0;
	for (char c; read(from, &c, 1) == 1;)
		(*(c == 'e' ? ret_events : ret_deliveries))++;
}

static void crash_and_look(const char *point, int after)
{
	char *folder = folder_make();
	int ends[2], events, deliveries, status = 0;
	struct crash crash = {point, after};
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		write_until_the_crash(folder, &crash, ends[1]);
	close(ends[1]);
	count_told(ends[0], &events, &deliveries);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	struct journal *journal = open_plain(folder);
	struct journal_figures figures = figures_of(journal);
	assert_in_range(figures.events, events, events + 1);
	assert_in_range(figures.dead, deliveries, deliveries + 1);
	assert_int_equal(figures.last_seq, figures.events);
	/* What was answered is known, what was not is taken. */
	for (int i = 0; i < CRASH_EVENTS; i++) {
		char id[16];
		snprintf(id, sizeof id, "e%d", i);
		uint64_t seq = write_event(journal, id, "/q/1", "c", 10000);
		assert_true(i < events ? seq == 0 : i > events ? seq == (uint64_t)i + 1 : true);
	}
	journal_close(journal);
	folder_remove(folder);
}

static void what_was_answered_is_there_after_a_crash_at_any_point(void **state)
{
	static const char *const points[] = {"before-events",   "before-event", "before-done",
					     "before-delivery", "before-run",   "before-step",
					     "before-once",     "before-state", "before-commit",
					     "after-commit",    "before-answer"};
	for (size_t i = 0; i < countof(points); i++)
		for (int after = 0; after < CRASH_EVENTS; after = after * 2 + 1)
			crash_and_look(points[i], after);
}

/* --- sequence --- */

struct signal {
	sem_t reached;
	const char *point;
};

static enum journal_fault signal_at(void *context, const char *point)
{
	struct signal *signal = context;
	if (!strcmp(point, signal->point))
		sem_post(&signal->reached);
	return JOURNAL_FAULT_NONE;
}

/* Opens, lets one pass of retention end, closes. */
static void retain(const char *folder, int64_t retain_ms, int64_t retain_bytes)
{
	struct signal signal = {.point = "retained"};
	struct journal_faults faults = {signal_at, &signal};
	sem_init(&signal.reached, 0, 0);
	struct journal *journal =
		open_with(folder,
			  (struct journal_options){
				  .faults = &faults, .retain_ms = retain_ms, .retain_bytes = retain_bytes},
			  NULL);
	assert_true(wait_bounded(&signal.reached));
	journal_close(journal);
	sem_destroy(&signal.reached);
}

static void a_seq_never_comes_again(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	assert_int_equal(write_event(journal, "a", "/q/1", "c", 100), 1);
	assert_int_equal(write_event(journal, "b", "/q/1", "c", 100), 2);
	write_done(journal, 1);
	write_done(journal, 2);
	journal_close(journal);
	retain(folder, 500, 0);
	journal = open_plain(folder);
	assert_events(journal, "", .limit = 0);
	assert_int_equal(write_event(journal, "c", "/q/1", "c", 10000), 3);
	journal_close(journal);
	folder_remove(folder);
}

/* --- retention --- */

static void retention_takes_only_what_is_old_and_settled(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	for (int i = 1; i <= 8; i++) {
		char id[16], call[16];
		snprintf(id, sizeof id, "%d", i);
		snprintf(call, sizeof call, "call-%d", i == 7 || i == 8 ? 7 : i);
		write_event(journal, id, "/q/1", call, i == 6 ? 9900 : 100);
	}
	write_delivery(journal, "pending", 2, DELIVERY_PENDING);
	write_delivery(journal, "dead", 3, DELIVERY_DEAD);
	write_delivery(journal, "delivered", 4, DELIVERY_DELIVERED);
	struct journal_once once = {.key = {1, 2}, .seq = 4};
	struct journal_run run = {.seq = 4, .campaign = STR("c"), .rule = STR("r")};
	post_and_wait(journal, &once.entry, ENTRY_ONCE);
	post_and_wait(journal, &run.entry, ENTRY_RUN);
	static const int done[] = {1, 2, 3, 4, 6, 8}; /* open: 5 and 7; 8 is of the call of 7 */
	for (size_t i = 0; i < countof(done); i++)
		write_done(journal, (uint64_t)done[i]);
	journal_close(journal);
	retain(folder, 500, 0);
	journal = open_plain(folder);
	assert_events(journal, "2 5* 6 7* 8 ", .limit = 0);
	assert_deliveries(journal, "pending ", .state = -1);
	assert_int_equal(figures_of(journal).events, 5);
	/* A forgotten id is new again, a kept one is not. */
	assert_int_equal(write_event(journal, "1", "/q/1", "x", 10000), 9);
	assert_int_equal(write_event(journal, "6", "/q/1", "x", 10000), 0);
	journal_close(journal);
	folder_remove(folder);
}

static bool count_run(void *context, const struct journal_run *row)
{
	(*(int *)context)++;
	return true;
}

static bool count_once(void *context, const struct journal_once *row)
{
	(*(int *)context)++;
	return true;
}

static void what_belongs_to_an_event_goes_with_it(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	uint64_t seq = write_event(journal, "a", "/q/1", "c", 100);
	struct journal_once once = {.key = {1, 2}, .seq = seq};
	struct journal_run run = {.seq = seq, .campaign = STR("c"), .rule = STR("r")};
	post_and_wait(journal, &once.entry, ENTRY_ONCE);
	post_and_wait(journal, &run.entry, ENTRY_RUN);
	write_delivery(journal, "delivered", seq, DELIVERY_DELIVERED);
	write_done(journal, seq);
	journal_close(journal);
	retain(folder, 500, 0);
	journal = open_plain(folder);
	int n = 0;
	assert_deliveries(journal, "", .state = -1);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_runs(reader, seq, count_run, &n, NULL), 0);
	assert_int_equal(journal_read_once(reader, 0, count_once, &n, NULL), 0);
	assert_int_equal(n, 0);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

enum { BIG_EVENTS = 1500 };

static void write_big_events(struct journal *journal)
{
	char *bytes = mem_alloc(4000);
	memset(bytes, 'x', 4000);
	for (int i = 0; i < BIG_EVENTS; i++) {
		struct batch batch = {0};
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		batch_add(&batch, event_make(id, "/q/1", id, 9900));
		batch.events[0]->json = (struct str){bytes, 4000};
		post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
		write_done(journal, batch.events[0]->seq);
		batch_finish(&batch);
	}
	free(bytes);
}

static void a_large_journal_shrinks_but_knows_its_young_ids(void **state)
{
	char *folder = folder_make();
	struct journal *journal =
		open_with(folder, (struct journal_options){.durability = DURABILITY_RELAXED}, NULL);
	write_big_events(journal);
	assert_true(figures_of(journal).bytes > 6 * 1000 * 1000);
	journal_close(journal);
	retain(folder, 0, 2 * 1000 * 1000);
	journal = open_plain(folder);
	struct journal_figures figures = figures_of(journal);
	assert_in_range(figures.bytes, 1, 3500 * 1000);
	assert_in_range(figures.events, 1, BIG_EVENTS / 2);
	assert_events(journal, "", .id = STR("0"));
	assert_int_equal(write_event(journal, "0", "/q/1", "0", 10000), 0);
	journal_close(journal);
	/* Old enough, it is forgotten. */
	test_now_ms += (int64_t)31 * 24 * 3600 * 1000;
	retain(folder, 0, 0);
	journal = open_plain(folder);
	assert_true(write_event(journal, "0", "/q/1", "0", test_now_ms) > BIG_EVENTS);
	journal_close(journal);
	test_now_ms = 10000;
	folder_remove(folder);
}

/* Removal and filing end in the middle; the next start goes on with them and nothing is half there. */
static void crash_in_retention(const char *point, int after)
{
	char *folder = folder_make();
	struct crash crash = {point, after};
	struct journal_faults faults = {crash_at, &crash};
	int status = 0;
	struct journal *journal =
		open_with(folder, (struct journal_options){.durability = DURABILITY_RELAXED}, NULL);
	write_big_events(journal);
	journal_close(journal);
	pid_t child = fork();
	if (child == 0) {
		struct journal_options options = {.folder = folder,
						  .clock = &test_clock,
						  .faults = &faults,
						  .retain_bytes = 2 * 1000 * 1000};
		if (journal_open(&options, &journal, NULL, NULL))
			_exit(1);
		sleep(WAIT_S); /* ended by the crash */
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	retain(folder, 0, 2 * 1000 * 1000);
	journal = open_plain(folder);
	assert_in_range(figures_of(journal).events, 1, BIG_EVENTS / 2);
	for (int i = 0; i < BIG_EVENTS; i += 7) {
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		assert_int_equal(write_event(journal, id, "/q/1", id, 9900), 0);
	}
	journal_close(journal);
	folder_remove(folder);
}

static void a_crash_during_retention_forgets_nothing(void **state)
{
	crash_in_retention("before-file", 1);
	crash_in_retention("before-file-commit", 1);
	crash_in_retention("before-remove", 300);
	crash_in_retention("before-remove-commit", 3);
}

/* --- damage --- */

static int open_for(const char *folder, const char *name, int flags)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static void overwrite(const char *folder, off_t at, size_t n)
{
	int fd = open_for(folder, "journal.db", O_RDWR);
	char *bytes = mem_alloc(n);
	memset(bytes, 0xA5, n);
	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	free(bytes);
	close(fd);
}

static void pretend_unclean(const char *folder)
{
	int fd = open_for(folder, "journal.lock", O_RDWR | O_TRUNC);
	assert_int_equal(write(fd, "1\n", 2), 2);
	close(fd);
}

static int count_files(const char *folder, const char *part)
{
	DIR *dir = opendir(folder);
	int n = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return n;
}

static void assert_set_aside(const char *folder)
{
	struct error notice;
	struct journal *journal = open_with(folder, (struct journal_options){0}, &notice);
	assert_non_null(strstr(notice.what, "was corrupt"));
	assert_non_null(strstr(notice.what, "journal.db.corrupt-19700101T000010Z"));
	assert_in_range(count_files(folder, "journal.db.corrupt-19700101T000010Z"), 1, 3);
	assert_events(journal, "", .limit = 0);
	/* Above all that were given out before. */
	assert_int_equal(write_event(journal, "a", "/q/1", "c", 10000), 10000);
	journal_close(journal);
	journal = open_plain(folder);
	assert_events(journal, "10000* ", .limit = 0);
	journal_close(journal);
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	write_event(journal, "a", "/q/1", "c", 10000);
	journal_close(journal);
	overwrite(folder, 0, 200);
	assert_set_aside(folder);
	folder_remove(folder);
}

static void damage_is_found_after_an_unclean_end(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	for (int i = 0; i < 200; i++) {
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		write_event(journal, id, "/q/1", "c", 10000);
	}
	journal_close(journal);
	overwrite(folder, 10 * 4096, 3 * 4096);
	pretend_unclean(folder);
	assert_set_aside(folder);
	folder_remove(folder);
}

static void a_folder_that_cannot_be_used_is_an_error(void **state)
{
	char *folder = folder_make();
	struct journal_options options = {.clock = &test_clock};
	struct journal *journal = NULL;
	struct error error;
	int fd = open_for(folder, "file", O_CREAT | O_RDWR);
	close(fd);
	char path[512];
	snprintf(path, sizeof path, "%s/file/data", folder);
	options.folder = path;
	assert_int_equal(journal_open(&options, &journal, NULL, &error), -1);
	assert_non_null(strstr(error.what, "cannot be made"));
	snprintf(path, sizeof path, "%s/a/b/c", folder);
	assert_int_equal(journal_open(&options, &journal, NULL, &error), 0);
	journal_close(journal);
	char *deep = mem_strdup(path);
	folder_remove(deep);
	snprintf(path, sizeof path, "%s/a/b", folder);
	rmdir(path);
	snprintf(path, sizeof path, "%s/a", folder);
	rmdir(path);
	folder_remove(folder);
}

/* --- schemas --- */

static sqlite3 *open_raw(const char *folder)
{
	char path[512];
	sqlite3 *db;
	snprintf(path, sizeof path, "%s/journal.db", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static void a_newer_schema_is_refused(void **state)
{
	char *folder = folder_make();
	struct journal_options options = {.folder = folder, .clock = &test_clock};
	struct journal *journal = NULL;
	struct error error;
	journal_close(open_plain(folder));
	sqlite3 *db = open_raw(folder);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(journal_open(&options, &journal, NULL, &error), -1);
	assert_non_null(strstr(error.what, "newer version"));
	assert_int_equal(count_files(folder, "corrupt"), 0);
	folder_remove(folder);
}

static void an_older_schema_is_brought_up_step_by_step(void **state)
{
	static const char *const steps[] = {"CREATE TABLE t(a); INSERT INTO t VALUES(1)",
					    "ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a + 1",
					    "CREATE TABLE u(c); INSERT INTO u SELECT b + 1 FROM t",
					    "INSERT INTO u VALUES(9); INSERT INTO nowhere VALUES(1)"};
	char *folder = folder_make();
	sqlite3 *db = open_raw(folder);
	struct error error;
	int64_t n = 0;
	assert_int_equal(schema_migrate(db, steps, 1, &error), SQLITE_OK);
	assert_int_equal(schema_migrate(db, steps, 3, &error), SQLITE_OK);
	assert_int_equal(schema_migrate(db, steps, 3, &error), SQLITE_OK);
	store_query_number(db, "SELECT max(c) FROM u", &n);
	assert_int_equal(n, 3);
	/* A step that fails leaves nothing of itself. */
	assert_int_not_equal(schema_migrate(db, steps, 4, &error), SQLITE_OK);
	store_query_number(db, "SELECT max(c) FROM u", &n);
	assert_int_equal(n, 3);
	store_query_number(db, "PRAGMA user_version", &n);
	assert_int_equal(n, 3);
	sqlite3_close(db);
	folder_remove(folder);
}

/* As the first version wrote it: one event that is not done, with a delivery and a run. */
static void write_first_version(const char *folder)
{
	enum { SEED = 42 };
	struct error error;
	struct buf rows;
	sqlite3 *db = open_raw(folder);
	buf_init(&rows, 8192);
	assert_int_equal(schema_migrate(db, schema_steps, 1, &error), SQLITE_OK);
	buf_printf(&rows,
		   "PRAGMA journal_mode = wal; INSERT INTO state VALUES(1, %d, 1, 1, 0, 0, 0);"
		   "INSERT INTO events VALUES(1, %lld, %lld, 0, %lld, 7, 10000, 10000,"
		   " '{\"id\":\"a\",\"source\":\"/q/1\",\"subject\":\"c\"}'); INSERT INTO open_events "
		   "VALUES(1, %lld);"
		   "INSERT INTO runs VALUES(1, 'c', 'r', 2, 'c.lua:1: no', '');"
		   "INSERT INTO deliveries VALUES(1, 0, %lld, 1, 0, 10000, 'msg', 'c', 'r', 'crm', 'send', "
		   "'c', 1, 9, 1,"
		   " 10000, 10000, 500, 'status', '[]', 'POST / HTTP/1.1')",
		   SEED, (long long)journal_hash(SEED, STR("a")), (long long)journal_hash(SEED, STR("/q/1")),
		   (long long)journal_hash(SEED, STR("c")), (long long)journal_hash(SEED, STR("c")),
		   (long long)journal_hash(SEED, STR("msg")));
	assert_int_equal(sqlite3_exec(db, buf_z(&rows), NULL, NULL, NULL), SQLITE_OK);
	buf_finish(&rows);
	sqlite3_close(db);
}

static void a_journal_of_the_first_version_is_read_and_goes_on(void **state)
{
	char *folder = folder_make();
	write_first_version(folder);
	struct journal *journal = open_plain(folder);
	assert_events(journal, "1* ", .limit = 0);
	assert_deliveries(journal, "msg ", .state = DELIVERY_PENDING);
	assert_int_equal(write_event(journal, "a", "/q/1", "c", 10000), 0);
	assert_int_equal(write_event(journal, "b", "/q/1", "c", 10000), 2);
	write_delivery(journal, "msg", 1, DELIVERY_DELIVERED);
	assert_deliveries(journal, "msg ", .state = DELIVERY_DELIVERED);
	write_rest(journal, 2);
	journal_close(journal);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_answered_is_there_after_a_crash_at_any_point),
		cmocka_unit_test(a_seq_never_comes_again),
		cmocka_unit_test(retention_takes_only_what_is_old_and_settled),
		cmocka_unit_test(what_belongs_to_an_event_goes_with_it),
		cmocka_unit_test(a_large_journal_shrinks_but_knows_its_young_ids),
		cmocka_unit_test(a_crash_during_retention_forgets_nothing),
		cmocka_unit_test(a_file_that_is_no_database_is_set_aside),
		cmocka_unit_test(damage_is_found_after_an_unclean_end),
		cmocka_unit_test(a_folder_that_cannot_be_used_is_an_error),
		cmocka_unit_test(a_newer_schema_is_refused),
		cmocka_unit_test(an_older_schema_is_brought_up_step_by_step),
		cmocka_unit_test(a_journal_of_the_first_version_is_read_and_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
