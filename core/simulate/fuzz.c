#include "simulate/fuzz.h"

#include "base/hash.h"
#include "format/cloudevents.h"
#include "format/json.h"
#include "format/url.h"
#include "format/xml.h"
#include "simulate/fuzz_private.h"
#include "simulate/samples.h"
#include "simulate/simulation.h"

#include <ctype.h>
#include <stdio.h>

enum {
	CASE_MAX = 1 << 30,
	EVENTS_BYTES_MAX = 8 << 20,
	WHAT_MAX = 2048,
	SHOWN_MAX = 160,
	PROGRESS_CASES = 16,
};

/* Longer than any wait may be. */
static const int64_t WAITS_MS = (int64_t)31 * 24 * 3600 * 1000;

const char *fuzz_kind_name(enum fuzz_kind kind)
{
	static const char *const names[] = {"raises", "invalid_json", "invalid_xml", "invalid_url",
					    "unresolved_tag"};
	return names[kind];
}

/* What is known already, so that it is told once. */
struct known {
	char *key;
	UT_hash_handle hh;
};

struct fuzzing {
	const struct fuzz *fuzz;
	struct answers answers;
	struct known *known;
	size_t n_findings;
	struct buf text; /* events */
};

/* What one run of a case has shown. The key is the same for the same fault. */
struct seen {
	enum fuzz_kind kind;
	const struct rule *rule;
	struct str service; /* the ruleset's */
	char key[512];
	char what[WHAT_MAX];
};

/* --- looking at a result --- */

static void note(struct seen *seen, enum fuzz_kind kind, const struct rule *rule, struct str service,
		 struct str place)
{
	*seen = (struct seen){.kind = kind, .rule = rule, .service = service};
	snprintf(seen->key, sizeof seen->key, "%d " STR_FMT " " STR_FMT " " STR_FMT, kind,
		 STR_ARG(rule->campaign->name), STR_ARG(rule->name), STR_ARG(place));
}

/* "support.lua:12" of "support.lua:12: what": messages hold values, places do not. */
static struct str place_of(struct str reason)
{
	const char *end = memmem(reason.p, reason.n, ": ", 2);
	return end ? (struct str){reason.p, (size_t)(end - reason.p)} : reason;
}

static bool look_at_run(const struct result_rule *rule, struct seen *seen)
{
	if (!rule->ended || rule->outcome != OUTCOME_FAILED || !rule->reason.p)
		return false;
	note(seen, FUZZ_RAISES, rule->rule, (struct str){0}, place_of(rule->reason));
	snprintf(seen->what, sizeof seen->what, STR_FMT, STR_ARG(rule->reason));
	return true;
}

static bool says(const struct result_delivery *item, const char *type)
{
	for (size_t i = 0; i < item->n_headers; i++)
		if (str_eq_nocase(item->headers[i].name, STR("content-type")))
			return memmem(item->headers[i].value.p, item->headers[i].value.n, type,
				      strlen(type)) != NULL;
	return false;
}

static int check_json(struct str body, struct error *reterr)
{
	struct arena arena;
	struct value value;
	arena_init(&arena, CASE_MAX);
	int result = json_parse(body, (struct json_limits){0}, &arena, &value, reterr);
	arena_finish(&arena);
	return result;
}

static int check_xml(struct str body, struct error *reterr)
{
	struct arena arena;
	struct xml_node *root;
	arena_init(&arena, CASE_MAX);
	int result = xml_parse(body, &(struct xml_limits){0}, &arena, &root, reterr);
	arena_finish(&arena);
	return result;
}

static bool is_name_byte(unsigned char c)
{
	return islower(c) || isdigit(c) || c == '_';
}

/* "#ani#" as it is written: no value of ours looks like that. */
static struct str find_tag(struct str text)
{
	for (size_t i = 0; i + 2 < text.n; i++) {
		size_t end = i + 1;
		if (text.p[i] != '#' || !islower((unsigned char)text.p[end]))
			continue;
		while (end < text.n && is_name_byte((unsigned char)text.p[end]))
			end++;
		if (end < text.n && text.p[end] == '#' && end - i > 2)
			return (struct str){text.p + i, end + 1 - i};
	}
	return (struct str){0};
}

static struct str find_unresolved(const struct result_delivery *item)
{
	struct str found = find_tag(item->url);
	if (!found.p)
		found = find_tag(item->body);
	for (size_t i = 0; !found.p && i < item->n_headers; i++)
		found = find_tag(item->headers[i].value);
	return found;
}

