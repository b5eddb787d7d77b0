#include "engine/run_private.h"

#include "format/request_build.h"

#include <stdio.h>

void log_failure(const struct call *call, const struct event *event, const struct rule *rule,
		 const struct error *error)
{
	char place[300] = "";
	if (error->file[0])
		snprintf(place, sizeof place, "%s:%d", error->file, error->line);
	engine_count(&engine_of(call)->totals.runs_failed);
	log_error(&engine_of(call)->log, "a rule failed", "campaign", LOG_STR(rule->campaign->name), "rule",
		  LOG_STR(rule->name), "event", LOG_STR(event->id), "call", LOG_STR(event->subject), "error",
		  error->what, "at", place[0] ? place : NULL, "hint", error->hint[0] ? error->hint : NULL);
}

void log_lines(const struct call *call, const struct event *event, const struct rule *rule,
	       const struct runlog *log)
{
	for (const struct runlog_line *line = log->first; line; line = line->next)
		log_info(&engine_of(call)->log, LOG_STR(line->text), "campaign",
			 LOG_STR(rule->campaign->name), "rule", LOG_STR(rule->name), "event",
			 LOG_STR(event->id), "call", LOG_STR(event->subject));
}

static bool fire_one(struct call *call, struct event *event, const struct rule *rule, size_t rank,
		     struct runlog *log, const struct replay *replay, struct error *reterr)
{
	struct delivery_order order = {
		.home = call->shard,
		.rule = rule,
		.event = event,
		.service = rule->fire[rank],
		.verb = VERB_FIRE,
		.step = (int)rank + 1,
		.asked_ms = event->arrived_ms,
	};
	struct error error;
	order.id = delivery_id(event, rule, order.step);
	/* A delivery that has a row is on its way by itself. */
	if (!order.service->active || replay_find_delivery(replay, &order.id))
		return true;
	if (request_build(order.service, event, NULL, log, &order.request, &error)) {
		log_failure(call, event, rule, &error);
		if (!reterr->what[0])
			*reterr = error;
		return false;
	}
	delivery_start(&order);
	return true;
}

bool fire_all(struct call *call, struct event *event, const struct rule *rule, struct runlog *log,
	      const struct replay *replay, struct error *reterr)
{
	bool all = true;
	*reterr = (struct error){0};
	for (size_t i = 0; i < rule->n_fire; i++)
		all &= fire_one(call, event, rule, i, log, replay, reterr);
	return all;
}
