#include "engine/run_private.h"

#include "format/template.h"

/* A run that asks the shard of its key whether it is the first, and gets its answer. */
struct claim {
	struct message message;
	struct run *run;
	struct engine *engine;
	struct shard *asking;
	struct window_key key;
	uint64_t seq; /* of the run's event */
	bool granted;
};

static void claim_answered(struct run *run, bool granted)
{
	if (granted)
		run_begin(run);
	else
		run_end(run, OUTCOME_SKIPPED, STR("an earlier event had the same key of 'once'"));
}

/* On the shard of the key. The same event may claim it again: it is run again after a crash. */
static bool claim_here(struct shard *shard, struct window_key key, uint64_t seq)
{
	if (window_claim(&shard->once, key, seq) != seq)
		return false;
	record_once(shard->engine, key, seq);
	return true;
}

static void deliver_claim_answer(struct message *message)
{
	struct claim *claim = container_of(message, struct claim, message);
	struct run *run = claim->run;
	bool granted = claim->granted;
	free(claim);
	claim_answered(run, granted);
}

static void deliver_claim(struct message *message)
{
	struct claim *claim = container_of(message, struct claim, message);
	claim->granted = claim_here(engine_shard(claim->engine, claim->key.low), claim->key, claim->seq);
	message->deliver = deliver_claim_answer;
	shard_post(claim->asking, message);
}

static int fill_key(struct run *run, struct buf *text, struct error *reterr)
{
	const struct rule *rule = run->rule;
	if (template_fill(&rule->once, run->event, false, rule->name, text, &run->log, reterr))
		return -1;
	return text->overflow ? error_set(reterr, "the key is longer than %d bytes", ONCE_KEY_MAX) : 0;
}

void run_claim(struct run *run)
{
	const struct rule *rule = run->rule;
	struct shard *shard = run->call->shard;
	struct buf text;
	struct error error;
	buf_init(&text, ONCE_KEY_MAX);
	if (fill_key(run, &text, &error)) {
		error_prefix(&error, "once");
		buf_finish(&text);
		run_failed(run, &error);
		return;
	}
	struct str parts[] = {rule->campaign->name, rule->name, buf_view(&text)};
	struct window_key key = window_key(parts, countof(parts));
	bool no_key = text.n == 0; /* nothing to repeat */
	buf_finish(&text);
	struct shard *owner = engine_shard(shard->engine, key.low);
	if (no_key || owner == shard) {
		claim_answered(run, no_key || claim_here(shard, key, run->event->seq));
		return;
	}
	struct claim *claim = mem_zalloc(sizeof *claim);
	*claim = (struct claim){
		.message.deliver = deliver_claim,
		.run = run,
		.engine = shard->engine,
		.asking = shard,
		.key = key,
		.seq = run->event->seq,
	};
	shard_post(owner, &claim->message);
}
