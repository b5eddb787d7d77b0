#include "simulate/diff.h"

#include "base/hash.h"
#include "simulate/flatten.h"
#include "simulate/simulation.h"

#include <stdio.h>

enum {
	GROUPS_MAX = 100000, /* further ones are not told; their events still differ */
	SHOWN_MAX = 2000,
	FLAT_ARENA_MAX = 64 << 20,
	KEY_MAX = 64 * 1024,
};

const char *diff_kind_name(enum diff_kind kind)
{
	static const char *const names[] = {"added", "gone", "changed", "outcome"};
	return names[kind];
}

/* --- groups --- */

struct indexed {
	size_t group;
	struct str key;
	uint64_t last_event; /* one event counts once */
	UT_hash_handle hh;
};

struct comparing {
	struct diff *diff;
	const struct result *from, *to;
	uint64_t number; /* of the event, from 1 */
	bool differs;
	struct arena arena; /* of the flat requests of one event */
	struct buf key;
};

static struct str keep(struct diff *diff, struct str s)
{
	if (!s.p)
		return s;
	bool cut = s.n > SHOWN_MAX;
	s.n = cut ? SHOWN_MAX : s.n;
	struct str copy = arena_copy(&diff->arena, s);
	ensure(copy.p);
	return copy;
}

static struct diff_group *new_group(struct diff *diff, const struct diff_group *like)
{
	if (diff->n_groups == diff->capacity) {
		diff->capacity = diff->capacity ? 2 * diff->capacity : 64;
		diff->groups = mem_realloc(diff->groups, diff->capacity * sizeof *diff->groups);
	}
	struct diff_group *group = &diff->groups[diff->n_groups++];
	*group = (struct diff_group){
		.kind = like->kind,
		.campaign = keep(diff, like->campaign),
		.rule = keep(diff, like->rule),
		.service = keep(diff, like->service),
		.place = keep(diff, like->place),
		.event = keep(diff, like->event),
		.from = keep(diff, like->from),
		.to = keep(diff, like->to),
	};
	return group;
}

static void count(struct comparing *c, const struct diff_group *like)
{
	struct indexed *table = c->diff->index, *found;
	buf_clear(&c->key);
	buf_printf(&c->key, "%d" STR_FMT "%c" STR_FMT "%c" STR_FMT "%c" STR_FMT, like->kind,
		   STR_ARG(like->campaign), 0, STR_ARG(like->rule), 0, STR_ARG(like->service), 0,
		   STR_ARG(like->place));
	/* How a run ended is no place that repeats: both ends make the group. */
	if (like->kind == DIFF_OUTCOME)
		buf_printf(&c->key, STR_FMT "%c" STR_FMT, STR_ARG(like->from), 0, STR_ARG(like->to));
	c->differs = true;
	HASH_FIND(hh, table, c->key.p, c->key.n, found);
	if (!found) {
		if (c->diff->n_groups == GROUPS_MAX)
			return;
		struct diff_group one = *like;
		one.event = c->from->event->id;
		new_group(c->diff, &one);
		found = mem_zalloc(sizeof *found);
		found->group = c->diff->n_groups - 1;
		found->key = arena_copy(&c->diff->arena, buf_view(&c->key));
		ensure(found->key.p);
		HASH_ADD_KEYPTR(hh, table, found->key.p, found->key.n, found);
		c->diff->index = table;
	}
	if (found->last_event != c->number)
		c->diff->groups[found->group].count++;
	found->last_event = c->number;
}

/* --- requests --- */

static bool same_headers(const struct result_delivery *a, const struct result_delivery *b)
{
	if (a->n_headers != b->n_headers)
		return false;
	for (size_t i = 0; i < a->n_headers; i++)
		if (!str_eq(a->headers[i].name, b->headers[i].name) ||
		    !str_eq(a->headers[i].value, b->headers[i].value))
			return false;
	return true;
}

/* To the byte: most are, and need no structure. */
static bool same_bytes(const struct result_delivery *a, const struct result_delivery *b)
{
	return str_eq(a->method, b->method) && str_eq(a->url, b->url) && str_eq(a->body, b->body) &&
	       str_eq(a->verb, b->verb) && a->state == b->state && a->n_attempts == b->n_attempts &&
	       a->at_ms == b->at_ms && same_headers(a, b);
}

