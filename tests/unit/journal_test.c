#include "journal_help.h"

#include "journal/journal_private.h"

#include <stdatomic.h>

static void an_event_is_read_back_after_reopening(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	assert_int_equal(write_event(journal, "a", "/q/1", "call-1", 1000), 1);
	assert_int_equal(write_event(journal, "b", "/q/1", "call-2", 2000), 2);
	write_done(journal, 1);
	journal_close(journal);
	journal = open_plain(folder);
	assert_events(journal, "1 2* ", .limit = 0);
	assert_events(journal, "2* ", .only_open = true);
	assert_events(journal, "2* ", .after_seq = 1);
	assert_events(journal, "2* ", .since_ms = 1500);
	assert_events(journal, "1 2* ", .since_ms = 1);
	assert_events(journal, "", .since_ms = 2001);
	assert_events(journal, "1 ", .call = STR("call-1"));
	assert_events(journal, "", .call = STR("call-1"), .only_open = true);
	assert_events(journal, "2* ", .id = STR("b"));
	assert_events(journal, "2* ", .id = STR("b"), .call = STR("call-2"), .only_open = true);
	assert_events(journal, "1 ", .limit = 1);
	journal_close(journal);
	folder_remove(folder);
}

static bool check_event(void *context, const struct event_row *row)
{
	assert_int_equal(row->generation, 7);
	assert_int_equal(row->arrived_ms, 1000);
	assert_str(row->json, "{\"id\":\"a\",\"source\":\"/q/1\",\"subject\":\"call-1\"}");
	(*(int *)context)++;
	return true;
}

