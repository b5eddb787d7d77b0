#include "engine/private.h"

enum { COUNT_EVERY_US = 1000000 };

/* A campaign's Lua on this shard, made when its first run needs it. */
struct campaign_state {
	const struct campaign *campaign;
	struct unit *unit;
	struct script_state *script;
	UT_hash_handle hh;
};

struct script_state *campaign_state(struct shard *shard, const struct campaign *campaign,
				    struct error *reterr)
{
	struct campaign_state *state;
	HASH_FIND(hh, shard->states, &campaign, sizeof campaign, state);
	if (state)
		return state->script;
	struct script_state *script;
	if (script_state_create(campaign, &run_host, &script, reterr))
		return NULL;
	state = mem_zalloc(sizeof *state);
	*state = (struct campaign_state){
		.campaign = campaign,
		.unit = unit_ref(campaign->unit),
		.script = script,
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

void campaign_states_free(struct shard *shard)
{
	struct campaign_state *state, *next;
	HASH_ITER(hh, shard->states, state, next)
	{
		HASH_DEL(shard->states, state);
		script_state_destroy(state->script);
		unit_unref(state->unit);
		free(state);
	}
}
