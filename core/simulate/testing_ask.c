/* What a test asks of `t`, answered by a simulation. */
#include "simulate/testing_private.h"

#include "api/json_put.h"
#include "api/query.h"
#include "base/suggest.h"
#include "format/encode.h"
#include "format/json.h"
#include "format/rfc3339.h"
#include "simulate/samples.h"

#include <stdio.h>

enum { EVENT_MAX = 1 << 20, PATH_MAX_BYTES = 4096, REASON_MAX = 8192 };

static const struct value *argument(const struct value *arguments, uint32_t i)
{
	static const struct value none = {.kind = VALUE_NULL};
	return i < arguments->n ? &arguments->items[i] : &none;
}

static struct str text_of(const struct value *arguments, uint32_t i)
{
	const struct value *value = argument(arguments, i);
	return value->kind == VALUE_STRING ? value->text : (struct str){0};
}

/* --- the simulation --- */

static int begin(struct test_case *test, int64_t start_ms, struct error *reterr)
{
	struct simulation_options options = {
		.ruleset = test->testing->ruleset,
		.answers = &test->answers,
		.seed = 1,
		.start_ms = start_ms,
		.coverage = test->testing->coverage,
	};
	return test->simulation ? 0 : simulation_create(&options, &test->simulation, reterr);
}

void test_case_clear(struct test_case *test)
{
	simulation_destroy(test->simulation);
	test->simulation = NULL;
	event_list_finish(&test->events);
	test->events = (struct event_list){0};
	answers_finish(&test->answers);
	test->n_made = 0;
}

static int64_t now_ms(const struct test_case *test)
{
	return test->simulation ? simulation_now_ms(test->simulation) : SAMPLES_EPOCH_MS;
}

/* --- t:event --- */

/* A source that the campaign serves: of "/queues/" + "*" one below it. */
static void put_own_source(struct buf *out, const struct test_case *test)
{
	struct str source =
		test->campaign && test->campaign->n_serves ? test->campaign->serves[0] : STR("/test");
	struct buf text;
	buf_init(&text, PATH_MAX_BYTES);
	if (str_ends(source, STR("*")))
		buf_printf(&text, STR_FMT "1", (int)source.n - 1, source.p);
	else
		buf_str(&text, source);
	put_text(out, "source", buf_view(&text));
	buf_finish(&text);
}

static void put_data(struct buf *out, const struct value *tags)
{
	put_key(out, "data");
	buf_char(out, '{');
	if (!value_get(tags, STR("uii")))
		put_text(out, "uii", STR("call-1"));
	for (uint32_t i = 0; tags->kind == VALUE_OBJECT && i < tags->n; i++) {
		put_item(out);
		json_write_string(out, tags->members[i].key);
		buf_char(out, ':');
		json_write(out, &tags->members[i].value);
	}
	buf_char(out, '}');
}

static void write_event(struct test_case *test, const struct value *arguments, struct buf *out)
{
	static const char *const names[] = {"id", "source", "time", "subject"};
	const struct value *options = argument(arguments, 2);
	char text[RFC3339_SIZE];
	buf_char(out, '{');
	put_text(out, "type", text_of(arguments, 0));
	for (size_t i = 0; i < countof(names); i++) {
		const struct value *value = value_get(options, str_of(names[i]));
		if (!value)
			continue;
		put_key(out, names[i]);
		json_write(out, value);
	}
	if (!value_get(options, STR("id"))) {
		char id[32];
		snprintf(id, sizeof id, "test-%zu", ++test->n_made);
		put_text(out, "id", str_of(id));
	}
	if (!value_get(options, STR("source")))
		put_own_source(out, test);
	if (!value_get(options, STR("time")))
		put_text(out, "time", rfc3339_write(now_ms(test), text));
	put_data(out, argument(arguments, 1));
	buf_char(out, '}');
}

static void play_from(struct test_case *test, size_t from)
{
	for (size_t i = from; i < test->events.n; i++)
		simulation_event(test->simulation, test->events.events[i]);
}

