/* Single bits that flip in a copy of the journal: whatever it meets, the journal ends with its rows, with a
 * notice or with an error; it never hangs, crashes, or gives out a number twice. */
#include "journal_help.h"

#include <fcntl.h>

enum { EVENTS = 60, FLIPS = 150 };

static uint64_t chance_state;

/* SplitMix64 */
static uint64_t chance(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void copy_file(const char *from, const char *to, const char *name, size_t *ret_size)
{
	char path[512], bytes[64 * 1024];
	snprintf(path, sizeof path, "%s/%s", from, name);
	int source = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/%s", to, name);
	*ret_size = 0;
	if (source < 0)
		return;
	int target = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	for (ssize_t n; (n = read(source, bytes, sizeof bytes)) > 0; *ret_size += (size_t)n)
		assert_int_equal(write(target, bytes, (size_t)n), n);
	close(source);
	close(target);
}

static void flip(const char *folder, const char *name, size_t at, unsigned bit)
{
	char path[512];
	unsigned char byte;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte = (unsigned char)(byte ^ 1U << bit);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

static bool count_event(void *context, const struct event_row *row)
{
	(*(size_t *)context)++;
	return true;
}

static bool count_delivery(void *context, const struct journal_delivery *row)
{
	return true;
}

/* A journal of some events, as a kill leaves it: its log is not in the database yet. */
static char *journal_killed(char *ret_copy[1])
{
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.lock"};
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	size_t size;
	for (int i = 1; i <= EVENTS; i++) {
		char id[16];
		snprintf(id, sizeof id, "e%d", i);
		assert_int_equal(write_event(journal, id, "/q/1", "c", 10000), i);
		write_delivery(journal, id, (uint64_t)i, DELIVERY_PENDING);
		if (i == EVENTS / 2) { /* half of it is in the database */
			journal_close(journal);
			journal = open_plain(folder);
		}
	}
	ret_copy[0] = folder_make();
	for (size_t i = 0; i < countof(names); i++)
		copy_file(folder, ret_copy[0], names[i], &size);
	journal_close(journal);
	folder_remove(folder);
	return ret_copy[0];
}

static void look(const char *folder, size_t *ret_whole, size_t *ret_noticed)
{
	struct journal_options options = {
		.folder = folder, .clock = &test_clock, .durability = DURABILITY_RELAXED};
	struct journal *journal;
	struct journal_reader *reader = NULL;
	struct error error = {0}, notice = {0};
	struct event_query events = {.limit = 0};
	struct delivery_query deliveries = {.state = -1, .with_request = true};
	size_t n = 0;
	if (journal_open(&options, &journal, &notice, &error)) {
		assert_true(error.what[0]);
		(*ret_noticed)++;
		return;
	}
	bool read = !journal_reader_open(journal, &reader, &error) &&
		    !journal_read_events(reader, &events, count_event, &n, &error) &&
		    !journal_read_deliveries(reader, &deliveries, count_delivery, NULL, &error);
	assert_true(read || error.what[0]);
	journal_reader_close(reader);
	uint64_t seq = write_event(journal, "new", "/q/1", "c", 10000);
	if (seq)
		assert_true(!read || seq > n);
	*ret_noticed += notice.what[0] || !read;
	*ret_whole += read && !notice.what[0] && n == EVENTS;
	journal_close(journal);
}

/* Bits of the database are found by the check after an unclean end, or lie where nothing is or within a text.
 * Those of the log end it where they lie, by its checksums: what comes after is lost unseen, as durability.md
 * says. */
static void flips_in(const char *name)
{
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.lock"};
	char *copy[1], *original = journal_killed(copy);
	size_t sizes[countof(names)], size = 0, whole = 0, noticed = 0;
	for (int i = 0; i < FLIPS; i++) {
		char *folder = folder_make();
		for (size_t j = 0; j < countof(names); j++) {
			copy_file(original, folder, names[j], &sizes[j]);
			size = strcmp(names[j], name) == 0 ? sizes[j] : size;
		}
		assert_true(size > 0);
		flip(folder, name, chance() % size, (unsigned)(chance() % 8));
		look(folder, &whole, &noticed);
		folder_remove(folder);
	}
	print_message("# %s: of %d flips %zu left all readable, %zu were noticed\n", name, FLIPS, whole,
		      noticed);
	folder_remove(original);
}

static void a_bit_flips_in_the_database(void **state)
{
	flips_in("journal.db");
}

static void a_bit_flips_in_the_log(void **state)
{
	flips_in("journal.db-wal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bit_flips_in_the_database),
		cmocka_unit_test(a_bit_flips_in_the_log),
	};
	chance_state = 7;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