static void an_event_keeps_its_line_and_its_generation(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct event_query query = {0};
	int n = 0;
	write_event(journal, "a", "/q/1", "call-1", 1000);
	assert_int_equal(journal_reader_open_folder(folder, &reader, NULL), 0);
	assert_int_equal(journal_read_events(reader, &query, check_event, &n, NULL), 0);
	assert_int_equal(n, 1);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

static void duplicates_are_found_in_the_table_and_in_the_batch(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	assert_int_equal(write_event(journal, "a", "/q/1", "c", 1), 1);
	journal_close(journal);
	journal = open_plain(folder);
	struct batch batch = {0};
	batch_add(&batch, event_make("a", "/q/1", "c", 2)); /* in the table */
	batch_add(&batch, event_make("a", "/q/2", "c", 2)); /* of another source */
	batch_add(&batch, event_make("b", "/q/1", "c", 2));
	batch_add(&batch, event_make("b", "/q/1", "c", 2)); /* in the batch */
	post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
	assert_false(batch.entry.refused);
	assert_true(batch.duplicates[0] && !batch.duplicates[1] && !batch.duplicates[2] &&
		    batch.duplicates[3]);
	assert_int_equal(batch.events[0]->seq, 0);
	assert_int_equal(batch.events[1]->seq, 2);
	assert_int_equal(batch.events[2]->seq, 3);
	assert_int_equal(batch.events[3]->seq, 0);
	batch_finish(&batch);
	assert_events(journal, "2* 3* ", .after_seq = 1);
	assert_int_equal(figures_of(journal).events, 3);
	journal_close(journal);
	folder_remove(folder);
}

static bool check_run(void *context, const struct journal_run *row)
{
	assert_int_equal(row->seq, 5);
	assert_str(row->campaign, "autumn");
	assert_str(row->rule, "a sale");
	assert_int_equal(row->outcome, OUTCOME_SKIPPED);
	assert_str(row->reason, "too short");
	assert_str(row->log, "");
	(*(int *)context)++;
	return true;
}

static bool check_step(void *context, const struct journal_step *row)
{
	assert_int_equal(row->number, 3);
	assert_int_equal(row->fingerprint.n, 3);
	assert_memory_equal(row->fingerprint.p, "a\0b", 3);
	assert_true(row->answered);
	assert_int_equal(row->deadline_ms, 99);
	assert_int_equal(row->awaited_seq, 6);
	assert_str(row->answer, "200");
	(*(int *)context)++;
	return true;
}

static void the_last_row_of_a_run_and_of_a_step_stays(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct journal_run run = {
		.seq = 5, .campaign = STR("autumn"), .rule = STR("a sale"), .outcome = OUTCOME_WAITING};
	struct journal_step step = {.seq = 5,
				    .campaign = STR("autumn"),
				    .rule = STR("a sale"),
				    .number = 3,
				    .fingerprint = {"a\0b", 3},
				    .deadline_ms = 99};
	int n = 0;
	post_and_wait(journal, &run.entry, ENTRY_RUN);
	post_and_wait(journal, &step.entry, ENTRY_STEP);
	run.outcome = OUTCOME_SKIPPED;
	run.reason = STR("too short");
	run.log = STR("");
	step.answered = true;
	step.awaited_seq = 6;
	step.answer = STR("200");
	post_and_wait(journal, &run.entry, ENTRY_RUN);
	post_and_wait(journal, &step.entry, ENTRY_STEP);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_runs(reader, 5, check_run, &n, NULL), 0);
	assert_int_equal(journal_read_steps(reader, 5, check_step, &n, NULL), 0);
	assert_int_equal(journal_read_steps(reader, 4, check_step, &n, NULL), 0);
	assert_int_equal(n, 2);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

static bool check_delivery(void *context, const struct journal_delivery *row)
{
	assert_str(row->id, "msg_1");
	assert_int_equal(row->seq, 1);
	assert_int_equal(row->state, DELIVERY_DELIVERED);
	assert_int_equal(row->attempts, 2);
	assert_int_equal(row->service_hash, UINT64_MAX);
	assert_str(row->request, "POST /\n\nbody");
	assert_str(row->attempts_json, "[{},{}]");
	assert_int_equal(row->status, 204);
	(*(int *)context)++;
	return true;
}

static void a_delivery_keeps_its_request_when_a_later_row_has_none(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct journal_delivery delivery = {.id = STR("msg_1"),
					    .seq = 1,
					    .service = STR("crm"),
					    .attempts = 1,
					    .service_hash = UINT64_MAX,
					    .state = DELIVERY_PENDING,
					    .created_ms = 40,
					    .request = STR("POST /\n\nbody"),
					    .attempts_json = STR("[{}]")};
	struct delivery_query query = {.id = STR("msg_1"), .state = -1, .with_request = true};
	int n = 0;
	write_event(journal, "a", "/q/1", "c", 1);
	post_and_wait(journal, &delivery.entry, ENTRY_DELIVERY);
	struct journal_figures figures = figures_of(journal);
	assert_int_equal(figures.pending, 1);
	assert_int_equal(figures.oldest_pending_ms, 40);
	delivery.request = (struct str){0};
	delivery.attempts = 2;
	delivery.status = 204;
	delivery.state = DELIVERY_DELIVERED;
	delivery.attempts_json = STR("[{},{}]");
	post_and_wait(journal, &delivery.entry, ENTRY_DELIVERY);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_deliveries(reader, &query, check_delivery, &n, NULL), 0);
	assert_int_equal(n, 1);
	journal_reader_close(reader);
	assert_int_equal(figures_of(journal).pending, 0);
	journal_close(journal);
	folder_remove(folder);
}

static void write_many_deliveries(struct journal *journal)
{
	static const char *const services[] = {"crm", "slack"}, *const calls[] = {"call-0", "call-1",
										  "call-2"};
	for (int i = 1; i <= 6; i++) {
		char id[16];
		snprintf(id, sizeof id, "%d", i);
		uint64_t seq = write_event(journal, id, "/q/1", calls[i % 3], 100 * i);
		struct journal_delivery delivery = {.id = str_of(id),
						    .seq = seq,
						    .campaign = STR("autumn"),
						    .service = str_of(services[i % 2]),
						    .call = str_of(calls[i % 3]),
						    .state = (enum delivery_state)(i % 4),
						    .created_ms = 100 * i};
		post_and_wait(journal, &delivery.entry, ENTRY_DELIVERY);
	}
}