static int ask_event(struct test_case *test, const struct value *arguments, struct buf *answer,
		     struct error *reterr)
{
	size_t from = test->events.n;
	struct buf text;
	buf_init(&text, EVENT_MAX);
	write_event(test, arguments, &text);
	int result = events_parse_json(buf_view(&text), &(struct event_limits){0}, now_ms(test),
				       &test->events, reterr);
	buf_finish(&text);
	if (result) {
		error_prefix(reterr, "t:event");
		reterr->line = reterr->column = 0;
		return -1;
	}
	if (begin(test, test->events.events[from]->time_ms, reterr))
		return -1;
	test->events.events[from]->arrived_ms = now_ms(test);
	play_from(test, from);
	json_write_string(answer, test->events.events[from]->id);
	return 0;
}

/* --- t:sample --- */

int test_path(const struct test_case *test, struct str name, struct buf *out, struct error *reterr)
{
	struct str file = test->file->path;
	const char *slash = memrchr(file.p, '/', file.n);
	if (str_starts(name, STR("/")) || memmem(name.p, name.n, "..", 2) || memchr(name.p, 0, name.n))
		return error_set(reterr, "'" STR_FMT "' is not a file below the test", STR_ARG(name));
	buf_printf(out, "%s/" STR_FMT STR_FMT, test->testing->folder, slash ? (int)(slash - file.p) + 1 : 0,
		   file.p, STR_ARG(name));
	return out->overflow ? error_set(reterr, "the path is too long") : 0;
}

static int ask_sample(struct test_case *test, const struct value *arguments, struct buf *answer,
		      struct error *reterr)
{
	struct event_list list = {0};
	struct buf path;
	buf_init(&path, PATH_MAX_BYTES);
	int result = test_path(test, text_of(arguments, 0), &path, reterr);
	if (result == 0)
		result = samples_read(buf_z(&path), &list, reterr);
	buf_finish(&path);
	if (result) {
		/* The place is the test's. */
		char place[sizeof reterr->file + 32];
		snprintf(place, sizeof place, "%s:%d", reterr->file, reterr->line);
		if (reterr->file[0])
			error_prefix(reterr, "%s", place);
		reterr->file[0] = 0;
		reterr->line = 0;
		event_list_finish(&list);
		return -1;
	}
	samples_arrive(&list);
	size_t from = test->events.n;
	for (size_t i = 0; i < list.n; i++)
		event_list_add(&test->events, event_ref(list.events[i]));
	event_list_finish(&list);
	if (begin(test, test->events.events[from]->arrived_ms, reterr))
		return -1;
	play_from(test, from);
	buf_printf(answer, "%zu", test->events.n - from);
	return 0;
}

/* --- t:answer, t:advance --- */

static bool is_service(const struct ruleset *ruleset, struct str name)
{
	for (size_t i = 0; i < ruleset->n_services; i++)
		if (str_eq(ruleset->services[i]->name, name) || str_eq(ruleset->services[i]->group, name))
			return true;
	return false;
}

