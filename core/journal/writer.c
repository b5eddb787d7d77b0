#include "journal/journal_private.h"

#include <stdio.h>
#include <time.h>

static int64_t now_us(void)
{
	return clock_mono_us(clock_system());
}

static struct journal_entry *entry_of(struct message *message)
{
	return container_of(message, struct journal_entry, message);
}

void journal_answer(struct journal_entry *entry)
{
	if (entry->reply_to)
		mailbox_post(entry->reply_to, &entry->message);
	else
		entry->message.deliver(&entry->message);
}

/* --- what waits --- */

struct group {
	struct message *first, **last;
	size_t rows;
	bool writes_events;
};

static void group_init(struct group *group)
{
	*group = (struct group){.last = &group->first};
}

static void group_add(struct group *group, struct message *message)
{
	struct journal_entry *entry = entry_of(message);
	message->next = NULL;
	*group->last = message;
	group->last = &message->next;
	group->rows += entry_rows(entry);
	group->writes_events |= entry->kind == ENTRY_EVENTS;
}

static struct message *queue_pop(struct journal *journal)
{
	struct message *message = journal->first;
	journal->first = message->next;
	if (!journal->first)
		journal->last = &journal->first;
	return message;
}

static void queue_put_back(struct journal *journal, struct group *group)
{
	if (!group->first)
		return;
	*group->last = journal->first;
	if (!journal->first)
		journal->last = group->last;
	journal->first = group->first;
}

static void take_group(struct journal *journal, struct group *ret)
{
	group_init(ret);
	while (journal->first) {
		size_t rows = entry_rows(entry_of(journal->first));
		if (ret->first && ret->rows + rows > GROUP_ROWS_MAX)
			break;
		group_add(ret, queue_pop(journal));
	}
}

/* --- answers --- */

static void stop_waiting(struct journal *journal, struct journal_entry *entry)
{
	if (entry->kind == ENTRY_EVENTS)
		__atomic_sub_fetch(&journal->waiting_events, entry_rows(entry), __ATOMIC_RELAXED);
}

static void refuse(struct journal *journal, struct journal_entry *entry)
{
	struct journal_events *events = container_of(entry, struct journal_events, entry);
	for (size_t i = 0; i < events->n; i++)
		events->events[i]->seq = 0;
	events->refused = true;
	events->error = journal->error;
	stop_waiting(journal, entry);
	journal_answer(entry);
}

/* Entries with one mailbox in a row are posted under one lock: that is how they come, mostly. */
static void answer_all(struct journal *journal, struct message *first)
{
	while (first) {
		struct journal_entry *entry = entry_of(first);
		struct message *last = first, *next = first->next;
		stop_waiting(journal, entry);
		for (; entry->reply_to && next && entry_of(next)->reply_to == entry->reply_to;
		     next = next->next) {
			stop_waiting(journal, entry_of(next));
			last = next;
		}
		if (entry->reply_to)
			mailbox_post_all(entry->reply_to, first, last);
		else
			first->deliver(first);
		first = next;
	}
}

static void refuse_waiting_events(struct journal *journal)
{
	struct group kept;
	group_init(&kept);
	while (journal->first) {
		struct message *message = queue_pop(journal);
		if (entry_of(message)->kind == ENTRY_EVENTS)
			refuse(journal, entry_of(message));
		else
			group_add(&kept, message);
	}
	queue_put_back(journal, &kept);
}

/* --- failing --- */

static void tell(struct journal *journal, bool failing)
{
	if (__atomic_exchange_n(&journal->failing, failing, __ATOMIC_RELEASE) == failing)
		return;
	if (journal->options.state_changed)
		journal->options.state_changed(journal->options.context, failing ? &journal->error : NULL);
}

/* Decides what a failure means for the connection. When the disk is full nothing was promised to it and a
 * rollback is enough. After any other failure to read, write or sync nobody knows what is on disk: the system
 * reports a failed sync once, and the next one succeeds although the data is gone. */
