#include "journal/journal_private.h"

static void bind_text(sqlite3_stmt *statement, int i, struct str s)
{
	if (s.p)
		sqlite3_bind_text(statement, i, s.p, (int)s.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, i);
}

static void bind_bytes(sqlite3_stmt *statement, int i, struct str s)
{
	if (s.p)
		sqlite3_bind_blob(statement, i, s.p, (int)s.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, i);
}

static void bind_number(sqlite3_stmt *statement, int i, int64_t n)
{
	sqlite3_bind_int64(statement, i, n);
}

static int mark_open(struct store *store, uint64_t seq, uint64_t call)
{
	sqlite3_stmt *s = store->statements[STATEMENT_OPEN];
	bind_number(s, 1, (int64_t)seq);
	bind_number(s, 2, (int64_t)call);
	return store_run(store, STATEMENT_OPEN);
}

static int write_event(struct store *store, struct event *event, bool *ret_duplicate)
{
	uint64_t seq = store->last_seq + 1, call = journal_hash(store->seed, event->subject);
	const uint64_t key[2] = {journal_hash(store->seed, event->id),
				 journal_hash(store->seed, event->source)};
	event->seq = 0;
	int code = ids_take(store, key, seq, ret_duplicate);
	if (code != SQLITE_OK || *ret_duplicate)
		return code;
	if (event->arrived_ms > store->event_order_ms)
		store->event_order_ms = event->arrived_ms;
	sqlite3_stmt *s = store->statements[STATEMENT_EVENT];
	bind_number(s, 1, (int64_t)seq);
	bind_number(s, 2, (int64_t)key[0]);
	bind_number(s, 3, (int64_t)key[1]);
	bind_number(s, 4, bucket_of(seq));
	bind_number(s, 5, (int64_t)call);
	bind_number(s, 6, event->generation);
	bind_number(s, 7, event->arrived_ms);
	bind_number(s, 8, store->event_order_ms);
	bind_text(s, 9, event->json);
	code = store_run(store, STATEMENT_EVENT);
	if (code != SQLITE_OK)
		return code;
	event->seq = store->last_seq = seq;
	store->added++;
	return mark_open(store, seq, call);
}

static int write_events(struct store *store, struct journal_events *events)
{
	int code = SQLITE_OK;
	for (size_t i = 0; i < events->n && code == SQLITE_OK; i++) {
		code = store_fault(store, "before-event");
		if (code == SQLITE_OK)
			code = write_event(store, events->events[i], &events->duplicates[i]);
	}
	return code;
}

static int write_done(struct store *store, const struct journal_event_done *done)
{
	bind_number(store->statements[STATEMENT_DONE], 1, (int64_t)done->seq);
	return store_run(store, STATEMENT_DONE);
}

static int write_run(struct store *store, const struct journal_run *run)
{
	sqlite3_stmt *s = store->statements[STATEMENT_RUN];
	bind_number(s, 1, (int64_t)run->seq);
	bind_text(s, 2, run->campaign);
	bind_text(s, 3, run->rule);
	bind_number(s, 4, run->outcome);
	bind_text(s, 5, run->reason);
	bind_text(s, 6, run->log);
	bind_number(s, 7, run->time_ms);
	bind_number(s, 8, run->generation);
	bind_text(s, 9, run->error);
	int code = store_run(store, STATEMENT_RUN);
	if (code != SQLITE_OK || run->outcome != OUTCOME_AGAIN)
		return code;
	return mark_open(store, run->seq, journal_hash(store->seed, run->call));
}

static int write_step(struct store *store, const struct journal_step *step)
{
	sqlite3_stmt *s = store->statements[STATEMENT_STEP];
	bind_number(s, 1, (int64_t)step->seq);
	bind_text(s, 2, step->campaign);
	bind_text(s, 3, step->rule);
	bind_number(s, 4, step->number);
	bind_bytes(s, 5, step->fingerprint);
	bind_number(s, 6, step->answered);
	bind_number(s, 7, step->deadline_ms);
	bind_number(s, 8, (int64_t)step->awaited_seq);
	bind_bytes(s, 9, step->answer);
	return store_run(store, STATEMENT_STEP);
}

static int write_delivery(struct store *store, const struct journal_delivery *delivery)
{
	if (delivery->created_ms > store->delivery_order_ms)
		store->delivery_order_ms = delivery->created_ms;
	sqlite3_stmt *s = store->statements[STATEMENT_DELIVERY];
	bind_number(s, 1, bucket_of(delivery->seq));
	bind_number(s, 2, (int64_t)journal_hash(store->seed, delivery->id));
	bind_number(s, 3, (int64_t)delivery->seq);
	bind_number(s, 4, delivery->state);
	bind_number(s, 5, store->delivery_order_ms);
	bind_text(s, 6, delivery->id);
	bind_text(s, 7, delivery->campaign);
	bind_text(s, 8, delivery->rule);
	bind_text(s, 9, delivery->service);
	bind_text(s, 10, delivery->verb);
	bind_text(s, 11, delivery->call);
	bind_number(s, 12, delivery->step);
	bind_number(s, 13, (int64_t)delivery->service_hash);
	bind_number(s, 14, delivery->attempts);
	bind_number(s, 15, delivery->created_ms);
	bind_number(s, 16, delivery->next_ms);
	bind_number(s, 17, delivery->status);
	bind_text(s, 18, delivery->failure);
	bind_text(s, 19, delivery->attempts_json);
	bind_bytes(s, 20, delivery->request);
	bind_number(s, 21, delivery->asked_ms);
	bind_number(s, 22, delivery->asked_attempts);
	return store_run(store, STATEMENT_DELIVERY);
}

