#include "engine/run_private.h"

#include "format/request_build.h"

#include <stdio.h>

void log_failure(const struct call *call, const struct event *event, const struct rule *rule,
		 const struct error *error)
{
	char place[300] = "";
	if (error->file[0] && error->column)
		snprintf(place, sizeof place, "%s:%d:%d", error->file, error->line, error->column);
	else if (error->file[0])
		snprintf(place, sizeof place, "%s:%d", error->file, error->line);
	engine_count(&engine_of(call)->totals.runs_failed);
	log_error(&engine_of(call)->log, "a rule failed", "campaign", LOG_STR(rule->campaign->name), "rule",
		  LOG_STR(rule->name), "event", LOG_STR(event->id), "call", LOG_STR(event->subject), "error",
		  error->what, "at", place[0] ? place : NULL, "line",
		  error->excerpt[0] ? LOG_STR(str_trim(str_of(error->excerpt))) : NULL, "hint",
		  error->hint[0] ? error->hint : NULL);
}

void log_lines(const struct call *call, const struct event *event, const struct rule *rule,
	       const struct runlog *log)
{
	for (const struct runlog_line *line = log->first; line; line = line->next)
		log_info(&engine_of(call)->log, LOG_STR(line->text), "campaign",
			 LOG_STR(rule->campaign->name), "rule", LOG_STR(rule->name), "event",
			 LOG_STR(event->id), "call", LOG_STR(event->subject));
}

/* What is fired without Lua is held to the limit of Lua's requests. */
static int build(struct delivery_order *order, struct runlog *log, struct error *reterr)
{
	const struct limits *limits = &order->rule->campaign->unit->limits;
	char limit[32];
	if (request_build(order->service, order->event, NULL, log, &order->request, reterr))
		return -1;
	if (order->request->body.n <= (size_t)limits->of[LIMIT_BODY])
		return 0;
	free(order->request);
	limit_show(LIMIT_BODY, limits, limit, sizeof limit);
	error_set(reterr, "the body of the request is over its limit of %s", limit);
	error_hint(reterr, "the limit is --%s", limit_infos[LIMIT_BODY].option);
	return -1;
}

/* A delivery that has a row is on its way by itself. When an operator has the rule run again its services may
 * stand in another order than they did. */
static bool is_on_record(const struct delivery_order *order, const struct replay *replay)
{
	return replay_find_delivery(replay, &order->id) ||
	       (replay_find_run(replay, order->rule) &&
		replay_has_sent(replay, order->rule, order->service->name));
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
		.asked_ms = run_asked_ms(event, replay_find_run(replay, rule)),
	};
	struct error error;
	order.id = delivery_id(event, rule, order.step);
	if (!order.service->active || is_on_record(&order, replay))
		return true;
	if (build(&order, log, &error)) {
		if (!error.file[0])
			error_at(&error, rule->campaign->file, rule->line, 0, (struct str){0});
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