static void note_failure(struct journal *journal, int code)
{
	struct store *store = &journal->store;
	int kind = code & 0xff;
	store_error(&journal->error, store->db, code);
	if (store->db && !sqlite3_get_autocommit(store->db))
		store_run(store, STATEMENT_ROLLBACK);
	store->added = 0;
	ids_rollback(&store->ids, journal->committed_seq);
	journal->full = kind == SQLITE_FULL;
	if (store_is_corrupt(code)) {
		journal->corrupt = true;
		journal_mark(journal, ENDING_CORRUPT);
	}
	if ((kind != SQLITE_FULL && kind != SQLITE_BUSY) || (store->db && !sqlite3_get_autocommit(store->db)))
		journal->reopen = true;
	journal->tried_us = now_us();
	journal->try_us = journal->tried_us + RETRY_US;
	tell(journal, true);
}

static void group_failed(struct journal *journal, struct group *group, int code)
{
	struct group kept;
	group_init(&kept);
	note_failure(journal, code);
	for (struct message *message = group->first, *next; message; message = next) {
		next = message->next;
		if (entry_of(message)->kind == ENTRY_EVENTS)
			refuse(journal, entry_of(message));
		else
			group_add(&kept, message);
	}
	queue_put_back(journal, &kept);
}

/* Events of a commit that failed were refused; if they are there after all, they go, or a sender's second try
 * would be answered as a duplicate that nobody handles. */
static int remove_refused(struct journal *journal)
{
	struct store *store = &journal->store;
	char query[160];
	int64_t removed = 0;
	snprintf(query, sizeof query,
		 "DELETE FROM open_events WHERE seq > %lld; DELETE FROM events WHERE seq > %lld",
		 (long long)journal->committed_seq, (long long)journal->committed_seq);
	int code = sqlite3_exec(store->db, query, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		removed = sqlite3_changes(store->db);
	store->added = -removed;
	return code;
}

static int check_reopened(struct journal *journal, uint64_t given_out)
{
	struct store *store = &journal->store;
	/* Writes all of the log anew to the database and syncs that: what is visible is then on disk. */
	int code = store_checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE);
	if (code != SQLITE_OK)
		return code;
	if (store->last_seq < journal->committed_seq)
		return SQLITE_CORRUPT;
	if (store->last_seq < given_out)
		store->last_seq = given_out;
	code = store_run(store, STATEMENT_BEGIN);
	if (code == SQLITE_OK)
		code = remove_refused(journal);
	ids_rollback(&store->ids, journal->committed_seq);
	if (code == SQLITE_OK)
		code = state_write(store);
	if (code == SQLITE_OK)
		code = store_run(store, STATEMENT_COMMIT);
	if (code == SQLITE_OK) {
		store->n_events += (uint64_t)store->added;
		store->added = 0;
	}
	return code;
}

static int reopen(struct journal *journal)
{
	struct store *store = &journal->store;
	struct store_options options = {.path = journal->path,
					.durability = journal->options.durability,
					.faults = journal->options.faults,
					.first_seq = 1};
	struct error error;
	uint64_t given_out = store->last_seq;
	store_close(store, false);
	int code = store_fault(store, "before-reopen");
	if (code == SQLITE_OK)
		code = store_open(store, &options, &error);
	if (code == SQLITE_OK)
		code = check_reopened(journal, given_out);
	if (store->last_seq < given_out)
		store->last_seq = given_out;
	journal->reopen = code != SQLITE_OK;
	return code;
}

/* Is there a point in trying? When the disk was full, cutting the log may have made the room that is
 * missing. */
static int make_ready(struct journal *journal)
{
	if (journal->reopen)
		return reopen(journal);
	if (journal->full)
		store_checkpoint(&journal->store, SQLITE_CHECKPOINT_TRUNCATE);
	return SQLITE_OK;
}

/* --- writing --- */

static int commit(struct journal *journal)
{
	struct store *store = &journal->store;
	int code = store_fault(store, "before-commit");
	if (code != SQLITE_OK)
		return code;
	int64_t began_us = now_us();
	code = store_run(store, STATEMENT_COMMIT);
	int64_t took_us = now_us() - began_us;
	__atomic_store_n(&journal->last_commit_us, took_us, __ATOMIC_RELAXED);
	histogram_add(&journal->commit_took, took_us);
	if (code == SQLITE_OK)
		code = store_fault(store, "after-commit");
	if (code != SQLITE_OK)
		return code;
	__atomic_add_fetch(&journal->commits, 1, __ATOMIC_RELAXED);
	store->n_events += (uint64_t)store->added;
	store->added = 0;
	return SQLITE_OK;
}