static void filters_of_deliveries_hold_together(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	write_many_deliveries(journal); /* states 1 2 3 0 1 2 */
	assert_deliveries(journal, "6 5 4 3 2 1 ", .state = -1);
	assert_deliveries(journal, "1 2 ", .state = -1, .oldest_first = true, .limit = 2);
	assert_deliveries(journal, "6 2 ", .state = DELIVERY_DEAD);
	assert_deliveries(journal, "6 ", .state = DELIVERY_DEAD, .call = STR("call-0"));
	assert_deliveries(journal, "5 1 ", .state = DELIVERY_DELIVERED, .service = STR("slack"));
	assert_deliveries(journal, "3 ", .state = DELIVERY_EXPIRED, .campaign = STR("autumn"));
	assert_deliveries(journal, "", .state = -1, .campaign = STR("spring"));
	assert_deliveries(journal, "6 5 ", .state = -1, .since_ms = 450);
	assert_deliveries(journal, "6 3 ", .state = -1, .call = STR("call-0"));
	assert_deliveries(journal, "4 ", .state = -1, .seq = 4);
	assert_deliveries(journal, "", .state = -1, .seq = 4, .id = STR("5"));
	assert_deliveries(journal, "5 ", .state = -1, .id = STR("5"));
	journal_close(journal);
	folder_remove(folder);
}

static bool check_once(void *context, const struct journal_once *row)
{
	assert_int_equal(row->key[0], UINT64_MAX);
	assert_int_equal(row->key[1], 2);
	assert_int_equal(row->seq, 11);
	(*(int *)context)++;
	return true;
}

static void the_first_claim_of_a_key_stays(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct journal_once once = {.key = {UINT64_MAX, 2}, .seq = 11};
	int n = 0;
	post_and_wait(journal, &once.entry, ENTRY_ONCE);
	once.seq = 12;
	post_and_wait(journal, &once.entry, ENTRY_ONCE);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_once(reader, 10, check_once, &n, NULL), 0);
	assert_int_equal(n, 1);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

static bool check_generation(void *context, const struct journal_generation *row)
{
	assert_int_equal(row->number, 1);
	assert_str(row->hash, "abc");
	assert_str(row->files, "rules");
	(*(int *)context)++;
	return true;
}

static void the_same_rules_are_the_same_generation(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct journal_generation one = {.hash = STR("abc"), .files = STR("rules")},
				  other = {.hash = STR("def"), .files = STR("other rules")};
	int n = 0;
	post_and_wait(journal, &one.entry, ENTRY_GENERATION);
	post_and_wait(journal, &other.entry, ENTRY_GENERATION);
	assert_int_equal(one.number, 1);
	assert_int_equal(other.number, 2);
	one.number = 0;
	post_and_wait(journal, &one.entry, ENTRY_GENERATION);
	assert_int_equal(one.number, 1);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_generation(reader, 1, check_generation, &n, NULL), 0);
	assert_int_equal(journal_read_generation(reader, 3, check_generation, &n, NULL), 0);
	assert_int_equal(n, 1);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

static bool stop_at_first(void *context, const struct event_row *row)
{
	(*(int *)context)++;
	return false;
}

static void a_callback_ends_the_reading(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	struct journal_reader *reader;
	struct event_query query = {0};
	int n = 0;
	write_event(journal, "a", "/q/1", "c", 1);
	write_event(journal, "b", "/q/1", "c", 1);
	assert_int_equal(journal_reader_open(journal, &reader, NULL), 0);
	assert_int_equal(journal_read_events(reader, &query, stop_at_first, &n, NULL), 0);
	assert_int_equal(n, 1);
	journal_reader_close(reader);
	journal_close(journal);
	folder_remove(folder);
}

static void a_folder_is_used_by_one_at_a_time(void **state)
{
	char *folder = folder_make(), pid[32];
	struct journal *journal = open_plain(folder), *second = NULL;
	struct journal_options options = {
		.folder = folder, .durability = DURABILITY_FULL, .clock = clock_system()};
	struct error error;
	assert_int_equal(journal_open(&options, &second, NULL, &error), -1);
	assert_null(second);
	snprintf(pid, sizeof pid, "process %d", (int)getpid());
	assert_non_null(strstr(error.what, pid));
	assert_non_null(strstr(error.what, folder));
	journal_close(journal);
	journal_close(open_plain(folder));
	folder_remove(folder);
}

