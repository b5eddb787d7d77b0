#include "engine/private.h"

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