static int write_once(struct store *store, const struct journal_once *once)
{
	sqlite3_stmt *s = store->statements[STATEMENT_ONCE];
	bind_number(s, 1, (int64_t)once->key[0]);
	bind_number(s, 2, (int64_t)once->key[1]);
	bind_number(s, 3, (int64_t)once->seq);
	return store_run(store, STATEMENT_ONCE);
}

static int write_source(struct store *store, const struct journal_source *source)
{
	bind_text(store->statements[STATEMENT_SOURCE], 1, source->hash);
	bind_bytes(store->statements[STATEMENT_SOURCE], 2, source->text);
	return store_run(store, STATEMENT_SOURCE);
}

static int write_activation(struct store *store, const struct journal_activation *activation)
{
	sqlite3_stmt *s = store->statements[STATEMENT_ACTIVATION];
	bind_number(s, 1, activation->generation);
	bind_number(s, 2, activation->at_ms);
	bind_text(s, 3, activation->cause);
	bind_text(s, 4, activation->folder);
	bind_text(s, 5, activation->summary);
	return store_run(store, STATEMENT_ACTIVATION);
}

static int write_service(struct store *store, const struct journal_service *service)
{
	sqlite3_stmt *s = store->statements[STATEMENT_SERVICE];
	bind_text(s, 1, service->name);
	bind_number(s, 2, service->paused_ms);
	return store_run(store, STATEMENT_SERVICE);
}

static int write_generation(struct store *store, struct journal_generation *generation)
{
	int code = SQLITE_OK;
	for (size_t i = 0; i < generation->n_sources && code == SQLITE_OK; i++)
		code = write_source(store, &generation->sources[i]);
	if (code != SQLITE_OK)
		return code;
	bind_text(store->statements[STATEMENT_GENERATION], 1, generation->hash);
	bind_bytes(store->statements[STATEMENT_GENERATION], 2, generation->files);
	code = store_run(store, STATEMENT_GENERATION);
	if (code != SQLITE_OK)
		return code;
	int64_t number = 0;
	bind_text(store->statements[STATEMENT_GENERATION_NUMBER], 1, generation->hash);
	code = store_number(store, STATEMENT_GENERATION_NUMBER, &number);
	generation->number = (uint32_t)number;
	store->last_generation = (uint64_t)number;
	store->generation_writes++;
	return code;
}

int entry_write(struct store *store, struct journal_entry *entry)
{
	static const char *const points[] = {[ENTRY_EVENTS] = "before-events",
					     [ENTRY_EVENT_DONE] = "before-done",
					     [ENTRY_RUN] = "before-run",
					     [ENTRY_STEP] = "before-step",
					     [ENTRY_DELIVERY] = "before-delivery",
					     [ENTRY_ONCE] = "before-once",
					     [ENTRY_GENERATION] = "before-generation",
					     [ENTRY_ACTIVATION] = "before-activation",

					     [ENTRY_SERVICE] = "before-service"};
	int code = store_fault(store, points[entry->kind]);
	if (code != SQLITE_OK)
		return code;
	switch (entry->kind) {
	case ENTRY_EVENTS:
		return write_events(store, container_of(entry, struct journal_events, entry));
	case ENTRY_EVENT_DONE:
		return write_done(store, container_of(entry, struct journal_event_done, entry));
	case ENTRY_RUN:
		return write_run(store, container_of(entry, struct journal_run, entry));
	case ENTRY_STEP:
		return write_step(store, container_of(entry, struct journal_step, entry));
	case ENTRY_DELIVERY:
		return write_delivery(store, container_of(entry, struct journal_delivery, entry));
	case ENTRY_ONCE:
		return write_once(store, container_of(entry, struct journal_once, entry));
	case ENTRY_GENERATION:
		return write_generation(store, container_of(entry, struct journal_generation, entry));
	case ENTRY_ACTIVATION:
		return write_activation(store, container_of(entry, struct journal_activation, entry));
	case ENTRY_SERVICE:
		return write_service(store, container_of(entry, struct journal_service, entry));
	}
	return SQLITE_OK;
}

int state_write(struct store *store)
{
	int code = store_fault(store, "before-state");
	if (code != SQLITE_OK)
		return code;
	sqlite3_stmt *s = store->statements[STATEMENT_STATE];
	bind_number(s, 1, (int64_t)store->last_seq);
	bind_number(s, 2, (int64_t)store->n_events + store->added);
	return store_run(store, STATEMENT_STATE);
}

size_t entry_rows(struct journal_entry *entry)
{
	return entry->kind == ENTRY_EVENTS ? container_of(entry, struct journal_events, entry)->n : 1;
}