/* --- threads --- */

struct held {
	sem_t reached, go_on;
	atomic_bool hold;
};

static enum journal_fault hold_before_commit(void *context, const char *point)
{
	struct held *held = context;
	if (!strcmp(point, "before-commit") && atomic_exchange(&held->hold, false)) {
		sem_post(&held->reached);
		wait_bounded(&held->go_on);
	}
	return JOURNAL_FAULT_NONE;
}

static void held_init(struct held *held)
{
	sem_init(&held->reached, 0, 0);
	sem_init(&held->go_on, 0, 0);
	atomic_store(&held->hold, true);
}

static void nothing_is_answered_before_its_commit(void **state)
{
	char *folder = folder_make();
	struct held held;
	struct journal_faults faults = {hold_before_commit, &held};
	held_init(&held);
	struct journal *journal = open_with(folder, (struct journal_options){.faults = &faults}, NULL);
	struct desk desk;
	struct batch batch = {0};
	desk_init(&desk);
	batch_add(&batch, event_make("a", "/q/1", "c", 1));
	post(journal, &desk, &batch.entry.entry, ENTRY_EVENTS);
	assert_true(wait_bounded(&held.reached));
	assert_int_equal(mailbox_drain(&desk.mailbox), 0);
	assert_events(journal, "", .limit = 0);
	sem_post(&held.go_on);
	assert_true(desk_wait(&desk, 1));
	assert_events(journal, "1* ", .limit = 0);
	batch_finish(&batch);
	desk_finish(&desk);
	journal_close(journal);
	folder_remove(folder);
}

enum { GATHERED = 150 };

static void what_gathers_during_a_commit_is_one_commit(void **state)
{
	char *folder = folder_make();
	struct held held;
	struct journal_faults faults = {hold_before_commit, &held};
	held_init(&held);
	struct journal *journal = open_with(folder, (struct journal_options){.faults = &faults}, NULL);
	struct desk desk;
	struct journal_event_done done[GATHERED + 1] = {0};
	desk_init(&desk);
	post(journal, &desk, &done[GATHERED].entry, ENTRY_EVENT_DONE);
	assert_true(wait_bounded(&held.reached));
	for (int i = 0; i < GATHERED; i++)
		post(journal, &desk, &done[i].entry, ENTRY_EVENT_DONE);
	sem_post(&held.go_on);
	assert_true(desk_wait(&desk, GATHERED + 1));
	assert_int_equal(figures_of(journal).commits, 2);
	desk_finish(&desk);
	journal_close(journal);
	folder_remove(folder);
}

static void too_many_waiting_events_are_refused_at_once(void **state)
{
	char *folder = folder_make();
	struct held held;
	struct journal_faults faults = {hold_before_commit, &held};
	held_init(&held);
	struct journal *journal =
		open_with(folder, (struct journal_options){.faults = &faults, .queue_max = 3}, NULL);
	struct desk desk;
	struct batch first = {0}, fits = {0}, refused = {0};
	desk_init(&desk);
	batch_add(&first, event_make("a", "/q/1", "c", 1));
	batch_add(&first, event_make("b", "/q/1", "c", 1));
	batch_add(&fits, event_make("c", "/q/1", "c", 1));
	batch_add(&refused, event_make("d", "/q/1", "c", 1));
	post(journal, &desk, &first.entry.entry, ENTRY_EVENTS);
	assert_true(wait_bounded(&held.reached));
	post(journal, &desk, &fits.entry.entry, ENTRY_EVENTS);
	post(journal, &desk, &refused.entry.entry, ENTRY_EVENTS);
	assert_true(desk_wait(&desk, 1)); /* while the commit is held */
	assert_true(refused.entry.refused);
	assert_non_null(strstr(refused.entry.error.what, "too many events"));
	sem_post(&held.go_on);
	assert_true(desk_wait(&desk, 3));
	assert_false(first.entry.refused || fits.entry.refused);
	assert_events(journal, "1* 2* 3* ", .limit = 0);
	batch_finish(&first);
	batch_finish(&fits);
	batch_finish(&refused);
	desk_finish(&desk);
	journal_close(journal);
	folder_remove(folder);
}

