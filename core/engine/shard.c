#include "engine/private.h"

void shard_init(struct shard *shard, struct engine *engine, unsigned index, struct clock *clock,
		uint64_t seed)
{
	*shard = (struct shard){.engine = engine, .index = index, .clock = clock, .chance = seed};
	timers_init(&shard->timers);
	list_init(&shard->idle_calls);
	list_init(&shard->ready);
	list_init(&shard->ailing);
	list_init(&shard->paused);
	window_init(&shard->once, ONCE_KEYS);
}

void shard_wake_others(struct shard *shard)
{
	engine_wake_shards(shard->engine, &shard->wakes);
}

/* SplitMix64: one addition and a mix, good enough to spread retries. */
uint64_t shard_chance(struct shard *shard)
{
	uint64_t z = shard->chance += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Runs first: a delivery may have a caller, but no run points to a delivery. */
void shard_abandon(struct shard *shard)
{
	calls_abandon(shard);
	deliveries_abandon(shard);
	tokens_abandon(shard);
	campaign_states_free(shard);
}

void shard_finish(struct shard *shard)
{
	outlets_free(shard);
	journal_reader_close(shard->reader);
	window_finish(&shard->once);
	timers_finish(&shard->timers);
	tally_finish(&shard->tally);
}
