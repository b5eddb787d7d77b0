/* A run that failed is run again, because an operator says so: from the top, with what the journal has of its
 * steps. A call that was dead is made again. */
#include "engine/rerun.h"

#include "engine/record.h"
#include "engine/replay.h"

#include <stdio.h>

const struct rule *ruleset_rule(const struct ruleset *ruleset, struct str campaign, struct str name)
{
	const struct campaign *found = ruleset_campaign(ruleset, campaign);
	for (size_t i = 0; found && i < found->n_rules; i++)
		if (str_eq(found->rules[i].name, name))
			return &found->rules[i];
	return NULL;
}

/* --- on the shard of the call --- */

struct starting {
	struct message message;
	struct shard *shard;
	struct event *event;
	struct ruleset *ruleset;
	const struct rule *rule;
	struct replay *replay;
};

static void start(struct starting *starting)
{
	struct engine *engine = starting->shard->engine;
	call_run_again(starting->shard, starting->event, starting->rule, starting->replay);
	event_unref(starting->event);
	ruleset_unref(starting->ruleset);
	replay_unref(starting->replay);
	free(starting);
	engine_work(engine, (uint64_t)-1);
}

static void deliver_start(struct message *message)
{
	struct starting *starting = container_of(message, struct starting, message);
	struct event *event = event_ref(starting->event);
	struct engine *engine = starting->shard->engine;
	start(starting);
	event_release(engine, event);
	event_unref(event);
}

void rerun_dispatch(struct engine *engine, struct event *event, struct ruleset *ruleset,
		    const struct rule *rule, struct replay *replay)
{
	struct starting *starting = mem_zalloc(sizeof *starting);
	*starting = (struct starting){.message.deliver = deliver_start,
				      .shard = engine_shard(engine, str_hash(event->subject)),
				      .event = event,
				      .ruleset = ruleset,
				      .rule = rule,
				      .replay = replay};
	engine_work(engine, 1);
	shard_post(starting->shard, &starting->message);
}

/* --- an operator asks --- */

struct rerunning {
	struct journal_run row;
	struct arena arena; /* its texts */
	struct starting *starting;
	struct message message;
	struct mailbox *reply_to;
	void (*begun)(void *context);
	void *context;
};

static void deliver_begun(struct message *message)
{
	struct rerunning *rerunning = container_of(message, struct rerunning, message);
	void (*begun)(void *context) = rerunning->begun;
	void *context = rerunning->context;
	free(rerunning);
	begun(context);
}

/* On the shard of the call; the row is on disk. If the journal cannot be read now, the run is run again at
 * the next start. */
static void deliver_written(struct message *message)
{
	struct rerunning *rerunning = container_of(message, struct rerunning, row.entry.message);
	struct starting *starting = rerunning->starting;
	struct shard *shard = starting->shard;
	struct journal_reader *reader = shard_reader(shard);
	struct error error = {0};
	arena_finish(&rerunning->arena);
	rerunning->message.deliver = deliver_begun;
	mailbox_post(rerunning->reply_to, &rerunning->message);
	starting->replay = reader ? replay_read(reader, starting->event->seq, &error) : NULL;
	if (starting->replay) {
		start(starting);
		return;
	}
	log_error(&shard->engine->log, "a run cannot be run again now: the journal cannot be read", "event",
		  LOG_STR(starting->event->id), "error", error.what);
	event_unref(starting->event);
	ruleset_unref(starting->ruleset);
	engine_work(shard->engine, (uint64_t)-1);
	free(starting);
}

static int refuse(const struct engine *engine, const struct rerun *rerun, struct error *reterr)
{
	enum run_outcome outcome = rerun->row->outcome;
	if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE))
		return error_set(reterr, "the engine is stopping");
	if (!engine->options.journal || journal_failing(engine->options.journal))
		return error_set(reterr, "the journal cannot write");
	if (work_active(&engine->work) + 1 > engine->options.pending_max)
		return error_set(reterr, "too much is pending: %zu events and deliveries are not settled",
				 engine_pending(engine));
	if (outcome == OUTCOME_AGAIN)
		return error_set(reterr, "it is being run again already");
	if (outcome != OUTCOME_FAILED && outcome != OUTCOME_DIVERGED)
		return error_set(reterr, "it did not fail: there is nothing to run again");
	if (!rerun->event_done)
		return error_set(reterr, "its event is not settled yet; ask again when it is");
	return 0;
}

int engine_rerun(struct engine *engine, const struct rerun *rerun, struct error *reterr)
{
	const struct ruleset *ruleset = rerun->rerender ? engine->ruleset : rerun->ruleset;
	const struct journal_run *row = rerun->row;
	if (refuse(engine, rerun, reterr))
		return -1;
	if (!ruleset)
		return error_set(reterr, "the rules of then are not in the journal any more");
	const struct rule *rule = ruleset_rule(ruleset, row->campaign, row->rule);
	if (!rule)
		return error_set(reterr, "the rules have no rule '" STR_FMT "' of the campaign '" STR_FMT "'",
				 STR_ARG(row->rule), STR_ARG(row->campaign));
	struct rerunning *rerunning = mem_zalloc(sizeof *rerunning);
	struct starting *starting = mem_zalloc(sizeof *starting);
	*starting = (struct starting){.shard = engine_shard(engine, str_hash(rerun->event->subject)),
				      .event = event_ref(rerun->event),
				      .ruleset = ruleset_ref(ruleset),
				      .rule = rule};
	*rerunning = (struct rerunning){.row = {.entry = {.message.deliver = deliver_written,
							  .reply_to = &starting->shard->mailbox,
							  .kind = ENTRY_RUN},
						.seq = row->seq,
						.campaign = rule->campaign->name,
						.rule = rule->name,
						.outcome = OUTCOME_AGAIN,
						.call = rerun->event->subject,
						.time_ms = clock_wall_ms(starting->shard->clock),
						.generation = ruleset->generation},
					.starting = starting,
					.reply_to = rerun->reply_to,
					.begun = rerun->begun,
					.context = rerun->context};
	arena_init(&rerunning->arena, 64 * 1024 + row->reason.n + row->log.n);
	rerunning->row.reason = arena_copy(&rerunning->arena, row->reason);
	rerunning->row.log = arena_copy(&rerunning->arena, row->log);
	engine_work(engine, 1);
	journal_post(engine->options.journal, &rerunning->row.entry);
	return 0;
}