static int check_service(const struct test_case *test, struct str name, struct error *reterr)
{
	const struct ruleset *ruleset = test->testing->ruleset;
	if (!name.p || is_service(ruleset, name))
		return 0;
	struct str *names = mem_alloc((ruleset->n_services + 1) * sizeof *names);
	for (size_t i = 0; i < ruleset->n_services; i++)
		names[i] = ruleset->services[i]->name;
	struct str near = suggest_nearest(name, names, ruleset->n_services);
	error_set(reterr, "the rules have no service '" STR_FMT "'", STR_ARG(name));
	if (near.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	free(names);
	return -1;
}

static int ask_answer(struct test_case *test, const struct value *arguments, struct error *reterr)
{
	const struct value *entry = argument(arguments, 0), *service = value_get(entry, STR("service"));
	struct buf text;
	if (check_service(test, service ? service->text : (struct str){0}, reterr))
		return -1;
	buf_init(&text, EVENT_MAX);
	json_write(&text, entry);
	int result = answers_add(&test->answers, buf_view(&text), reterr);
	buf_finish(&text);
	if (result)
		error_prefix(reterr, "t:answer");
	return result;
}

static int ask_advance(struct test_case *test, const struct value *arguments, struct error *reterr)
{
	double ms = 0;
	value_number(argument(arguments, 0), &ms);
	if (begin(test, SAMPLES_EPOCH_MS, reterr))
		return -1;
	simulation_advance(test->simulation, (int64_t)ms);
	return 0;
}

/* --- t:requests --- */

static int by_order(const void *a, const void *b)
{
	const struct found_request *x = a, *y = b;
	return x->delivery->order < y->delivery->order ? -1 : 1;
}

static void add_request(struct found_request **requests, size_t *n, const struct found_request *request)
{
	if ((*n & (*n - 1)) == 0)
		*requests = mem_realloc(*requests, (*n ? 2 * *n : 1) * sizeof **requests);
	(*requests)[(*n)++] = *request;
}

size_t test_requests(const struct test_case *test, struct str service, struct found_request **ret)
{
	const struct result *result = test->simulation ? simulation_results(test->simulation) : NULL;
	size_t n = 0;
	*ret = NULL;
	for (; result; result = result->next)
		for (size_t i = 0; i < result->n_rules; i++)
			for (const struct result_delivery *item = result->rules[i].deliveries; item;
			     item = item->next) {
				struct found_request found = {result, &result->rules[i], item};
				if (!service.p || str_eq(item->service_name, service) ||
				    str_eq(item->service->group, service))
					add_request(ret, &n, &found);
			}
	if (n)
		qsort(*ret, n, sizeof **ret, by_order);
	return n;
}

static struct str header_of(const struct result_delivery *item, struct str name)
{
	for (size_t i = 0; i < item->n_headers; i++)
		if (str_eq_nocase(item->headers[i].name, name))
			return item->headers[i].value;
	return (struct str){0};
}

/* The rows of a form, decoded: those of one name joined by a comma. */
static void put_form(struct buf *out, struct str body)
{
	struct buf name, value;
	buf_init(&name, EVENT_MAX);
	buf_init(&value, EVENT_MAX);
	put_key(out, "form");
	buf_char(out, '{');
	while (body.n) {
		const char *end = memchr(body.p, '&', body.n);
		size_t n = end ? (size_t)(end - body.p) : body.n;
		const char *equals = memchr(body.p, '=', n);
		size_t name_n = equals ? (size_t)(equals - body.p) : n;
		buf_clear(&name);
		buf_clear(&value);
		decode_form(&name, (struct str){body.p, name_n});
		if (equals)
			decode_form(&value, (struct str){equals + 1, n - name_n - 1});
		put_item(out);
		json_write_string(out, buf_view(&name));
		buf_char(out, ':');
		json_write_string(out, buf_view(&value));
		body.p += end ? n + 1 : n;
		body.n -= end ? n + 1 : n;
	}
	buf_char(out, '}');
	buf_finish(&name);
	buf_finish(&value);
}

static void put_attempts(struct buf *out, const struct found_request *request)
{
	put_key(out, "attempts");
	buf_char(out, '[');
	for (const struct result_attempt *attempt = request->delivery->attempts; attempt;
	     attempt = attempt->next) {
		put_item(out);
		buf_char(out, '{');
		put_number(out, "at_ms", attempt->at_ms - request->result->event->time_ms);
		if (attempt->status)
			put_number(out, "status", attempt->status);
		if (attempt->failure != FAILURE_NONE)
			put_text(out, "error", str_of(failure_name(attempt->failure)));
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void put_request(struct buf *out, const struct found_request *request)
{
	const struct result_delivery *item = request->delivery;
	put_item(out);
	buf_char(out, '{');
	put_text(out, "id", item->id);
	put_text(out, "service", item->service_name);
	put_text(out, "campaign", request->rule->rule->campaign->name);
	put_text(out, "rule", request->rule->rule->name);
	put_text(out, "event", request->result->event->id);
	put_text(out, "verb", item->verb);
	put_text(out, "method", item->method);
	put_text(out, "url", item->url);
	put_headers(out, item->headers, item->n_headers);
	put_text(out, "body", item->body);
	if (str_starts(header_of(item, STR("content-type")), STR("application/x-www-form-urlencoded")))
		put_form(out, item->body);
	put_text(out, "state", str_of(delivery_state_name(item->state)));
	put_number(out, "at_ms", item->at_ms - request->result->event->time_ms);
	put_attempts(out, request);
	buf_char(out, '}');
}

static int ask_requests(struct test_case *test, const struct value *arguments, struct buf *answer,
			struct error *reterr)
{
	struct str service = text_of(arguments, 0);
	struct found_request *requests;
	if (check_service(test, service, reterr))
		return -1;
	size_t n = test_requests(test, service, &requests);
	buf_char(answer, '[');
	for (size_t i = 0; i < n; i++)
		put_request(answer, &requests[i]);
	buf_char(answer, ']');
	free(requests);
	return 0;
}

/* --- t:outcome --- */

static bool is_rule(const struct ruleset *ruleset, struct str name)
{
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		for (size_t j = 0; j < ruleset->campaigns[i]->n_rules; j++)
			if (str_eq(ruleset->campaigns[i]->rules[j].name, name))
				return true;
	return false;
}

static int unknown_rule(const struct test_case *test, struct str name, struct error *reterr)
{
	const struct campaign *campaign = test->campaign;
	struct str names[256];
	size_t n = 0;
	for (; campaign && n < campaign->n_rules && n < countof(names); n++)
		names[n] = campaign->rules[n].name;
	struct str near = suggest_nearest(name, names, n);
	error_set(reterr, "the rules have no rule '" STR_FMT "'", STR_ARG(name));
	if (near.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	return -1;
}

/* The last event that the rule ran for; else the last that it looked at. */
static const struct result_rule *find_outcome(const struct test_case *test, struct str name,
					      const struct result **ret_result)
{
	const struct result *result = test->simulation ? simulation_results(test->simulation) : NULL;
	const struct result_rule *last = NULL;
	for (; result; result = result->next)
		for (size_t i = 0; i < result->n_rules; i++) {
			const struct result_rule *rule = &result->rules[i];
			if (!str_eq(rule->rule->name, name) || (last && last->runs && !rule->runs))
				continue;
			last = rule;
			*ret_result = result;
		}
	return last;
}

static int ask_outcome(struct test_case *test, const struct value *arguments, struct buf *answer,
		       struct error *reterr)
{
	struct str name = text_of(arguments, 0);
	const struct result *result = NULL;
	const struct result_rule *rule = find_outcome(test, name, &result);
	struct buf text;
	if (!rule && !is_rule(test->testing->ruleset, name))
		return unknown_rule(test, name, reterr);
	buf_init(&text, REASON_MAX);
	buf_char(answer, '{');
	put_text(answer, "outcome", rule ? str_of(result_outcome(result, rule)) : STR("no_rule"));
	struct str reason = rule ? result_reason(result, rule, &text) : STR("no event reached its campaign");
	if (reason.p)
		put_text(answer, "reason", reason);
	if (rule)
		put_text(answer, "event", result->event->id);
	put_key(answer, "log");
	buf_char(answer, '[');
	for (const struct runlog_line *line = rule ? rule->log.first : NULL; line; line = line->next) {
		put_item(answer);
		json_write_string(answer, line->text);
	}
	buf_str(answer, STR("]}"));
	buf_finish(&text);
	return 0;
}

int test_ask(void *context, struct str what, const struct value *arguments, struct buf *answer,
	     struct error *reterr)
{
	struct test_case *test = context;
	if (str_eq(what, STR("begin")))
		return 0;
	if (str_eq(what, STR("event")))
		return ask_event(test, arguments, answer, reterr);
	if (str_eq(what, STR("sample")))
		return ask_sample(test, arguments, answer, reterr);
	if (str_eq(what, STR("answer")))
		return ask_answer(test, arguments, reterr);
	if (str_eq(what, STR("advance")))
		return ask_advance(test, arguments, reterr);
	if (str_eq(what, STR("requests")))
		return ask_requests(test, arguments, answer, reterr);
	if (str_eq(what, STR("outcome")))
		return ask_outcome(test, arguments, answer, reterr);
	ensure(str_eq(what, STR("matches")));
	return test_matches(test, text_of(arguments, 0), answer, reterr);
}