static void compare_rows(struct comparing *c, struct diff_group *like, const struct flat *from,
			 const struct flat *to)
{
	size_t i = 0, j = 0;
	while (i < from->n || j < to->n) {
		int order = i == from->n ? 1
			    : j == to->n ? -1
					 : str_cmp(from->rows[i].place, to->rows[j].place);
		const struct flat_row *x = order <= 0 ? &from->rows[i++] : NULL;
		const struct flat_row *y = order >= 0 ? &to->rows[j++] : NULL;
		if (x && y && str_eq(x->value, y->value))
			continue;
		like->place = x ? x->place : y->place;
		like->from = x ? x->value : (struct str){0};
		like->to = y ? y->value : (struct str){0};
		count(c, like);
	}
}

static void compare_requests(struct comparing *c, const struct rule *rule, const struct result_delivery *from,
			     const struct result_delivery *to)
{
	struct diff_group like = {
		.kind = DIFF_CHANGED,
		.campaign = rule->campaign->name,
		.rule = rule->name,
		.service = from->service_name,
	};
	struct flat x, y;
	if (same_bytes(from, to))
		return;
	flatten(c->from, from, &c->arena, &x);
	flatten(c->to, to, &c->arena, &y);
	compare_rows(c, &like, &x, &y);
	flat_finish(&x);
	flat_finish(&y);
	arena_finish(&c->arena);
}

static void one_sided(struct comparing *c, const struct result *result, const struct rule *rule,
		      const struct result_delivery *item, enum diff_kind kind)
{
	struct buf text;
	struct flat flat;
	buf_init(&text, 2 * SHOWN_MAX);
	/* The URL comes from the rows, where what is secret is masked. */
	flatten(result, item, &c->arena, &flat);
	buf_printf(&text, STR_FMT " ", STR_ARG(item->method));
	for (size_t i = 0; i < flat.n; i++)
		if (str_eq(flat.rows[i].place, STR("url")))
			buf_str(&text, flat.rows[i].value);
	struct str shown = buf_view(&text);
	count(c, &(struct diff_group){
			 .kind = kind,
			 .campaign = rule->campaign->name,
			 .rule = rule->name,
			 .service = item->service_name,
			 .from = kind == DIFF_GONE ? shown : (struct str){0},
			 .to = kind == DIFF_ADDED ? shown : (struct str){0},
		 });
	flat_finish(&flat);
	arena_finish(&c->arena);
	buf_finish(&text);
}

/* The n-th request to that service. */
static const struct result_delivery *nth_to(const struct result_rule *rule, struct str service, size_t n)
{
	const struct result_delivery *item = rule ? rule->deliveries : NULL;
	for (; item; item = item->next)
		if (str_eq(item->service_name, service) && n-- == 0)
			return item;
	return NULL;
}

static size_t rank_of(const struct result_rule *rule, const struct result_delivery *item)
{
	size_t n = 0;
	for (const struct result_delivery *other = rule->deliveries; other != item; other = other->next)
		n += str_eq(other->service_name, item->service_name);
	return n;
}

static void compare_deliveries(struct comparing *c, const struct result_rule *from,
			       const struct result_rule *to)
{
	for (const struct result_delivery *item = from ? from->deliveries : NULL; item; item = item->next) {
		const struct result_delivery *other = nth_to(to, item->service_name, rank_of(from, item));
		if (other)
			compare_requests(c, from->rule, item, other);
		else
			one_sided(c, c->from, from->rule, item, DIFF_GONE);
	}
	for (const struct result_delivery *item = to ? to->deliveries : NULL; item; item = item->next)
		if (!nth_to(from, item->service_name, rank_of(to, item)))
			one_sided(c, c->to, to->rule, item, DIFF_ADDED);
}

/* --- rules --- */

static struct str outcome_of(const struct result *result, const struct result_rule *rule)
{
	return rule && !result->nobody ? str_of(result_outcome(result, rule)) : STR("not_matched");
}

static void compare_rules(struct comparing *c, const struct result_rule *from, const struct result_rule *to)
{
	const struct rule *rule = from ? from->rule : to->rule;
	bool differed = c->differs;
	c->differs = false;
	compare_deliveries(c, from, to);
	struct str x = outcome_of(c->from, from), y = outcome_of(c->to, to);
	if (!c->differs && !str_eq(x, y))
		count(c, &(struct diff_group){.kind = DIFF_OUTCOME,
					      .campaign = rule->campaign->name,
					      .rule = rule->name,
					      .from = x,
					      .to = y});
	c->differs |= differed;
}

