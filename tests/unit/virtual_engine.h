/* An engine of one shard on virtual time, with rules given as text and answers by the test. No threads, no
 * sockets. */
#pragma once

#include "unit.h"

#include "engine/solo.h"
#include "format/cloudevents.h"

#include <stdio.h>

struct sent {
	int64_t at_ms; /* since the start */
	char *url, *body, *id;
};

struct virtual_engine {
	struct solo solo;
	struct engine *engine; /* the solo's */
	const char *folder;    /* of the journal; NULL: none */
	struct sent sent[512];
	size_t n_sent;
	int accepted, duplicates, refused;

	/* Answers: statuses of the next exchanges, in order; 200 when they are used up. A negative one is a
	 * failure. */
	int statuses[64];
	size_t n_statuses, next_status;
	struct str answer_body;
	int64_t delay_ms;

	/* NULL, or fills in the answer, and returns false to leave it to the above. */
	bool (*answer_to)(struct virtual_engine *v, const struct request *request, struct fake_answer *ret);
};

static inline void virtual_answer(void *context, const struct exchange *exchange, struct fake_answer *ret)
{
	struct virtual_engine *v = context;
	const struct request *request = exchange->request;
	ensure(v->n_sent < countof(v->sent));
	v->sent[v->n_sent++] = (struct sent){
		.at_ms = v->solo.now_us / 1000,
		.url = mem_strndup(request->url.p, request->url.n),
		.body = mem_strndup(request->body.p, request->body.n),
		.id = mem_strdup(exchange->extra[0].value.p),
	};
	if (v->answer_to && v->answer_to(v, request, ret))
		return;
	int status = v->next_status < v->n_statuses ? v->statuses[v->next_status++] : 200;
	ret->answer.status = status < 0 ? 0 : status;
	ret->answer.failure = status < 0 ? (enum failure)(-status) : FAILURE_NONE;
	ret->answer.body = v->answer_body;
	ret->delay_ms = v->delay_ms;
}

/* Puts the engine on the journal of `folder`, if there is one, and goes on with what that holds. Time goes on
 * as well. */
static inline void virtual_begin(struct virtual_engine *v, const char *rules)
{
	struct source_file file = {STR("campaign.lua"), str_of(rules)};
	struct engine_options options = {.seed = 1};
	struct error error, notice;
	struct ruleset *ruleset = script_load(&file, 1, 1, NULL);
	for (size_t i = 0; i < ruleset->n_problems; i++)
		printf("# %s: line %d\n", ruleset->problems[i].error.what, ruleset->problems[i].error.line);
	assert_int_equal(ruleset->n_errors, 0);
	if (!v->solo.base_ms)
		solo_init(&v->solo, 1760466861000);
	struct journal_options journal = {
		.folder = v->folder, .durability = DURABILITY_RELAXED, .clock = &v->solo.clock};
	if (v->folder && journal_open(&journal, &options.journal, &notice, &error))
		fail_msg("%s", error.what);
	if (solo_begin(&v->solo, &options, ruleset, virtual_answer, v, &error))
		fail_msg("%s", error.what);
	v->engine = v->solo.engine;
	ruleset_unref(ruleset);
}

static inline void virtual_start(struct virtual_engine *v, const char *rules)
{
	*v = (struct virtual_engine){0};
	virtual_begin(v, rules);
}

static inline void virtual_settle(struct virtual_engine *v)
{
	solo_settle(&v->solo);
}

static inline void virtual_advance(struct virtual_engine *v, int64_t ms)
{
	solo_advance_to(&v->solo, v->solo.now_us + ms * 1000);
}

struct virtual_acceptance {
	struct acceptance acceptance;
	struct virtual_engine *v;
	struct event_list list;
	bool duplicates[16];
};

static inline void virtual_accepted(struct message *message)
{
	struct virtual_acceptance *a = container_of(container_of(message, struct acceptance, message),
						    struct virtual_acceptance, acceptance);
	if (a->acceptance.refused)
		a->v->refused++;
	else
		a->v->accepted += (int)(a->acceptance.n - a->acceptance.n_duplicates);
	a->v->duplicates += (int)a->acceptance.n_duplicates;
	event_list_finish(&a->list);
	free(a);
}

static inline void virtual_event(struct virtual_engine *v, const char *json)
{
	struct virtual_acceptance *a = mem_zalloc(sizeof *a);
	struct error error;
	if (events_parse_json(str_of(json), &(struct event_limits){0}, clock_wall_ms(&v->solo.clock),
			      &a->list, &error))
		fail_msg("%s", error.what);
	assert_in_range(a->list.n, 0, countof(a->duplicates));
	a->v = v;
	a->acceptance = (struct acceptance){
		.message.deliver = virtual_accepted,
		.reply_to = &v->solo.mailbox,
		.events = a->list.events,
		.duplicates = a->duplicates,
		.n = a->list.n,
	};
	if (engine_accept(v->engine, &a->acceptance))
		virtual_accepted(&a->acceptance.message);
	virtual_settle(v);
}

/* An event of the call "1" with an id of its own and these further members of its data: "\"agent_id\":7". */
static inline void virtual_tags(struct virtual_engine *v, const char *id, const char *type, const char *tags)
{
	char json[2048];
	snprintf(json, sizeof json,
		 "{\"id\":\"%s\",\"type\":\"%s\",\"source\":\"/queues/"
		 "1\",\"subject\":\"1\",\"data\":{\"uii\":\"1\"%s%s}}",
		 id, type, *tags ? "," : "", tags);
	virtual_event(v, json);
}

/* The engine ends where it is: what is in its memory is gone, what is in the journal stays. */
static inline void virtual_end(struct virtual_engine *v)
{
	solo_end(&v->solo);
}

static inline void virtual_stop(struct virtual_engine *v)
{
	virtual_settle(v);
	virtual_end(v);
	for (size_t i = 0; i < v->n_sent; i++) {
		free(v->sent[i].url);
		free(v->sent[i].body);
		free(v->sent[i].id);
	}
}
