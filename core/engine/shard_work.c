/* What a shard works on, for those who look at it from outside: the watchdog, and the next start after a
 * crash. */
#include "engine/private.h"

#include "base/fault.h"

#include <stdio.h>

void shard_work_begin(struct shard *shard, const struct event *event, const struct rule *rule)
{
	if (shard->working++ == 0 && shard->watch)
		watch_turn_begin(shard->watch);
	if (!event)
		return;
	blackbox_work(shard->engine->options.blackbox, shard->index, event,
		      rule ? rule->campaign->name : (struct str){0}, rule ? rule->name : (struct str){0});
	while (fault_is("stall", event->id))
		;
	if (fault_is("crash", event->id))
		abort();
}

void shard_work_end(struct shard *shard)
{
	if (--shard->working > 0)
		return;
	blackbox_work(shard->engine->options.blackbox, shard->index, NULL, (struct str){0}, (struct str){0});
	if (shard->watch)
		watch_turn_end(shard->watch);
}

void shard_stalled(void *context, void *watched)
{
	struct engine *engine = context;
	const struct shard *shard = watched;
	char number[16], time[32];
	snprintf(number, sizeof number, "%u", shard->index);
	snprintf(time, sizeof time, "%lld ms", (long long)engine->options.stall_ms);
	blackbox_blame(engine->options.blackbox, shard->index);
	struct suspicion work = blackbox_working(engine->options.blackbox, shard->index);
	log_error(&engine->log, "a shard does not come back: the process ends, with a core", "shard", number,
		  "for", time, "campaign", work.campaign.n ? work.campaign.p : NULL, "rule",
		  work.rule.n ? work.rule.p : NULL);
	abort();
}
