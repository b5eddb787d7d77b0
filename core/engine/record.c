#include "engine/record.h"

#include "format/error_text.h"
#include "format/exchange_text.h"

enum {
	TEXT_MAX = LIMIT_BODY_MOST + (4 << 20),
	BODY_LOGGED = 4096, /* of an answer that nobody waits for */
	ATTEMPTS_TEXT_MAX = 2 << 20,
};

/* One entry with all its texts, and what is to be done when it is written. */
struct record {
	void (*then)(void *context);
	void *context;
	union {
		struct journal_entry entry;
		struct journal_event_done done;
		struct journal_run run;
		struct journal_step step;
		struct journal_delivery delivery;
		struct journal_once once;
	};
	struct buf text; /* of those that are not constant */
};

static void written(struct message *message)
{
	struct record *record =
		container_of(container_of(message, struct journal_entry, message), struct record, entry);
	void (*then)(void *context) = record->then;
	void *context = record->context;
	buf_finish(&record->text);
	free(record);
	if (then)
		then(context);
}

static struct record *record_new(enum entry_kind kind)
{
	struct record *record = mem_zalloc(sizeof *record);
	record->entry.kind = kind;
	record->entry.message.deliver = written;
	buf_init(&record->text, TEXT_MAX);
	return record;
}

static void record_post(struct engine *engine, struct record *record, struct shard *home,
			void (*then)(void *context), void *context)
{
	record->then = then;
	record->context = context;
	record->entry.reply_to = then ? &home->mailbox : NULL;
	journal_post(engine->options.journal, &record->entry);
}

/* Texts are gathered in one buffer, which moves while it grows: first their places, the pointers at the end.
 */
static struct str later(struct buf *text, struct str s)
{
	size_t at = text->n;
	buf_str(text, s);
	return (struct str){(const char *)at, text->n - at};
}

static struct str later_error(struct buf *text, const struct error *error)
{
	size_t at = text->n;
	if (error) {
		buf_char(text, '{');
		error_write_members(text, error);
		buf_char(text, '}');
	}
	return (struct str){(const char *)at, text->n - at};
}

static struct str placed(const struct record *record, struct str s)
{
	return (struct str){buf_view(&record->text).p + (size_t)s.p, s.n};
}

void event_hold(struct event *event)
{
	__atomic_add_fetch(&event->open, 1, __ATOMIC_RELAXED);
}

