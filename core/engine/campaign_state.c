/* A campaign's Lua on this shard: made when its first run needs it, aside (engine/state_maker.h) where there
 * are threads. When other rules serve in its place it goes with its last run. */
#include "engine/run_private.h"
#include "engine/state_maker.h"

enum {
	COUNT_EVERY_US = 1000000,
	MAKE_AGAIN_US = 10000000, /* what could not be made: not at each event */
};

struct campaign_state {
	const struct campaign *campaign;
	struct shard *shard;
	struct unit *unit;
	struct script_state *script; /* NULL while it is made, and if it cannot be */
	struct state_making making;
	int64_t failed_us;   /* when that was found; 0: it was not */
	struct list waiting; /* runs, while it is made */
	size_t n_runs;
	UT_hash_handle hh;
};

static struct campaign_state *find(struct shard *shard, const struct campaign *campaign)
{
	struct campaign_state *state;
	HASH_FIND(hh, shard->states, &campaign, sizeof campaign, state);
	return state;
}

static void state_free(struct campaign_state *state)
{
	struct state_maker *maker = state->shard->engine->maker;
	HASH_DEL(state->shard->states, state);
	if (maker && state->script) {
		state_maker_close(maker, state->script, state->unit);
	} else {
		script_state_destroy(state->script);
		unit_unref(state->unit);
	}
	free(state);
}

static struct campaign_state *state_new(struct shard *shard, const struct campaign *campaign)
{
	struct campaign_state *state = mem_zalloc(sizeof *state);
	*state = (struct campaign_state){
		.campaign = campaign, .shard = shard, .unit = unit_ref(campaign->unit)};
	list_init(&state->waiting);
	HASH_ADD(hh, shard->states, campaign, sizeof state->campaign, state);
	return state;
}

static int make_here(struct campaign_state *state, struct error *reterr)
{
	struct shard *shard = state->shard;
	if (!shard->watch)
		shard->watch = watchdog_watch(shard->engine->watchdog, shard);
	return script_state_create_covered(state->campaign, &run_host, shard->watch,
					   shard->engine->options.coverage, &state->script, reterr);
}

/* On the shard: the runs that waited begin one by one, as those that have paused go on. */
static void made(struct state_making *making)
{
	struct campaign_state *state = container_of(making, struct campaign_state, making);
	struct shard *shard = state->shard;
	if (making->dropped)
		return;
	state->n_runs++;
	state->script = making->script;
	if (!state->script)
		state->failed_us = clock_mono_us(shard->clock);
	else
		script_state_hand_over(state->script, shard->watch,
				       &(struct script_slices){RUN_SLICE_US, RUN_SHORT_SLICE_US});
	for (struct list *item; (item = list_first(&state->waiting));) {
		struct run *run = container_of(item, struct run, in_paused);
		list_remove(item);
		if (state->script)
			run_pause(run);
		else
			run_failed(run, &making->error);
	}
	campaign_state_leave(state);
}

static void make_aside(struct campaign_state *state)
{
	state->making =
		(struct state_making){.unit = state->unit, .reply_to = &state->shard->mailbox, .made = made};
	state_maker_make(state->shard->engine->maker, &state->making);
}

int campaign_state_enter(struct run *run, struct error *reterr)
{
	struct shard *shard = run->call->shard;
	struct state_maker *maker = shard->engine->maker;
	struct campaign_state *state = find(shard, run->rule->campaign);
	if (!state) {
		state = state_new(shard, run->rule->campaign);
		if (maker) {
			make_aside(state);
		} else if (make_here(state, reterr)) {
			state_free(state);
			return -1;
		}
	}
	if (state->failed_us && clock_mono_us(shard->clock) - state->failed_us < MAKE_AGAIN_US) {
		*reterr = state->making.error;
		return -1;
	}
	if (state->failed_us)
		make_aside(state);
	state->n_runs++;
	run->home = state;
	if (!state->script)
		list_append(&state->waiting, &run->in_paused);
	return 0;
}

struct script_state *campaign_state_script(const struct campaign_state *state)
{
	return state->script;
}

void campaign_states_count(struct shard *shard, int64_t now_us)
{
	uint64_t bytes = 0;
	if (now_us - shard->lua_counted_us < COUNT_EVERY_US)
		return;
	shard->lua_counted_us = now_us;
	for (struct campaign_state *state = shard->states; state; state = state->hh.next)
		bytes += state->script ? script_state_memory(state->script) : 0;
	__atomic_store_n(&shard->tally.lua_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&shard->tally.lua_states, HASH_COUNT(shard->states), __ATOMIC_RELAXED);
}

void campaign_state_leave(struct campaign_state *state)
{
	ensure(state->n_runs > 0);
	if (--state->n_runs == 0 && unit_is_retired(state->unit))
		state_free(state);
}

void campaign_states_free(struct shard *shard)
{
	struct campaign_state *state, *next;
	HASH_ITER(hh, shard->states, state, next)
	{
		state_free(state);
	}
}

/* --- other rules serve --- */

struct retirement {
	struct message message;
	struct shard *shard;
	struct unit **units; /* a reference to each */
	size_t n, at;
};

/* One a turn, so that events come in between. */
static void deliver_retirement(struct message *message)
{
	struct retirement *retirement = container_of(message, struct retirement, message);
	struct shard *shard = retirement->shard;
	for (bool closed = false; retirement->at < retirement->n && !closed; retirement->at++) {
		struct unit *unit = retirement->units[retirement->at];
		struct campaign_state *state = find(shard, unit->campaign);
		closed = state && state->n_runs == 0;
		if (closed)
			state_free(state);
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