enum { POSTERS = 3, EACH = 400 };

struct poster {
	struct journal *journal;
	int number;
	bool good;
};

static void *post_many(void *arg)
{
	struct poster *poster = arg;
	uint64_t last = 0;
	poster->good = true;
	struct desk desk;
	desk_init(&desk);
	for (int i = 0; i < EACH; i++) {
		struct batch batch = {0};
		char id[32];
		snprintf(id, sizeof id, "%d-%d", poster->number, i);
		batch_add(&batch, event_make(id, "/q/1", id, 1));
		post(poster->journal, &desk, &batch.entry.entry, ENTRY_EVENTS);
		poster->good &= desk_wait(&desk, (size_t)i + 1) && batch.events[0]->seq > last;
		last = batch.events[0]->seq;
		batch_finish(&batch);
	}
	desk_finish(&desk);
	return NULL;
}

static void threads_post_and_one_reads_meanwhile(void **state)
{
	char *folder = folder_make();
	struct journal *journal =
		open_with(folder, (struct journal_options){.durability = DURABILITY_RELAXED}, NULL);
	pthread_t threads[POSTERS];
	struct poster posters[POSTERS];
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){.journal = journal, .number = i};
		pthread_create(&threads[i], NULL, post_many, &posters[i]);
	}
	while (figures_of(journal).events < POSTERS * EACH / 2)
		;
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(posters[i].good);
	}
	struct journal_figures figures = figures_of(journal);
	assert_int_equal(figures.events, POSTERS * EACH);
	assert_int_equal(figures.last_seq, POSTERS * EACH);
	assert_int_equal(figures.open_events, POSTERS * EACH);
	journal_close(journal);
	folder_remove(folder);
}

static atomic_int freed;

static void count_and_free(struct message *message)
{
	free(container_of(message, struct journal_event_done, entry.message));
	atomic_fetch_add(&freed, 1);
}

static void an_entry_without_a_mailbox_is_delivered_by_the_writer(void **state)
{
	char *folder = folder_make();
	struct journal *journal = open_plain(folder);
	uint64_t seq = write_event(journal, "a", "/q/1", "c", 1);
	struct journal_event_done *done = mem_zalloc(sizeof *done);
	done->entry.kind = ENTRY_EVENT_DONE;
	done->entry.message.deliver = count_and_free;
	done->seq = seq;
	journal_post(journal, &done->entry);
	journal_close(journal); /* writes what was posted */
	assert_int_equal(atomic_load(&freed), 1);
	journal = open_plain(folder);
	assert_events(journal, "1 ", .limit = 0);
	journal_close(journal);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_read_back_after_reopening),
		cmocka_unit_test(an_event_keeps_its_line_and_its_generation),
		cmocka_unit_test(duplicates_are_found_in_the_table_and_in_the_batch),
		cmocka_unit_test(the_last_row_of_a_run_and_of_a_step_stays),
		cmocka_unit_test(a_delivery_keeps_its_request_when_a_later_row_has_none),
		cmocka_unit_test(filters_of_deliveries_hold_together),
		cmocka_unit_test(the_first_claim_of_a_key_stays),
		cmocka_unit_test(the_same_rules_are_the_same_generation),
		cmocka_unit_test(a_callback_ends_the_reading),
		cmocka_unit_test(a_folder_is_used_by_one_at_a_time),
		cmocka_unit_test(nothing_is_answered_before_its_commit),
		cmocka_unit_test(what_gathers_during_a_commit_is_one_commit),
		cmocka_unit_test(too_many_waiting_events_are_refused_at_once),
		cmocka_unit_test(threads_post_and_one_reads_meanwhile),
		cmocka_unit_test(an_entry_without_a_mailbox_is_delivered_by_the_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
