/* What the journal's tests share: a folder of their own, entries that wait for their answer, rows that were
 * read. */
#pragma once

#include "unit.h"

#include "journal/journal.h"

#include <dirent.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 30 };

/* --- a folder --- */

__attribute__((unused)) static char *folder_make(void)
{
	char template[] = "/tmp/journal_test.XXXXXX";
	assert_non_null(mkdtemp(template));
	return mem_strdup(template);
}

__attribute__((unused)) static void folder_remove(char *folder)
{
	DIR *dir = opendir(folder);
	char path[1024];
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
	free(folder);
}

/* --- waiting --- */

__attribute__((unused)) static bool wait_bounded(sem_t *sem)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until); /* which ThreadSanitizer understands */
	until.tv_sec += WAIT_S;
	return sem_timedwait(sem, &until) == 0;
}

/* A mailbox whose owner is the test. */
struct desk {
	struct mailbox mailbox;
	sem_t something;
	size_t answered;
};

static void desk_wake(void *context)
{
	sem_post(&((struct desk *)context)->something);
}

__attribute__((unused)) static void desk_init(struct desk *desk)
{
	*desk = (struct desk){.answered = 0};
	sem_init(&desk->something, 0, 0);
	mailbox_init(&desk->mailbox, desk_wake, desk);
}

__attribute__((unused)) static void desk_finish(struct desk *desk)
{
	mailbox_finish(&desk->mailbox);
	sem_destroy(&desk->something);
}

/* Each turn begins with a wake, so that whoever posted is done with the mailbox when it goes. */
__attribute__((unused)) static bool desk_wait(struct desk *desk, size_t n)
{
	while (desk->answered < n) {
		if (!wait_bounded(&desk->something))
			return false;
		desk->answered += mailbox_drain(&desk->mailbox);
	}
	return true;
}

static void deliver_nothing(struct message *message)
{
}

__attribute__((unused)) static void post(struct journal *journal, struct desk *desk,
					 struct journal_entry *entry, enum entry_kind kind)
{
	entry->kind = kind;
	entry->message.deliver = deliver_nothing;
	entry->reply_to = &desk->mailbox;
	journal_post(journal, entry);
}

__attribute__((unused)) static void post_and_wait(struct journal *journal, struct journal_entry *entry,
						  enum entry_kind kind)
{
	struct desk desk;
	desk_init(&desk);
	post(journal, &desk, entry, kind);
	assert_true(desk_wait(&desk, 1));
	desk_finish(&desk);
}

/* --- events --- */

static struct str copy(struct event *event, const char *z)
{
	return arena_copy(&event->arena, str_of(z));
}

__attribute__((unused)) static struct event *event_make(const char *id, const char *source, const char *call,
							int64_t arrived_ms)
{
	struct event *event = event_create(64 * 1024);
	char json[512];
	snprintf(json, sizeof json, "{\"id\":\"%s\",\"source\":\"%s\",\"subject\":\"%s\"}", id, source, call);
	event->id = copy(event, id);
	event->source = copy(event, source);
	event->subject = copy(event, call);
	event->json = copy(event, json);
	event->arrived_ms = arrived_ms;
	event->generation = 7;
	return event;
}

/* Up to 16 events as one entry. */
struct batch {
	struct journal_events entry;
	struct event *events[16];
	bool duplicates[16];
};

__attribute__((unused)) static void batch_add(struct batch *batch, struct event *event)
{
	batch->entry.events = batch->events;
	batch->entry.duplicates = batch->duplicates;
	batch->events[batch->entry.n++] = event;
}

__attribute__((unused)) static void batch_finish(struct batch *batch)
{
	for (size_t i = 0; i < batch->entry.n; i++)
		event_unref(batch->events[i]);
	*batch = (struct batch){0};
}

/* Writes one event and returns its seq; 0 when it was a duplicate or refused. */
__attribute__((unused)) static uint64_t write_event(struct journal *journal, const char *id,
						    const char *source, const char *call, int64_t arrived_ms)
{
	struct batch batch = {0};
	batch_add(&batch, event_make(id, source, call, arrived_ms));
	post_and_wait(journal, &batch.entry.entry, ENTRY_EVENTS);
	uint64_t seq = batch.events[0]->seq;
	batch_finish(&batch);
	return seq;
}

