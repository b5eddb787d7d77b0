/* Which generations of the rules the journal keeps: those that served last, those that something unfinished
 * began with, and the texts that these name; after a crash at any point, too. */
#include "journal_help.h"

#include <sys/wait.h>

enum { GENERATIONS = 30, KEPT = 10, CRASHES_MAX = 40 };

static struct str printed(char *z, size_t size, const char *format, int n)
{
	snprintf(z, size, format, n, n, n);
	return str_of(z);
}

/* Generation n names a text of its own and one that all have; then it serves. */
static uint32_t write_generation(struct journal *journal, int n)
{
	char hash[64], own[64], files[256];
	struct journal_source sources[] = {
		{STR("00000000000000ff0000000000000000"), STR("all have it")},
		{printed(own, sizeof own, "%016x0000000000000000", n), STR("its own")}};
	struct journal_generation row = {
		.hash = printed(hash, sizeof hash, "generation %d", n),
		.files = printed(files, sizeof files,
				 "00000000000000ff0000000000000000 all.lua\n%016x0000000000000000 own.lua\n",
				 n),
		.sources = sources,
		.n_sources = countof(sources),
	};
	post_and_wait(journal, &row.entry, ENTRY_GENERATION);
	return row.number;
}

static void activate(struct journal *journal, uint32_t number)
{
	struct journal_activation row = {.generation = number,
					 .at_ms = 100,
					 .cause = STR("api"),
					 .folder = STR("f"),
					 .summary = STR("")};
	post_and_wait(journal, &row.entry, ENTRY_ACTIVATION);
}

static uint64_t write_event_of(struct journal *journal, uint32_t generation)
{
	char id[16];
	struct batch batch = {0};
	snprintf(id, sizeof id, "e%u", generation);
	batch_add(&batch, event_make(id, "/q/1", id, 9900));
	batch.events[0]->generation = generation;
	post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
	uint64_t seq = batch.events[0]->seq;
	batch_finish(&batch);
	return seq;
}

static void write_run(struct journal *journal, uint64_t seq, enum run_outcome outcome, uint32_t generation)
{
	struct journal_run run = {.seq = seq,
				  .campaign = STR("c"),
				  .rule = STR("r"),
				  .outcome = outcome,
				  .log = STR(""),
				  .generation = generation};
	post_and_wait(journal, &run.entry, ENTRY_RUN);
}

/* 30 generations, of which something is left of those from 2 to 8, but for 6, whose event is settled. */
static void fill(const char *folder)
{
	struct journal *journal = open_plain(folder);
	for (int n = 1; n <= GENERATIONS; n++) {
		assert_int_equal(write_generation(journal, n), n);
		activate(journal, (uint32_t)n);
	}
	write_event_of(journal, 2); /* open */
	uint64_t seq = write_event_of(journal, 3);
	write_delivery(journal, "pending", seq, DELIVERY_PENDING);
	write_done(journal, seq);
	seq = write_event_of(journal, 4);
	write_delivery(journal, "dead", seq, DELIVERY_DEAD);
	write_done(journal, seq);
	seq = write_event_of(journal, 5);
	write_run(journal, seq, OUTCOME_FAILED, 0);
	write_done(journal, seq);
	seq = write_event_of(journal, 6);
	write_run(journal, seq, OUTCOME_DONE, 0);
	write_delivery(journal, "delivered", seq, DELIVERY_DELIVERED);
	write_done(journal, seq);
	seq = write_event_of(journal, 7);
	write_run(journal, seq, OUTCOME_AGAIN, 8);
	write_done(journal, seq);
	journal_close(journal);
}

struct signal {
	sem_t reached;
	const char *point, *crash_point;
	int crash_after;
};

static enum journal_fault signal_at(void *context, const char *point)
{
	struct signal *signal = context;
	if (signal->crash_point && !strcmp(point, signal->crash_point) && signal->crash_after-- == 0)
		_exit(1);
	if (!strcmp(point, signal->point))
		sem_post(&signal->reached);
	return JOURNAL_FAULT_NONE;
}

/* Opens, lets one pass of retention end, closes. */
static void retain(const char *folder, const char *crash_point, int crash_after)
{
	struct signal signal = {.point = "retained", .crash_point = crash_point, .crash_after = crash_after};
	struct journal_faults faults = {signal_at, &signal};
	sem_init(&signal.reached, 0, 0);
	struct journal *journal = open_with(
		folder, (struct journal_options){.faults = &faults, .retain_generations = KEPT}, NULL);
	assert_true(wait_bounded(&signal.reached));
	journal_close(journal);
	sem_destroy(&signal.reached);
}

