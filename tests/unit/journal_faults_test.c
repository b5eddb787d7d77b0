/* Disks that are full and disks that fail. */
#include "journal_help.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mount.h>

/* One point fails a number of times; what the journal tells is counted. */
struct trouble {
	const char *point;
	atomic_int kind, times, begun, ended, reopened;
	sem_t changed, failed_again;
	char what[512];
};

static enum journal_fault fail_at(void *context, const char *point)
{
	struct trouble *trouble = context;
	if (!strcmp(point, "before-reopen"))
		trouble->reopened++;
	if (strcmp(point, trouble->point) || trouble->times == 0)
		return JOURNAL_FAULT_NONE;
	trouble->times--;
	sem_post(&trouble->failed_again);
	return (enum journal_fault)trouble->kind;
}

static void note_change(void *context, const struct error *error)
{
	struct trouble *trouble = context;
	if (error)
		memcpy(trouble->what, error->what, sizeof trouble->what);
	atomic_fetch_add(error ? &trouble->begun : &trouble->ended, 1);
	sem_post(&trouble->changed);
}

static struct journal *open_troubled(const char *folder, struct trouble *trouble,
				     struct journal_faults *faults)
{
	sem_init(&trouble->changed, 0, 0);
	sem_init(&trouble->failed_again, 0, 0);
	*faults = (struct journal_faults){fail_at, trouble};
	return open_with(
		folder,
		(struct journal_options){.faults = faults, .state_changed = note_change, .context = trouble},
		NULL);
}

/* An event and a delivery in one group fail once; the delivery is written without being posted again. */
static void fail_once(const char *point, enum journal_fault kind, const char *what, bool reopens)
{
	char *folder = folder_make();
	struct trouble trouble = {.point = point, .kind = (int)kind};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	struct journal_delivery delivery = {.id = STR("msg"), .seq = 1, .state = DELIVERY_DEAD};
	struct batch batch = {0};
	struct desk events, others;
	desk_init(&events);
	desk_init(&others);
	assert_int_equal(write_event(journal, "first", "/q/1", "c", 10000), 1);
	trouble.times = 1;
	batch_add(&batch, event_make("second", "/q/1", "c", 10000));
	post(journal, &others, &delivery.entry, ENTRY_DELIVERY);
	post(journal, &events, &batch.entry.entry, ENTRY_EVENTS);
	assert_true(desk_wait(&events, 1));
	assert_true(wait_bounded(&trouble.changed));
	assert_int_equal(trouble.begun, 1);
	assert_non_null(strstr(trouble.what, what));
	assert_true(desk_wait(&others, 1)); /* by itself */
	assert_true(wait_bounded(&trouble.changed));
	assert_false(journal_failing(journal));
	assert_int_equal(trouble.ended, 1);
	assert_int_equal(trouble.reopened, reopens);
	/* The group may have been the delivery alone: then the event came to a failing journal, or to a good
	 * one. */
	if (batch.entry.refused) {
		assert_non_null(strstr(batch.entry.error.what, what));
		assert_int_equal(batch.events[0]->seq, 0);
	}
	uint64_t seq = write_event(journal, "second", "/q/1", "c", 10000);
	assert_true(batch.entry.refused ? seq >= 2 : seq == 0);
	assert_deliveries(journal, "msg ", .state = -1);
	assert_int_equal(figures_of(journal).events, 2);
	batch_finish(&batch);
	desk_finish(&events);
	desk_finish(&others);
	journal_close(journal);
	journal = open_plain(folder);
	assert_int_equal(figures_of(journal).events, 2);
	assert_int_equal(figures_of(journal).open_events, 2);
	journal_close(journal);
	folder_remove(folder);
}

static void a_full_disk_is_waited_for(void **state)
{
	fail_once("before-commit", JOURNAL_FAULT_FULL, "disk is full", false);
	fail_once("before-delivery", JOURNAL_FAULT_FULL, "disk is full", false);
}

static void after_a_failed_sync_the_file_is_opened_anew(void **state)
{
	fail_once("before-commit", JOURNAL_FAULT_IO, "a sync failed", true);
	fail_once("before-delivery", JOURNAL_FAULT_IO, "a sync failed", true);
}

/* The worst case: the commit is there although its sync was reported as failed. What was refused must not be
 * found as a duplicate later. */
static void refused_events_that_are_on_disk_after_all_are_removed(void **state)
{
	char *folder = folder_make();
	struct trouble trouble = {.point = "after-commit", .kind = JOURNAL_FAULT_IO};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	assert_int_equal(write_event(journal, "first", "/q/1", "c", 10000), 1);
	trouble.times = 1;
	assert_int_equal(write_event(journal, "second", "/q/1", "c", 10000), 0);
	assert_true(wait_bounded(&trouble.changed));
	assert_true(wait_bounded(&trouble.changed)); /* it recovers with nothing to write, too */
	assert_false(journal_failing(journal));
	assert_events(journal, "1* ", .limit = 0);
	assert_int_equal(write_event(journal, "second", "/q/1", "c", 10000), 3); /* 2 was given out */
	assert_int_equal(figures_of(journal).events, 2);
	assert_int_equal(figures_of(journal).open_events, 2);
	journal_close(journal);
	folder_remove(folder);
}