__attribute__((unused)) static void write_done(struct journal *journal, uint64_t seq)
{
	struct journal_event_done done = {.seq = seq};
	post_and_wait(journal, &done.entry, ENTRY_EVENT_DONE);
}

__attribute__((unused)) static void write_delivery(struct journal *journal, const char *id, uint64_t seq,
						   enum delivery_state state)
{
	struct journal_delivery delivery = {.id = str_of(id),
					    .seq = seq,
					    .campaign = STR("autumn"),
					    .rule = STR("tell the CRM"),
					    .service = STR("crm"),
					    .verb = STR("send"),
					    .call = STR("call"),
					    .state = state,
					    .attempts = 1,
					    .request = STR("POST / HTTP/1.1"),
					    .attempts_json = STR("[]"),
					    .failure = STR("none")};
	post_and_wait(journal, &delivery.entry, ENTRY_DELIVERY);
}

/* --- opening --- */

static _Atomic int64_t test_now_ms = 10000; /* so that small times are recent ones */

static int64_t test_wall_ms(struct clock *clock)
{
	return test_now_ms;
}

static int64_t test_mono_us(struct clock *clock)
{
	return clock_mono_us(clock_system());
}

static struct clock test_clock = {test_wall_ms, test_mono_us};

__attribute__((unused)) static struct journal *open_with(const char *folder, struct journal_options options,
							 struct error *ret_notice)
{
	struct journal *journal = NULL;
	struct error error;
	options.folder = folder;
	options.clock = &test_clock;
	if (journal_open(&options, &journal, ret_notice, &error))
		fail_msg("%s", error.what);
	return journal;
}

__attribute__((unused)) static struct journal *open_plain(const char *folder)
{
	struct error notice;
	struct journal *journal =
		open_with(folder, (struct journal_options){.durability = DURABILITY_FULL}, &notice);
	assert_string_equal(notice.what, "");
	return journal;
}

/* --- reading: the ids, one after another --- */

static bool add_event_seq(void *context, const struct event_row *row)
{
	buf_printf(context, "%llu%s ", (unsigned long long)row->seq, row->done ? "" : "*");
	return true;
}

/* "1 2* 3 ": the seqs that a query gives, those not done with a star. */
__attribute__((unused)) static char *event_seqs(struct journal *journal, const struct event_query *query)
{
	struct journal_reader *reader;
	struct error error;
	struct buf seqs;
	buf_init(&seqs, 1024 * 1024);
	if (journal_reader_open(journal, &reader, &error))
		fail_msg("%s", error.what);
	if (journal_read_events(reader, query, add_event_seq, &seqs, &error))
		fail_msg("%s", error.what);
	journal_reader_close(reader);
	return buf_take(&seqs, NULL);
}

#define assert_events(journal, expected, ...)                             \
	do {                                                              \
		struct event_query assert_query = {__VA_ARGS__};          \
		char *assert_seqs = event_seqs((journal), &assert_query); \
		assert_string_equal(assert_seqs, (expected));             \
		free(assert_seqs);                                        \
	} while (0)

static bool add_delivery_id(void *context, const struct journal_delivery *row)
{
	buf_printf(context, STR_FMT " ", STR_ARG(row->id));
	return true;
}

__attribute__((unused)) static char *delivery_ids(struct journal *journal, const struct delivery_query *query)
{
	struct journal_reader *reader;
	struct error error;
	struct buf ids;
	buf_init(&ids, 1024 * 1024);
	if (journal_reader_open(journal, &reader, &error))
		fail_msg("%s", error.what);
	if (journal_read_deliveries(reader, query, add_delivery_id, &ids, &error))
		fail_msg("%s", error.what);
	journal_reader_close(reader);
	return buf_take(&ids, NULL);
}

#define assert_deliveries(journal, expected, ...)                          \
	do {                                                               \
		struct delivery_query assert_query = {__VA_ARGS__};        \
		char *assert_ids = delivery_ids((journal), &assert_query); \
		assert_string_equal(assert_ids, (expected));               \
		free(assert_ids);                                          \
	} while (0)

__attribute__((unused)) static struct journal_figures figures_of(struct journal *journal)
{
	struct journal_reader *reader;
	struct journal_figures figures = {0};
	struct error error;
	if (journal_reader_open(journal, &reader, &error) || journal_read_figures(reader, &figures, &error))
		fail_msg("%s", error.what);
	journal_reader_close(reader);
	return figures;
}
