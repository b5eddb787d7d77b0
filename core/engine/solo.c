#include "engine/solo.h"

#include "engine/recovery.h"

static int64_t mono_us(struct clock *clock)
{
	return container_of(clock, struct solo, clock)->now_us;
}

static int64_t wall_ms(struct clock *clock)
{
	const struct solo *solo = container_of(clock, struct solo, clock);
	return solo->base_ms + solo->now_us / 1000;
}

void solo_init(struct solo *solo, int64_t base_ms)
{
	*solo = (struct solo){.clock = {wall_ms, mono_us}, .base_ms = base_ms};
}

int solo_begin(struct solo *solo, const struct engine_options *options, const struct ruleset *ruleset,
	       fake_script script, void *context, struct error *reterr)
{
	struct engine_options own = *options;
	struct shard *shard = &solo->shard;
	own.mailbox = &solo->mailbox;
	solo->engine = engine_new(&own, ruleset);
	shard_init(shard, solo->engine, 0, &solo->clock, own.seed);
	mailbox_init(&shard->mailbox, NULL, NULL);
	mailbox_init(&solo->mailbox, NULL, NULL);
	shard->transport = transport_fake_create(&solo->clock, &shard->timers, script, context);
	solo->engine->shards[0] = shard;
	solo->engine->n_shards = 1;
	if (recover(solo->engine, reterr)) {
		solo_end(solo);
		return -1;
	}
	return 0;
}

void solo_end(struct solo *solo)
{
	struct shard *shard = &solo->shard;
	journal_close(solo->engine->options.journal);
	solo->engine->options.journal = NULL;
	shard_abandon(shard);
	transport_destroy(shard->transport);
	shard_finish(shard);
	mailbox_finish(&shard->mailbox);
	mailbox_finish(&solo->mailbox);
	engine_free(solo->engine);
	solo->engine = NULL;
}

/* What was posted to a journal is written, and its answers are in the mailboxes: an entry of our own comes
 * after them. */
static void flush(struct solo *solo)
{
	struct journal *journal = solo->engine->options.journal;
	struct source_file file = {STR("flush.lua"), STR("")};
	uint32_t number;
	struct error error;
	if (journal)
		ensure(engine_generation(journal, &file, 1, NULL, NULL, &number, &error) == 0);
}

void solo_settle(struct solo *solo)
{
	struct shard *shard = &solo->shard;
	do {
		timers_run(&shard->timers, solo->now_us);
		outlet_send_ready(shard);
		flush(solo);
	} while (mailbox_drain(&shard->mailbox) + mailbox_drain(&solo->mailbox) > 0 ||
		 timers_next_us(&shard->timers) <= solo->now_us);
}

void solo_advance_to(struct solo *solo, int64_t until_us)
{
	struct timers *timers = &solo->shard.timers;
	solo_settle(solo);
	while (timers_next_us(timers) <= until_us) {
		solo->now_us = timers_next_us(timers);
		solo_settle(solo);
	}
	if (solo->now_us < until_us)
		solo->now_us = until_us;
}

bool solo_run_out(struct solo *solo, int64_t max_us)
{
	struct timers *timers = &solo->shard.timers;
	int64_t until_us = solo->now_us + max_us;
	solo_settle(solo);
	while (timers_next_us(timers) <= until_us) {
		solo->now_us = timers_next_us(timers);
		solo_settle(solo);
	}
	return timers_next_us(timers) == INT64_MAX;
}

bool solo_event(struct solo *solo, struct event *event)
{
	bool duplicate;
	struct acceptance acceptance = {.events = &event, .duplicates = &duplicate, .n = 1};
	ensure(!solo->engine->options.journal && engine_accept(solo->engine, &acceptance));
	ensure(!acceptance.refused);
	solo_settle(solo);
	event_unref(event);
	return !duplicate;
}
