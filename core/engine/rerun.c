/* A run that failed is run again, because an operator says so: from the top, with what the journal has of its
 * steps. A call that was dead is made again. And runs that are missing are made: the same, with nothing on
 * record. */
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
	struct replay *replay;
	size_t n;
	const struct rule *rules[];
};

static struct starting *starting_new(struct engine *engine, struct event *event, struct ruleset *ruleset,
				     const struct rule *const *rules, size_t n)
{
	struct starting *starting = mem_zalloc(sizeof *starting + n * sizeof *rules);
	starting->shard = engine_shard(engine, str_hash(event->subject));
	starting->event = event;
	starting->ruleset = ruleset;
	starting->n = n;
	memcpy(starting->rules, rules, n * sizeof *rules);
	return starting;
}

static void starting_free(struct starting *starting)
{
	struct engine *engine = starting->shard->engine;
	event_unref(starting->event);
	ruleset_unref(starting->ruleset);
	replay_unref(starting->replay);
	free(starting);
	engine_work(engine, (uint64_t)-1);
}

static void start(struct starting *starting)
{
	call_run_again(starting->shard, starting->event, starting->rules, starting->n, starting->replay);
	starting_free(starting);
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
	struct starting *starting = starting_new(engine, event, ruleset, &rule, 1);
	starting->message.deliver = deliver_start;
	starting->replay = replay;
	engine_work(engine, 1);
	shard_post(starting->shard, &starting->message);
}

/* --- an operator asks --- */

struct rerunning {
	struct arena arena; /* texts of the rows */
	struct starting *starting;
	struct message message;
	struct begun begun;
	struct journal_run last;   /* when it is on disk, so are the others */
	struct journal_run rows[]; /* one for each rule but the last */
};

static void deliver_begun(struct message *message)
{
	struct rerunning *rerunning = container_of(message, struct rerunning, message);
	struct begun begun = rerunning->begun;
	free(rerunning);
	begun.call(begun.context);
}

/* On the shard of the call; the rows are on disk. If the journal cannot be read now, the runs are run again
 * at the next start. */
static void deliver_written(struct message *message)
{
	struct rerunning *rerunning = container_of(message, struct rerunning, last.entry.message);
	struct starting *starting = rerunning->starting;
	struct shard *shard = starting->shard;
	struct journal_reader *reader = shard_reader(shard);
	struct error error = {0};
	arena_finish(&rerunning->arena);
	rerunning->message.deliver = deliver_begun;
	mailbox_post(rerunning->begun.reply_to, &rerunning->message);
	starting->replay = reader ? replay_read(reader, starting->event->seq, &error) : NULL;
	if (starting->replay) {
		start(starting);
		return;
	}
	log_error(&shard->engine->log, "a run cannot be run again now: the journal cannot be read", "event",
		  LOG_STR(starting->event->id), "error", error.what);
	starting_free(starting);
}

static void deliver_nothing(struct message *message)
{
	(void)message;
}

static struct journal_run row_of(const struct starting *starting, const struct rule *rule)
{
	return (struct journal_run){
		.entry = {.message.deliver = deliver_nothing, .kind = ENTRY_RUN},
		.seq = starting->event->seq,
		.campaign = rule->campaign->name,
		.rule = rule->name,
		.outcome = OUTCOME_AGAIN,
		.log = STR(""),
		.call = starting->event->subject,
		.time_ms = clock_wall_ms(starting->shard->clock),
		.generation = starting->ruleset->generation,
	};
}

/* `journal_post` of the last row gives all of it away. */
static struct rerunning *rerunning_new(struct engine *engine, struct event *event,
				       const struct ruleset *ruleset, const struct rule *const *rules,
				       size_t n, const struct begun *begun)
{
	struct rerunning *rerunning = mem_zalloc(sizeof *rerunning + (n - 1) * sizeof(struct journal_run));
	struct starting *starting = starting_new(engine, event_ref(event), ruleset_ref(ruleset), rules, n);
	rerunning->starting = starting;
	rerunning->begun = *begun;
	for (size_t i = 0; i < n - 1; i++)
		rerunning->rows[i] = row_of(starting, rules[i]);
	rerunning->last = row_of(starting, rules[n - 1]);
	rerunning->last.entry.message.deliver = deliver_written;
	rerunning->last.entry.reply_to = &starting->shard->mailbox;
	engine_work(engine, 1);
	return rerunning;
}

static void post(struct journal *journal, struct rerunning *rerunning)
{
	size_t n = rerunning->starting->n - 1;
	for (size_t i = 0; i < n; i++)
		journal_post(journal, &rerunning->rows[i].entry);
	journal_post(journal, &rerunning->last.entry);
}

static int has_room(const struct engine *engine, size_t n, bool event_done, struct error *reterr)
{
	if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE))
		return error_set(reterr, "the engine is stopping");
	if (!engine->options.journal || journal_failing(engine->options.journal))
		return error_set(reterr, "the journal cannot write");
	if (work_active(&engine->work) + n > engine->options.pending_max)
		return error_set(reterr, "too much is pending: %zu events and deliveries are not settled",
				 engine_pending(engine));
	return event_done ? 0 : error_set(reterr, "its event is not settled yet; ask again when it is");
}

static int can_run_again(const struct journal_run *row, struct error *reterr)
{
	if (row->outcome == OUTCOME_AGAIN)
		return error_set(reterr, "it is being run again already");
	if (row->outcome != OUTCOME_FAILED && row->outcome != OUTCOME_DIVERGED)
		return error_set(reterr, "it did not fail: there is nothing to run again");
	return 0;
}

int engine_rerun(struct engine *engine, const struct rerun *rerun, struct error *reterr)
{
	const struct ruleset *ruleset = rerun->rerender ? engine->ruleset : rerun->ruleset;
	const struct journal_run *row = rerun->row;
	if (can_run_again(row, reterr) || has_room(engine, 1, rerun->event_done, reterr))
		return -1;
	if (!ruleset)
		return error_set(reterr, "the rules of then are not in the journal any more");
	const struct rule *rule = ruleset_rule(ruleset, row->campaign, row->rule);
	if (!rule)
		return error_set(reterr, "the rules have no rule '" STR_FMT "' of the campaign '" STR_FMT "'",
				 STR_ARG(row->rule), STR_ARG(row->campaign));
	struct rerunning *rerunning = rerunning_new(engine, rerun->event, ruleset, &rule, 1, &rerun->begun);
	arena_init(&rerunning->arena, 64 * 1024 + row->reason.n + row->log.n);
	rerunning->last.reason = arena_copy(&rerunning->arena, row->reason);
	rerunning->last.log = arena_copy(&rerunning->arena, row->log);
	post(engine->options.journal, rerunning);
	return 0;
}

int engine_run_missing(struct engine *engine, const struct missing_runs *missing, struct error *reterr)
{
	if (has_room(engine, missing->n, missing->event_done, reterr))
		return -1;
	post(engine->options.journal, rerunning_new(engine, missing->event, missing->ruleset, missing->rules,
						    missing->n, &missing->begun));
	return 0;
}