static const struct result_rule *rule_like(const struct result *result, const struct rule *rule)
{
	if (!result->campaign || !str_eq(result->campaign->name, rule->campaign->name))
		return NULL;
	/* Most often it stands at the same place. */
	if (rule->index < result->n_rules && str_eq(result->rules[rule->index].rule->name, rule->name))
		return &result->rules[rule->index];
	for (size_t i = 0; i < result->n_rules; i++)
		if (str_eq(result->rules[i].rule->name, rule->name))
			return &result->rules[i];
	return NULL;
}

static void compare_event(struct comparing *c, struct result *from, struct result *to)
{
	c->from = from;
	c->to = to;
	c->number++;
	c->differs = false;
	for (size_t i = 0; i < from->n_rules; i++)
		compare_rules(c, &from->rules[i], rule_like(to, from->rules[i].rule));
	for (size_t i = 0; i < to->n_rules; i++)
		if (!rule_like(from, to->rules[i].rule))
			compare_rules(c, NULL, &to->rules[i]);
	c->diff->events++;
	c->diff->events_same += !c->differs;
	result_free(from);
	result_free(to);
}

/* --- both sides, event by event --- */

struct side {
	struct answers answers;
	struct simulation *simulation;
};

static int side_begin(struct side *side, const struct diff_options *options, const struct ruleset *ruleset,
		      const struct event_list *events, struct error *reterr)
{
	answers_init(&side->answers);
	if (options->answers.n && answers_parse(&side->answers, options->answers, "answers", reterr))
		return -1;
	struct simulation_options simulation = {
		.ruleset = ruleset,
		.answers = &side->answers,
		.seed = options->seed,
		.start_ms = events->events[0]->arrived_ms,
		.waits_end_ms = events->events[events->n - 1]->arrived_ms,
	};
	return simulation_create(&simulation, &side->simulation, reterr);
}

static void side_end(struct side *side)
{
	simulation_destroy(side->simulation);
	answers_finish(&side->answers);
}

/* The results come in the order of the events on both sides; the slower one decides. */
static void compare_done(struct comparing *c, struct side *from, struct side *to, bool all)
{
	for (;;) {
		const struct result *x = simulation_results(from->simulation),
				    *y = simulation_results(to->simulation);
		if (!x || !y || (!all && (!x->done || !y->done)))
			return;
		struct result *a = simulation_take(from->simulation, true);
		compare_event(c, a, simulation_take(to->simulation, true));
	}
}

static bool go_on(const struct diff_options *options, const struct side *from, const struct side *to,
		  size_t n)
{
	if (options->bytes_max && (simulation_bytes(from->simulation) > options->bytes_max ||
				   simulation_bytes(to->simulation) > options->bytes_max))
		return false;
	return !options->progress || options->progress(options->context, n);
}

/* False: it was cut short. */
static bool run_both(struct comparing *c, const struct diff_options *options, struct side *from,
		     struct side *to, const struct event_list *events)
{
	for (size_t i = 0; i < events->n; i++) {
		simulation_event(from->simulation, events->events[i]);
		simulation_event(to->simulation, events->events[i]);
		compare_done(c, from, to, false);
		if (!go_on(options, from, to, i + 1))
			return false;
	}
	simulation_run_out(from->simulation);
	simulation_run_out(to->simulation);
	compare_done(c, from, to, true);
	return true;
}

int diff_run(const struct diff_options *options, const struct event_list *events, struct diff *ret,
	     struct error *reterr)
{
	struct comparing comparing = {.diff = ret};
	struct side from = {0}, to = {0};
	*ret = (struct diff){0};
	arena_init(&ret->arena, SIZE_MAX / 2);
	arena_init(&comparing.arena, FLAT_ARENA_MAX);
	buf_init(&comparing.key, KEY_MAX);
	int result = side_begin(&from, options, options->from, events, reterr);
	if (result == 0)
		result = side_begin(&to, options, options->to, events, reterr);
	if (result == 0)
		result = !run_both(&comparing, options, &from, &to, events);
	side_end(&from);
	side_end(&to);
	buf_finish(&comparing.key);
	return result;
}

void diff_finish(struct diff *diff)
{
	struct indexed *table = diff->index, *item, *next;
	HASH_ITER(hh, table, item, next)
	{
		HASH_DEL(table, item);
		free(item);
	}
	free(diff->groups);
	arena_finish(&diff->arena);
	*diff = (struct diff){0};
}