static bool look_at_request(const struct rule *rule, const struct result_delivery *item, struct seen *seen)
{
	struct error error;
	struct str tag = find_unresolved(item), shown = item->body;
	enum fuzz_kind kind;
	shown.n = shown.n < SHOWN_MAX ? shown.n : SHOWN_MAX;
	if (says(item, "json") && check_json(item->body, &error)) {
		kind = FUZZ_INVALID_JSON;
	} else if (says(item, "xml") && check_xml(item->body, &error)) {
		kind = FUZZ_INVALID_XML;
	} else if (url_check(item->url, &error)) {
		kind = FUZZ_INVALID_URL;
		shown = item->url;
	} else if (tag.p) {
		kind = FUZZ_UNRESOLVED;
		error_set(&error, "it holds the tag as it is written");
		shown = tag;
	} else {
		return false;
	}
	note(seen, kind, rule, item->service->name, item->service_name);
	snprintf(seen->what, sizeof seen->what, "the request to '" STR_FMT "': %s: " STR_FMT,
		 STR_ARG(item->service_name), error.what, STR_ARG(shown));
	return true;
}

/* The first fault that is not known; with `key`, whether that one shows. */
static bool look(struct fuzzing *fuzzing, const struct result *result, const char *key, struct seen *ret)
{
	for (size_t i = 0; i < result->n_rules; i++) {
		const struct result_rule *rule = &result->rules[i];
		const struct result_delivery *item = rule->deliveries;
		struct known *known;
		for (bool run = true; run || item; run = false) {
			bool bad = run ? look_at_run(rule, ret) : look_at_request(rule->rule, item, ret);
			if (!run)
				item = item->next;
			if (!bad)
				continue;
			HASH_FIND_STR(fuzzing->known, ret->key, known);
			if (key ? strcmp(key, ret->key) == 0 : !known)
				return true;
		}
	}
	return false;
}

/* --- running a case --- */

static bool run_case(struct fuzzing *fuzzing, const struct fuzz_case *made, const char *key, struct seen *ret)
{
	struct simulation_options options = {
		.ruleset = fuzzing->fuzz->ruleset,
		.answers = &fuzzing->answers,
		.seed = 1,
		.start_ms = SAMPLES_EPOCH_MS,
	};
	struct event_list list = {0};
	struct simulation *simulation;
	struct error error;
	bool found = false;
	buf_clear(&fuzzing->text);
	fuzz_case_write(made, &fuzzing->text);
	answers_rewind(&fuzzing->answers);
	/* Too large for an event: nothing that the engine would take. */
	if (events_parse_json(buf_view(&fuzzing->text), &(struct event_limits){0}, SAMPLES_EPOCH_MS, &list,
			      &error) ||
	    simulation_create(&options, &simulation, &error)) {
		event_list_finish(&list);
		return false;
	}
	for (size_t i = 0; i < list.n; i++) {
		list.events[i]->arrived_ms = list.events[i]->time_ms;
		simulation_event(simulation, list.events[i]);
	}
	simulation_advance(simulation, WAITS_MS);
	simulation_run_out(simulation);
	for (const struct result *result = simulation_results(simulation); result && !found;
	     result = result->next)
		found = look(fuzzing, result, key, ret);
	simulation_destroy(simulation);
	event_list_finish(&list);
	return found;
}

/* --- the smallest case --- */

static bool still_shows(struct fuzzing *fuzzing, const struct fuzz_case *made, struct seen *seen)
{
	struct seen now;
	if (!run_case(fuzzing, made, seen->key, &now))
		return false;
	*seen = now;
	return true;
}

static void drop_events(struct fuzzing *fuzzing, struct fuzz_case *made, struct seen *seen)
{
	for (size_t i = made->n_events; i-- > 0 && made->n_events > 1;) {
		struct fuzz_case smaller = *made;
		smaller.n_events--;
		memmove(&smaller.events[i], &smaller.events[i + 1],
			(smaller.n_events - i) * sizeof smaller.events[0]);
		if (still_shows(fuzzing, &smaller, seen))
			*made = smaller;
	}
}