static bool is_there(void *context, const struct journal_generation *row)
{
	*(bool *)context = true;
	return false;
}

static bool has_text(void *context, const struct journal_source *row)
{
	*(bool *)context = true;
	return false;
}

static bool list_activation(void *context, const struct journal_activation *row)
{
	buf_printf(context, "%u ", row->generation);
	return true;
}

/* "2 3 8 ": the generations whose row and both texts are there; a text without its generation is "(6) ". */
static void assert_generations(const char *folder, const char *expected)
{
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct buf found;
	char own[64];
	buf_init(&found, 4096);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	bool shared = false;
	assert_int_equal(
		journal_read_source(reader, STR("00000000000000ff0000000000000000"), has_text, &shared, NULL),
		0);
	assert_true(shared);
	for (int n = 1; n <= GENERATIONS + 1; n++) {
		bool row = false, text = false;
		assert_int_equal(journal_read_generation(reader, (uint32_t)n, is_there, &row, NULL), 0);
		assert_int_equal(journal_read_source(reader,
						     printed(own, sizeof own, "%016x0000000000000000", n),
						     has_text, &text, NULL),
				 0);
		assert_true(text || !row);
		if (row)
			buf_printf(&found, "%d ", n);
		else if (text)
			buf_printf(&found, "(%d) ", n);
	}
	assert_string_equal(buf_z(&found), expected);
	buf_finish(&found);
	journal_reader_close(reader);
	journal_close(journal);
}

#define LEFT "2 3 4 5 7 8 21 22 23 24 25 26 27 28 29 30 "

static void what_is_needed_and_what_served_last_stays(void **state)
{
	char *folder = folder_make();
	struct buf history;
	struct journal_reader *reader;
	fill(folder);
	retain(folder, NULL, 0);
	assert_generations(folder, LEFT);
	struct journal *journal = open_plain(folder);
	buf_init(&history, 4096);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_activations(reader, 100, list_activation, &history, NULL), 0);
	assert_string_equal(buf_z(&history), "30 29 28 27 26 25 24 23 22 21 ");
	journal_reader_close(reader);
	buf_finish(&history);
	/* What is settled meanwhile goes with the next pass. */
	write_done(journal, 1);
	journal_close(journal);
	retain(folder, NULL, 0);
	assert_generations(folder, "3 4 5 7 8 21 22 23 24 25 26 27 28 29 30 ");
	folder_remove(folder);
}

/* Or an event of then would seem to be one of the new rules. */
static void a_number_never_comes_again(void **state)
{
	char *folder = folder_make();
	fill(folder);
	struct journal *journal = open_plain(folder);
	for (uint32_t n = 11; n <= 20; n++)
		activate(journal, n); /* rolled back */
	journal_close(journal);
	retain(folder, NULL, 0);
	assert_generations(folder, "2 3 4 5 7 8 11 12 13 14 15 16 17 18 19 20 30 ");
	journal = open_plain(folder);
	assert_int_equal(write_generation(journal, GENERATIONS + 1), GENERATIONS + 1);
	journal_close(journal);
	folder_remove(folder);
}

/* Returns whether it came so far. */
static bool crash_and_look(const char *point, int after)
{
	char *folder = folder_make();
	int status;
	fill(folder);
	pid_t child = fork();
	if (child == 0) {
		retain(folder, point, after);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	bool crashed = WEXITSTATUS(status) == 1;
	/* Whole, whatever is left. */
	struct journal *journal = open_plain(folder);
	journal_close(journal);
	retain(folder, NULL, 0);
	assert_generations(folder, LEFT);
	folder_remove(folder);
	return crashed;
}

static void a_crash_at_any_point_leaves_whole_generations(void **state)
{
	static const char *const points[] = {"before-remove-generation", "before-remove-commit"};
	for (size_t i = 0; i < countof(points); i++) {
		int after = 0;
		while (after < CRASHES_MAX && crash_and_look(points[i], after))
			after += 3;
		assert_true(after > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_and_what_served_last_stays),
		cmocka_unit_test(a_number_never_comes_again),
		cmocka_unit_test(a_crash_at_any_point_leaves_whole_generations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
