#include "engine/replay.h"

#include "format/exchange_text.h"
#include "format/json.h"

enum { REPLAY_MAX = 64 << 20 };

struct replay *replay_ref(struct replay *replay)
{
	if (replay)
		replay->refs++;
	return replay;
}

void replay_unref(struct replay *replay)
{
	if (!replay || --replay->refs > 0)
		return;
	arena_finish(&replay->arena);
	free(replay->deliveries);
	free(replay->steps);
	free(replay->runs);
	free(replay);
}

static bool take_delivery(void *context, const struct journal_delivery *row)
{
	struct replay *replay = context;
	replay->deliveries =
		mem_realloc(replay->deliveries, (replay->n_deliveries + 1) * sizeof *replay->deliveries);
	replay->deliveries[replay->n_deliveries++] = (struct replay_delivery){
		.id = arena_copy(&replay->arena, row->id),
		.campaign = arena_copy(&replay->arena, row->campaign),
		.rule = arena_copy(&replay->arena, row->rule),
		.service = arena_copy(&replay->arena, row->service),
		.state = row->state,
		.attempts = row->attempts,
		.created_ms = row->created_ms,
		.next_ms = row->next_ms,
		.asked_ms = row->asked_ms,
		.asked_attempts = row->asked_attempts,
		.request = arena_copy(&replay->arena, row->request),
		.attempts_json = arena_copy(&replay->arena, row->attempts_json),
	};
	return true;
}

static bool take_step(void *context, const struct journal_step *row)
{
	struct replay *replay = context;
	replay->steps = mem_realloc(replay->steps, (replay->n_steps + 1) * sizeof *replay->steps);
	replay->steps[replay->n_steps++] = (struct replay_step){
		.campaign = arena_copy(&replay->arena, row->campaign),
		.rule = arena_copy(&replay->arena, row->rule),
		.number = row->number,
		.fingerprint = arena_copy(&replay->arena, row->fingerprint),
		.answered = row->answered,
		.at_ms = row->deadline_ms,
		.awaited_seq = row->awaited_seq,
	};
	return true;
}

static bool take_run(void *context, const struct journal_run *row)
{
	struct replay *replay = context;
	if (!row->generation)
		return true;
	replay->runs = mem_realloc(replay->runs, (replay->n_runs + 1) * sizeof *replay->runs);
	replay->runs[replay->n_runs++] = (struct replay_run){
		.campaign = arena_copy(&replay->arena, row->campaign),
		.rule = arena_copy(&replay->arena, row->rule),
		.outcome = row->outcome,
		.generation = row->generation,
		.asked_ms = row->time_ms,
	};
	return true;
}

struct replay *replay_read(struct journal_reader *reader, uint64_t seq, struct error *reterr)
{
	struct replay *replay = mem_zalloc(sizeof *replay);
	struct delivery_query query = {.state = -1, .seq = seq, .oldest_first = true, .with_request = true};
	replay->refs = 1;
	arena_init(&replay->arena, REPLAY_MAX);
	if (journal_read_deliveries(reader, &query, take_delivery, replay, reterr) ||
	    journal_read_steps(reader, seq, take_step, replay, reterr) ||
	    journal_read_runs(reader, seq, take_run, replay, reterr)) {
		replay_unref(replay);
		return NULL;
	}
	return replay;
}

const struct replay_delivery *replay_find_delivery(const struct replay *replay, const struct delivery_id *id)
{
	for (size_t i = 0; replay && i < replay->n_deliveries; i++)
		if (str_eq(replay->deliveries[i].id, str_of(id->z)))
			return &replay->deliveries[i];
	return NULL;
}

bool replay_has_sent(const struct replay *replay, const struct rule *rule, struct str service)
{
	for (size_t i = 0; replay && i < replay->n_deliveries; i++) {
		const struct replay_delivery *delivery = &replay->deliveries[i];
		if (str_eq(delivery->service, service) && str_eq(delivery->rule, rule->name) &&
		    str_eq(delivery->campaign, rule->campaign->name))
			return true;
	}
	return false;
}

const struct replay_run *replay_find_run(const struct replay *replay, const struct rule *rule)
{
	for (size_t i = 0; replay && i < replay->n_runs; i++)
		if (str_eq(replay->runs[i].rule, rule->name) &&
		    str_eq(replay->runs[i].campaign, rule->campaign->name))
			return &replay->runs[i];
	return NULL;
}

const struct replay_step *replay_find_step(const struct replay *replay, const struct rule *rule, int number)
{
	for (size_t i = 0; replay && i < replay->n_steps; i++) {
		const struct replay_step *step = &replay->steps[i];
		if (step->number == number && str_eq(step->rule, rule->name) &&
		    str_eq(step->campaign, rule->campaign->name))
			return step;
	}
	return NULL;
}

struct answer *replay_answer(const struct replay_delivery *delivery, int64_t *ret_at_ms)
{
	struct arena arena;
	struct value attempts;
	struct answer *answer = NULL;
	struct error error;
	if (delivery->state == DELIVERY_EXPIRED) {
		*ret_at_ms = delivery->next_ms;
		return answer_copy(&answer_expired);
	}
	arena_init(&arena, REPLAY_MAX);
	if (json_parse(delivery->attempts_json, (struct json_limits){0}, &arena, &attempts, &error) == 0 &&
	    attempts.kind == VALUE_ARRAY && attempts.n > 0)
		answer = attempt_from_json(&attempts.items[attempts.n - 1], ret_at_ms);
	if (answer)
		*ret_at_ms += answer->took_us / 1000;
	arena_finish(&arena);
	return answer;
}