/* Halves, quarters … of the tags, down to one by one. */
static void drop_tags(struct fuzzing *fuzzing, struct fuzz_case *made, struct fuzz_event *event,
		      struct seen *seen)
{
	struct fuzz_tag *all = event->tags;
	struct fuzz_tag kept[FUZZ_TAGS_MAX];
	for (size_t step = event->n_tags; step > 0; step /= 2) {
		for (size_t at = 0; at < event->n_tags;) {
			size_t n = event->n_tags, cut = at + step < n ? step : n - at;
			memcpy(kept, all, n * sizeof *all);
			memmove(all + at, all + at + cut, (n - at - cut) * sizeof *all);
			event->n_tags = n - cut;
			if (still_shows(fuzzing, made, seen))
				continue;
			memcpy(all, kept, n * sizeof *all);
			event->n_tags = n;
			at += cut;
		}
	}
}

static void simplify(struct fuzzing *fuzzing, struct fuzz_case *made, struct fuzz_event *event,
		     struct seen *seen)
{
	static const char *const simple[] = {"\"\"", "\"x\"", "1"};
	for (size_t i = 0; i < event->n_tags; i++)
		for (size_t j = 0; j < countof(simple); j++) {
			struct str before = event->tags[i].json;
			if (str_eq(before, str_of(simple[j])))
				break;
			event->tags[i].json = str_of(simple[j]);
			if (still_shows(fuzzing, made, seen))
				break;
			event->tags[i].json = before;
		}
}

static void shrink(struct fuzzing *fuzzing, struct fuzz_case *made, struct seen *seen)
{
	drop_events(fuzzing, made, seen);
	for (size_t i = 0; i < made->n_events; i++) {
		drop_tags(fuzzing, made, &made->events[i], seen);
		simplify(fuzzing, made, &made->events[i], seen);
	}
}

/* --- all cases --- */

static void remember(struct fuzzing *fuzzing, const struct seen *seen)
{
	struct known *known = mem_zalloc(sizeof *known);
	known->key = mem_strdup(seen->key);
	HASH_ADD_KEYPTR(hh, fuzzing->known, known->key, strlen(known->key), known);
}

static void one_case(struct fuzzing *fuzzing, const struct rule *rule, uint64_t seed)
{
	struct arena arena;
	struct fuzz_case made;
	struct seen seen;
	arena_init(&arena, CASE_MAX);
	fuzz_case_make(&made, rule, seed, &arena);
	while (run_case(fuzzing, &made, NULL, &seen)) {
		struct fuzz_case smallest;
		fuzz_case_make(&smallest, rule, seed, &arena);
		shrink(fuzzing, &smallest, &seen);
		remember(fuzzing, &seen);
		buf_clear(&fuzzing->text);
		fuzz_case_write(&smallest, &fuzzing->text);
		fuzzing->n_findings++;
		fuzzing->fuzz->found(fuzzing->fuzz->context, &(struct fuzz_finding){
								     .kind = seen.kind,
								     .rule = seen.rule,
								     .service = seen.service,
								     .what = str_of(seen.what),
								     .events = buf_view(&fuzzing->text),
								     .seed = seed,
							     });
	}
	arena_finish(&arena);
}

size_t fuzz_cases(const struct fuzz *fuzz)
{
	size_t rules = 0;
	for (size_t i = 0; i < fuzz->ruleset->n_campaigns; i++)
		rules += fuzz->ruleset->campaigns[i]->n_rules;
	return rules * fuzz->cases;
}

static void all_cases(struct fuzzing *fuzzing)
{
	const struct fuzz *fuzz = fuzzing->fuzz;
	const struct ruleset *ruleset = fuzz->ruleset;
	size_t n = 0;
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		for (size_t j = 0; ruleset->campaigns[i]->loaded && j < ruleset->campaigns[i]->n_rules; j++)
			for (size_t k = 0; k < fuzz->cases; k++) {
				one_case(fuzzing, &ruleset->campaigns[i]->rules[j], fuzz->seed + k);
				if (fuzz->progress && ++n % PROGRESS_CASES == 0)
					fuzz->progress(fuzz->context, n);
			}
}

int fuzz_run(const struct fuzz *fuzz, size_t *ret_findings, struct error *reterr)
{
	struct fuzzing fuzzing = {.fuzz = fuzz};
	struct known *known, *next;
	answers_init(&fuzzing.answers);
	if (fuzz->answers.n && answers_parse(&fuzzing.answers, fuzz->answers, "answers", reterr))
		return -1;
	buf_init(&fuzzing.text, EVENTS_BYTES_MAX);
	all_cases(&fuzzing);
	HASH_ITER(hh, fuzzing.known, known, next)
	{
		HASH_DEL(fuzzing.known, known);
		free(known->key);
		free(known);
	}
	buf_finish(&fuzzing.text);
	answers_finish(&fuzzing.answers);
	*ret_findings = fuzzing.n_findings;
	return 0;
}
