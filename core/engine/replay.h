/* core/engine/replay.h
 *
 * What the journal knows of an event that was not done when the engine ended: the deliveries and the steps of
 * its runs. A run that is run again takes its answers from here. Belongs to the shard of the call; counted,
 * not thread-safe.
 */
#pragma once

#include "engine/private.h"

struct replay_delivery {
	struct str id, campaign, rule, service;
	enum delivery_state state;
	int attempts;
	int64_t created_ms, next_ms;
	int64_t asked_ms;
	int asked_attempts;
	struct str request, attempts_json;
};

/* A run that is, or was, run again because an operator said so. */
struct replay_run {
	struct str campaign, rule;
	enum run_outcome outcome;
	uint32_t generation; /* of its rules */
	int64_t asked_ms;    /* wall clock: when it was asked for, while it is AGAIN; then, when it ended */
};

struct replay_step {
	struct str campaign, rule;
	int number;
	struct str fingerprint;
	bool answered;
	int64_t at_ms;
	uint64_t awaited_seq;
};

struct replay {
	int refs;
	struct arena arena;
	struct replay_delivery *deliveries;
	struct replay_step *steps;
	struct replay_run *runs;
	size_t n_deliveries, n_steps, n_runs;
};

/* Reads it; NULL with an error. One reference is the caller's. */
struct replay *replay_read(struct journal_reader *reader, uint64_t seq, struct error *reterr);

struct replay *replay_ref(struct replay *replay); /* NULL stays NULL */
void replay_unref(struct replay *replay);

/* NULL when the journal has none, or `replay` is NULL. */
const struct replay_delivery *replay_find_delivery(const struct replay *replay, const struct delivery_id *id);
const struct replay_run *replay_find_run(const struct replay *replay, const struct rule *rule);
const struct replay_step *replay_find_step(const struct replay *replay, const struct rule *rule, int number);

/* Has the rule made a delivery to this service, whatever its place was? */
bool replay_has_sent(const struct replay *replay, const struct rule *rule, struct str service);

/* The last answer of a settled delivery and when it came; free() it. */
struct answer *replay_answer(const struct replay_delivery *delivery, int64_t *ret_at_ms);
