/* A delivery that is settled is sent again, because an operator says so. */
#include "engine/recovery.h"

#include "format/exchange_text.h"
#include "format/request_build.h"

enum { ROW_TEXTS_MAX = 64 << 20, REQUEST_TEXT_MAX = LIMIT_BODY_MOST + (1 << 20) };

struct redelivering {
	struct journal_delivery row;
	struct arena arena; /* its texts */
	struct delivery *delivery;
	struct engine *engine;
	struct message message;
	struct begun begun;
};

static void deliver_begun(struct message *message)
{
	struct redelivering *redelivering = container_of(message, struct redelivering, message);
	struct begun begun = redelivering->begun;
	free(redelivering);
	begun.call(begun.context);
}

/* On the home shard. The row is on disk before anything is sent: what was answered as begun goes on after a
 * crash. */
static void deliver_written(struct message *message)
{
	struct redelivering *redelivering = container_of(message, struct redelivering, row.entry.message);
	struct engine *engine = redelivering->engine;
	struct delivery *delivery = redelivering->delivery;
	arena_finish(&redelivering->arena);
	redelivering->message.deliver = deliver_begun;
	mailbox_post(redelivering->begun.reply_to, &redelivering->message);
	delivery_resume(delivery);
	engine_work(engine, (uint64_t)-1);
}

static int refuse(const struct engine *engine, const struct redelivery *redelivery, struct error *reterr)
{
	const struct journal_delivery *row = redelivery->row;
	if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE))
		return error_set(reterr, "the engine is stopping");
	if (!engine->options.journal || journal_failing(engine->options.journal))
		return error_set(reterr, "the journal cannot write");
	if (work_active(&engine->work) + 1 > engine->options.pending_max ||
	    work_waiting(&engine->work) > engine->options.waiting_max)
		return error_set(reterr, "too much is pending: %zu events and deliveries are not settled",
				 engine_pending(engine));
	if (row->state == DELIVERY_PENDING)
		return error_set(reterr, "it is pending already: its next attempt comes by itself");
	if (str_eq(row->verb, STR("call")) && !redelivery->event_done)
		return error_set(reterr, "it is a call of a run that is not over");
	return 0;
}

static int render(const struct engine *engine, const struct redelivery *redelivery, struct request **ret,
		  struct error *reterr)
{
	const struct journal_delivery *row = redelivery->row;
	const struct service *service = ruleset_service(engine->ruleset, row->service);
	struct runlog log;
	struct arena arena;
	if (!str_eq(row->verb, STR("fire")))
		return error_set(reterr,
				 "only what a rule's 'fire' sends can be built anew; this was a '" STR_FMT
				 "' of a run",
				 STR_ARG(row->verb));
	if (!service)
		return error_set(reterr, "today's rules have no service '" STR_FMT "'",
				 STR_ARG(row->service));
	if (service->dynamic)
		return error_set(reterr,
				 "a part of the service '" STR_FMT
				 "' is a function of the call; it cannot be built anew",
				 STR_ARG(row->service));
	arena_init(&arena, RUN_WARNINGS_MAX * RUN_LINE_MAX);
	runlog_init(&log, &arena, RUN_WARNINGS_MAX);
	int result = request_build(service, redelivery->event, NULL, &log, ret, reterr);
	arena_finish(&arena);
	return result;
}

static struct str text_of(struct arena *arena, const struct request *request)
{
	struct buf text;
	buf_init(&text, REQUEST_TEXT_MAX);
	request_to_text(&text, request);
	ensure(!text.overflow);
	struct str copy = arena_copy(arena, buf_view(&text));
	buf_finish(&text);
	return copy;
}

/* `request`: built anew, or NULL; then the row keeps what it has. */
static void copy_row(struct redelivering *to, const struct journal_delivery *row,
		     const struct request *request, int64_t now_ms)
{
	struct arena *arena = &to->arena;
	arena_init(arena, ROW_TEXTS_MAX);
	to->row = *row;
	to->row.id = arena_copy(arena, row->id);
	to->row.campaign = arena_copy(arena, row->campaign);
	to->row.rule = arena_copy(arena, row->rule);
	to->row.service = arena_copy(arena, row->service);
	to->row.verb = arena_copy(arena, row->verb);
	to->row.call = arena_copy(arena, row->call);
	to->row.attempts_json = arena_copy(arena, row->attempts_json);
	to->row.failure = arena_copy(arena, row->failure);
	to->row.request = request ? text_of(arena, request) : (struct str){0};
	to->row.state = DELIVERY_PENDING;
	to->row.next_ms = now_ms;
	to->row.asked_ms = now_ms;
	to->row.asked_attempts = row->attempts;
}

static void begin(struct engine *engine, const struct redelivery *redelivery, struct delivery *delivery,
		  const struct request *request)
{
	struct redelivering *redelivering = mem_zalloc(sizeof *redelivering);
	copy_row(redelivering, redelivery->row, request, clock_wall_ms(delivery->home->clock));
	redelivering->row.entry = (struct journal_entry){
		.message.deliver = deliver_written,
		.reply_to = &delivery->home->mailbox,
		.kind = ENTRY_DELIVERY,
	};
	redelivering->delivery = delivery;
	redelivering->engine = engine;
	redelivering->begun = redelivery->begun;
	engine_work(engine, 1);
	journal_post(engine->options.journal, &redelivering->row.entry);
}

int engine_redeliver(struct engine *engine, const struct redelivery *redelivery, struct error *reterr)
{
	struct request *request = NULL;
	if (refuse(engine, redelivery, reterr) ||
	    (redelivery->rerender && render(engine, redelivery, &request, reterr)))
		return -1;
	struct delivery *delivery = delivery_restore(engine, redelivery->row, redelivery->event);
	if (!delivery) {
		free(request);
		return error_set(reterr, "the journal does not hold its request any more");
	}
	if (request) {
		free(delivery->request);
		delivery->request = request;
	}
	begin(engine, redelivery, delivery, request);
	return 0;
}
