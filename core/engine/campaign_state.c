/* A campaign's Lua on this shard: made when its first run needs it. When other rules serve in its place it
 * goes with its last run. */
#include "engine/private.h"

enum { COUNT_EVERY_US = 1000000 };

struct campaign_state {
	const struct campaign *campaign;
	struct unit *unit;
	struct script_state *script;
	size_t n_runs;
	UT_hash_handle hh;
};

static struct campaign_state *find(struct shard *shard, const struct campaign *campaign)
{
	struct campaign_state *state;
	HASH_FIND(hh, shard->states, &campaign, sizeof campaign, state);
	return state;
}

static void state_free(struct shard *shard, struct campaign_state *state)
{
	HASH_DEL(shard->states, state);
	script_state_destroy(state->script);
	unit_unref(state->unit);
	free(state);
}

struct script_state *campaign_state_enter(struct shard *shard, const struct campaign *campaign,
					  struct error *reterr)
{
	struct campaign_state *state = find(shard, campaign);
	if (state) {
		state->n_runs++;
		return state->script;
	}
	struct script_state *script;
	if (!shard->watch)
		shard->watch = watchdog_watch(shard->engine->watchdog, shard);
	if (script_state_create_covered(campaign, &run_host, shard->watch, shard->engine->options.coverage,
					&script, reterr))
		return NULL;
	script_state_slice(script, shard->slice_us);
	state = mem_zalloc(sizeof *state);
	*state = (struct campaign_state){
		.campaign = campaign,
		.unit = unit_ref(campaign->unit),
		.script = script,
		.n_runs = 1,
	};
	HASH_ADD(hh, shard->states, campaign, sizeof state->campaign, state);
	return script;
}

void campaign_states_count(struct shard *shard, int64_t now_us)
{
	uint64_t bytes = 0;
	if (now_us - shard->lua_counted_us < COUNT_EVERY_US)
		return;
	shard->lua_counted_us = now_us;
	for (struct campaign_state *state = shard->states; state; state = state->hh.next)
		bytes += script_state_memory(state->script);
	__atomic_store_n(&shard->tally.lua_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&shard->tally.lua_states, HASH_COUNT(shard->states), __ATOMIC_RELAXED);
}

void campaign_state_leave(struct shard *shard, const struct campaign *campaign)
{
	struct campaign_state *state = find(shard, campaign);
	ensure(state && state->n_runs > 0);
	if (--state->n_runs == 0 && unit_is_retired(state->unit))
		state_free(shard, state);
}

void campaign_states_free(struct shard *shard)
{
	struct campaign_state *state, *next;
	HASH_ITER(hh, shard->states, state, next)
	{
		state_free(shard, state);
	}
}

/* --- other rules serve --- */

struct retirement {
	struct message message;
	struct shard *shard;
	struct unit **units; /* a reference to each */
	size_t n, at;
};

/* Closing a state takes its time: one a turn, so that events come in between. */
static void deliver_retirement(struct message *message)
{
	struct retirement *retirement = container_of(message, struct retirement, message);
	struct shard *shard = retirement->shard;
	for (bool closed = false; retirement->at < retirement->n && !closed; retirement->at++) {
		struct unit *unit = retirement->units[retirement->at];
		struct campaign_state *state = find(shard, unit->campaign);
		closed = state && state->n_runs == 0;
		if (closed)
			state_free(shard, state);
		unit_unref(unit);
	}
	if (retirement->at < retirement->n) {
		shard_post(shard, &retirement->message);
		return;
	}
	free(retirement->units);
	free(retirement);
}

void campaign_states_retire(struct shard *shard, struct unit *const *units, size_t n)
{
	struct retirement *retirement = mem_zalloc(sizeof *retirement);
	*retirement = (struct retirement){
		.message.deliver = deliver_retirement,
		.shard = shard,
		.units = mem_zalloc((n + 1) * sizeof *retirement->units),
		.n = n,
	};
	for (size_t i = 0; i < n; i++)
		retirement->units[i] = unit_ref(units[i]);
	shard_post(shard, &retirement->message);
}