static int write_group(struct journal *journal, const struct group *group)
{
	struct store *store = &journal->store;
	int code = store_run(store, STATEMENT_BEGIN);
	for (struct message *message = group->first; message && code == SQLITE_OK; message = message->next)
		code = entry_write(store, entry_of(message));
	/* An empty group is a trial write. */
	if (code == SQLITE_OK && (group->writes_events || !group->first))
		code = state_write(store);
	if (code == SQLITE_OK)
		code = commit(journal);
	if (code == SQLITE_OK)
		journal->committed_seq = store->last_seq;
	if (code == SQLITE_OK)
		__atomic_add_fetch(&journal->rows_written, group->rows, __ATOMIC_RELAXED);
	return code;
}

static void work_off(struct journal *journal)
{
	struct group group;
	group_init(&group);
	int code = make_ready(journal);
	if (code == SQLITE_OK) {
		take_group(journal, &group);
		code = write_group(journal, &group);
	}
	if (code != SQLITE_OK) {
		group_failed(journal, &group, code);
		refuse_waiting_events(journal);
		return;
	}
	journal->full = false;
	tell(journal, false);
	store_fault(&journal->store, "before-answer");
	answer_all(journal, group.first);
}

/* What may wait until nobody waits for a commit, or nearly. */
static void keep_house(struct journal *journal)
{
	struct store *store = &journal->store;
	int code = SQLITE_OK;
	if (store->wal_pages >= store->checkpoint_at)
		code = store_checkpoint(store, store->wal_pages >= TRUNCATE_PAGES
						       ? SQLITE_CHECKPOINT_TRUNCATE
						       : SQLITE_CHECKPOINT_PASSIVE);
	if (code == SQLITE_OK)
		code = ids_file(store);
	if (code == SQLITE_OK)
		code = retention_run(&journal->retention, store, now_us());
	if (code != SQLITE_OK)
		note_failure(journal, code);
}

/* --- the thread --- */

static bool take_posted(struct journal *journal)
{
	struct message *message = mailbox_take(&journal->inbox), *next;
	bool any = message != NULL;
	for (; message; message = next) {
		struct journal_entry *entry = entry_of(message);
		next = message->next;
		message->next = NULL;
		/* Refused at the door, only answered here. */
		if (entry->kind == ENTRY_EVENTS &&
		    container_of(entry, struct journal_events, entry)->refused) {
			entry->message.deliver(message);
			continue;
		}
		*journal->last = message;
		journal->last = &message->next;
	}
	return any;
}

static void wait_for_work(struct journal *journal)
{
	int64_t until_us = journal->failing ? journal->try_us : journal->retention.next_us;
	if (journal->corrupt) {
		while (sem_wait(&journal->wake))
			;
		return;
	}
	struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
	sem_clockwait(&journal->wake, CLOCK_MONOTONIC, &until);
}

static void turn(struct journal *journal, bool posted)
{
	if (!journal->failing) {
		if (journal->first)
			work_off(journal);
		if (!journal->failing)
			keep_house(journal);
		return;
	}
	int64_t now = now_us();
	if (posted && journal->try_us > journal->tried_us + RETRY_POSTED_US)
		journal->try_us = journal->tried_us + RETRY_POSTED_US;
	if (!journal->corrupt && now >= journal->try_us)
		work_off(journal);
	else
		refuse_waiting_events(journal);
}

static void finish(struct journal *journal)
{
	while (journal->first && !journal->corrupt) {
		work_off(journal);
		if (journal->failing)
			break;
	}
	refuse_waiting_events(journal);
	while (journal->first)
		journal_answer(entry_of(queue_pop(journal)));
}

void *writer_main(void *context)
{
	struct journal *journal = context;
	for (;;) {
		/* Looked at before the mailbox, so that all that was posted before the end is seen. */
		bool stopping = __atomic_load_n(&journal->stopping, __ATOMIC_ACQUIRE);
		bool posted = take_posted(journal);
		if (stopping)
			break;
		turn(journal, posted);
		if (journal->failing || (!journal->first && !journal->store.ids.filing))
			wait_for_work(journal);
	}
	finish(journal);
	return NULL;
}