void event_release(struct engine *engine, struct event *event)
{
	const struct engine_observer *observer = engine->options.observer;
	if (__atomic_sub_fetch(&event->open, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (observer)
		observer->event_done(observer->context, event);
	if (!engine->options.journal)
		return;
	struct record *record = record_new(ENTRY_EVENT_DONE);
	record->done.seq = event->seq;
	record_post(engine, record, NULL, NULL, NULL);
}

const char *verb_name(enum verb verb)
{
	static const char *const names[] = {"fire", "send", "call"};
	return names[verb];
}

/* How much of an answer is kept: what somebody waits for or wants to see, as far as all attempts have room. A
 * byte can take six in JSON. */
static size_t body_logged(const struct delivery *delivery)
{
	size_t wanted = delivery->service->debug ? DEBUG_BODY_MAX
			: delivery->caller       ? ANSWER_BODY_MAX
						 : BODY_LOGGED;
	size_t used = delivery->attempts_log.n,
	       room = used < ATTEMPTS_TEXT_MAX ? (ATTEMPTS_TEXT_MAX - used) / 6 : 0;
	return wanted < room ? wanted : room;
}

bool record_delivery(struct delivery *delivery, enum delivery_state state, int64_t next_ms,
		     const struct answer *answer, void (*then)(void *context))
{
	struct shard *shard = delivery->shard;
	const struct engine_observer *observer = shard->engine->options.observer;
	if (observer)
		observer->delivery_stands(observer->context, delivery, state, next_ms, answer);
	if (!shard->engine->options.journal)
		return false;
	struct record *record = record_new(ENTRY_DELIVERY);
	struct journal_delivery *row = &record->delivery;
	struct buf *log = &delivery->attempts_log;
	if (!log->n)
		buf_char(log, '[');
	else if (answer && log->n > 1)
		buf_char(log, ',');
	if (answer)
		attempt_to_json(log, delivery->attempt_at_ms, answer, body_logged(delivery));
	row->id = later(&record->text, str_of(delivery->id.z));
	row->campaign = later(&record->text, delivery->campaign);
	row->rule = later(&record->text, delivery->rule);
	row->service = later(&record->text, delivery->service->name);
	row->call = later(&record->text, delivery->event->subject);
	row->attempts_json = later(&record->text, buf_view(log));
	buf_char(&record->text, ']');
	row->attempts_json.n++;
	if (!delivery->recorded) {
		size_t at = record->text.n;
		request_to_text(&record->text, delivery->request);
		row->request = placed(record, (struct str){(const char *)at, record->text.n - at});
	}
	row->id = placed(record, row->id);
	row->campaign = placed(record, row->campaign);
	row->rule = placed(record, row->rule);
	row->service = placed(record, row->service);
	row->call = placed(record, row->call);
	row->attempts_json = placed(record, row->attempts_json);
	row->seq = delivery->event->seq;
	row->verb = str_of(verb_name(delivery->verb));
	row->step = delivery->step;
	row->service_hash = delivery->service->hash;
	row->state = state;
	row->attempts = delivery->attempts;
	row->created_ms = delivery->created_ms;
	row->next_ms = next_ms;
	row->asked_ms = delivery->asked_ms;
	row->asked_attempts = delivery->asked_attempts;
	row->status = answer ? answer->status : 0;
	row->failure = str_of(failure_name(answer ? answer->failure : FAILURE_NONE));
	/* Once it is posted `then` may be called on another thread, and free the delivery. */
	struct event *released = delivery->recorded ? NULL : event_ref(delivery->event);
	delivery->recorded = true;
	feed_offer(&shard->engine->feed, row);
	record_post(shard->engine, record, delivery->home, then, delivery);
	if (released) {
		event_release(shard->engine, released);
		event_unref(released);
	}
	return true;
}

void record_run(struct shard *shard, const struct event *event, const struct rule *rule,
		const struct run_record *run)
{
	const struct engine_observer *observer = shard->engine->options.observer;
	if (observer)
		observer->run_stands(observer->context, event, rule, run);
	if (!shard->engine->options.journal)
		return;
	struct record *record = record_new(ENTRY_RUN);
	struct journal_run *row = &record->run;
	row->campaign = later(&record->text, rule->campaign->name);
	row->rule = later(&record->text, rule->name);
	row->reason = later(&record->text, run->reason);
	row->error = later_error(&record->text, run->error);
	row->log = later(&record->text, STR(""));
	for (const struct runlog_line *line = run->log ? run->log->first : NULL; line; line = line->next) {
		row->log.n += later(&record->text, line->text).n + 1;
		buf_char(&record->text, '\n');
	}
	row->campaign = placed(record, row->campaign);
	row->rule = placed(record, row->rule);
	row->reason = run->reason.p ? placed(record, row->reason) : (struct str){0};
	row->log = placed(record, row->log);
	row->error = run->error ? placed(record, row->error) : (struct str){0};
	row->seq = event->seq;
	row->outcome = run->outcome;
	row->generation = run->generation;
	row->time_ms = clock_wall_ms(shard->clock);
	record_post(shard->engine, record, NULL, NULL, NULL);
}

bool record_step(struct shard *shard, const struct event *event, const struct rule *rule,
		 const struct step_record *step, void (*then)(void *context), void *context)
{
	const struct engine_observer *observer = shard->engine->options.observer;
	if (observer)
		observer->step_stands(observer->context, event, rule, step);
	if (!shard->engine->options.journal)
		return false;
	struct record *record = record_new(ENTRY_STEP);
	struct journal_step *row = &record->step;
	row->campaign = later(&record->text, rule->campaign->name);
	row->rule = later(&record->text, rule->name);
	row->fingerprint = later(&record->text, step->fingerprint);
	row->campaign = placed(record, row->campaign);
	row->rule = placed(record, row->rule);
	row->fingerprint = placed(record, row->fingerprint);
	row->answer = STR("");
	row->seq = event->seq;
	row->number = step->number;
	row->answered = step->answered;
	row->deadline_ms = step->at_ms;
	row->awaited_seq = step->awaited_seq;
	record_post(shard->engine, record, shard, then, context);
	return true;
}

void record_once(struct engine *engine, struct window_key key, uint64_t seq)
{
	if (!engine->options.journal)
		return;
	struct record *record = record_new(ENTRY_ONCE);
	record->once.key[0] = key.low;
	record->once.key[1] = key.high;
	record->once.seq = seq;
	record_post(engine, record, NULL, NULL, NULL);
}