static void entries_are_kept_in_order_while_the_disk_fails(void **state)
{
	char *folder = folder_make();
	struct trouble trouble = {.point = "before-commit", .kind = JOURNAL_FAULT_FULL};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	struct journal_delivery versions[5];
	struct desk desk;
	desk_init(&desk);
	write_event(journal, "a", "/q/1", "c", 10000);
	trouble.times = 2;
	for (int i = 0; i < 5; i++) {
		versions[i] =
			(struct journal_delivery){.id = STR("msg"),
						  .seq = 1,
						  .attempts = i,
						  .state = i == 4 ? DELIVERY_DELIVERED : DELIVERY_PENDING};
		post(journal, &desk, &versions[i].entry, ENTRY_DELIVERY);
	}
	assert_true(wait_bounded(&trouble.failed_again));
	assert_true(wait_bounded(&trouble.failed_again)); /* it was tried again */
	assert_true(desk_wait(&desk, 5));
	assert_deliveries(journal, "msg ", .state = DELIVERY_DELIVERED);
	assert_int_equal(trouble.begun, 1);
	desk_finish(&desk);
	journal_close(journal);
	folder_remove(folder);
}

static void closing_a_journal_that_fails_answers_everything(void **state)
{
	char *folder = folder_make();
	struct trouble trouble = {.point = "before-commit", .kind = JOURNAL_FAULT_FULL};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	struct journal_delivery delivery = {.id = STR("msg"), .seq = 1};
	struct batch batch = {0};
	struct desk desk;
	desk_init(&desk);
	trouble.times = -1; /* for ever */
	batch_add(&batch, event_make("a", "/q/1", "c", 10000));
	post(journal, &desk, &delivery.entry, ENTRY_DELIVERY);
	post(journal, &desk, &batch.entry.entry, ENTRY_EVENTS);
	journal_close(journal);
	assert_true(desk_wait(&desk, 2));
	assert_true(batch.entry.refused);
	batch_finish(&batch);
	desk_finish(&desk);
	folder_remove(folder);
}

static void a_journal_found_corrupt_refuses_and_is_set_aside_next_time(void **state)
{
	char *folder = folder_make();
	struct trouble trouble = {.point = "before-event", .kind = JOURNAL_FAULT_CORRUPT};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	struct batch batch = {0};
	trouble.times = 1;
	batch_add(&batch, event_make("a", "/q/1", "c", 10000));
	post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
	assert_true(batch.entry.refused);
	assert_non_null(strstr(batch.entry.error.what, "corrupt"));
	/* Nothing is tried any more, though the fault is gone. */
	assert_int_equal(write_event(journal, "b", "/q/1", "c", 10000), 0);
	assert_true(journal_failing(journal));
	assert_int_equal(trouble.ended, 0);
	batch_finish(&batch);
	journal_close(journal);
	char path[512], text[16] = "";
	snprintf(path, sizeof path, "%s/journal.lock", folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	assert_string_equal(text, "corrupt\n"); /* the next start looks at every page */
	journal_close(open_plain(folder));
	folder_remove(folder);
}

/* --- a disk that is really full --- */

static void fill_up(const char *folder, const char *name)
{
	char path[512], bytes[4096] = {0};
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	while (write(fd, bytes, sizeof bytes) > 0)
		;
	close(fd);
}

static int write_until_refused(struct journal *journal, char *what)
{
	for (int i = 0; i < 2000; i++) {
		struct batch batch = {0};
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		batch_add(&batch, event_make(id, "/q/1", "c", 10000));
		post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
		bool refused = batch.entry.refused;
		snprintf(what, 512, "%s", batch.entry.error.what);
		batch_finish(&batch);
		if (refused)
			return i;
	}
	return -1;
}

static void a_full_file_system_loses_nothing_and_recovers(void **state)
{
	char *folder = folder_make(), what[512], path[512];
	if (mount("none", folder, "tmpfs", 0, "size=2m")) {
		folder_remove(folder);
		skip();
	}
	struct trouble trouble = {.point = ""};
	struct journal_faults faults;
	struct journal *journal = open_troubled(folder, &trouble, &faults);
	struct journal_delivery delivery = {.id = STR("msg"), .seq = 1, .state = DELIVERY_DEAD};
	struct desk desk;
	desk_init(&desk);
	fill_up(folder, "filler");
	int accepted = write_until_refused(journal, what);
	assert_in_range(accepted, 0, 1999);
	assert_non_null(strstr(what, "disk is full"));
	post(journal, &desk, &delivery.entry, ENTRY_DELIVERY);
	snprintf(path, sizeof path, "%s/filler", folder);
	assert_int_equal(unlink(path), 0);
	assert_true(desk_wait(&desk, 1));
	assert_int_equal(trouble.begun, trouble.ended);
	assert_int_equal(figures_of(journal).events, accepted);
	assert_true(write_event(journal, "later", "/q/1", "c", 10000) > 0);
	desk_finish(&desk);
	journal_close(journal);
	journal = open_plain(folder);
	assert_int_equal(figures_of(journal).events, accepted + 1);
	assert_deliveries(journal, "msg ", .state = -1);
	journal_close(journal);
	assert_int_equal(umount(folder), 0);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_waited_for),
		cmocka_unit_test(after_a_failed_sync_the_file_is_opened_anew),
		cmocka_unit_test(refused_events_that_are_on_disk_after_all_are_removed),
		cmocka_unit_test(entries_are_kept_in_order_while_the_disk_fails),
		cmocka_unit_test(closing_a_journal_that_fails_answers_everything),
		cmocka_unit_test(a_journal_found_corrupt_refuses_and_is_set_aside_next_time),
		cmocka_unit_test(a_full_file_system_loses_nothing_and_recovers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
