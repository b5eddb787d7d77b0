/* Events as they come when nobody has looked at them first. */
#include "simulate/fuzz_private.h"

#include "api/json_put.h"
#include "format/json.h"
#include "format/rfc3339.h"
#include "model/tag.h"
#include "simulate/samples.h"

#include <stdio.h>

enum { TEXT_MAX = 64 * 1024, LONG_TEXT = 10000 };

/* SplitMix64. */
static uint64_t chance(struct fuzz_case *made)
{
	uint64_t z = made->chance += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(struct fuzz_case *made, size_t n)
{
	return (size_t)(chance(made) % n);
}

/* --- values --- */

/* As JSON. */
static const char *const values[] = {
	/* ordinary ones */
	"\"Dana\"",
	"\"2095550101\"",
	"42",
	"\"42\"",
	"true",
	"\"Sale\"",
	"\"2025-10-14 14:30:00\"",
	"\"01:35\"",
	"\"https://recordings.example.com/?v=1&f=2\"",
	"\"rc.guest+1_2@example.com\"",
	/* empty ones */
	"\"\"",
	"null",
	"\" \"",
	"0",
	/* numbers and durations */
	"-5",
	"\"-5\"",
	"\"-00:05\"",
	"9223372036854775808",
	"123456789012345678901234567890",
	"1e308",
	"0.1",
	"\"007\"",
	"\"+1 (209) 555-0101\"",
	"\"99:99:99\"",
	/* every script */
	"\"Zoë Nguyễn\"",
	"\"Ελληνικά\"",
	"\"Русский\"",
	"\"中文測試\"",
	"\"עברית عربى\"",
	"\"ไทย हिन्दी\"",
	"\"👩‍👩‍👧🏽 e\\u0301\"",
	"\"\\u202Eabc\\u0000def\"",
	/* what means something elsewhere */
	"\"\\\"quoted\\\" 'single' `back`\"",
	"\"back\\\\slash\"",
	"\"<b>&amp;]]>\"",
	"\"a=b&c=d%20%zz+e\"",
	"\"two\\nlines\\r\\nand\\ta tab\"",
	"\"{\\\"json\\\": [1,\"",
	"\"${x} %s %d {{y}}\"",
	"\"../../etc\"",
	/* what is no text */
	"[]",
	"{}",
	"[1,\"two\",null]",
	"{\"a\":{\"b\":\"c\"}}",
};

static struct str own(struct fuzz_case *made, struct str s)
{
	struct str copy = arena_copy(made->arena, s);
	ensure(copy.p);
	return copy;
}

static struct str long_text(struct fuzz_case *made)
{
	static const char pattern[] = "a long text with umlauts äöü and \\\"quotes\\\" <&> ";
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_char(&text, '"');
	while (text.n < LONG_TEXT)
		buf_str(&text, STR(pattern));
	buf_char(&text, '"');
	struct str json = own(made, buf_view(&text));
	buf_finish(&text);
	return json;
}

static struct str any_value(struct fuzz_case *made)
{
	size_t n = below(made, countof(values) + 1);
	return n < countof(values) ? str_of(values[n]) : long_text(made);
}

/* One that the condition lets pass, as text or as a number. Of a pattern nobody knows one; it is left to
 * chance. */
static bool fitting_value(struct fuzz_case *made, const struct condition *condition, struct str *ret)
{
	char number[64];
	struct buf json;
	double low = condition->kind == CONDITION_AT_MOST ? condition->high : condition->low;
	bool quoted = below(made, 2);
	if (condition->negated)
		return false;
	switch (condition->kind) {
	case CONDITION_ANY_OF:
		buf_init(&json, TEXT_MAX);
		json_write(&json, &condition->values[below(made, condition->n_values)]);
		*ret = own(made, buf_view(&json));
		buf_finish(&json);
		return true;
	case CONDITION_AT_LEAST:
	case CONDITION_AT_MOST:
	case CONDITION_BETWEEN:
		snprintf(number, sizeof number, quoted ? "\"%.15g\"" : "%.15g", low);
		*ret = own(made, str_of(number));
		return true;
	default:
		return false;
	}
}

/* --- tags --- */

static void add_tag(struct fuzz_event *event, struct str name, struct str json)
{
	if (event->n_tags < FUZZ_TAGS_MAX)
		event->tags[event->n_tags++] = (struct fuzz_tag){name, json, false};
}

static const struct condition *condition_of(const struct rule *rule, struct str tag)
{
	for (size_t i = 0; i < rule->n_when; i++)
		if (str_eq(rule->when[i].tag, tag))
			return &rule->when[i];
	return NULL;
}

/* Half of the events have most tags, the others few. */
static void add_tags(struct fuzz_case *made, struct fuzz_event *event, const struct str *names, size_t n,
		     size_t percent, bool fit)
{
	for (size_t i = 0; i < n; i++) {
		const struct condition *condition = condition_of(made->rule, names[i]);
		struct str json;
		if (str_eq(names[i], STR("uii")))
			continue;
		if (fit && condition && fitting_value(made, condition, &json))
			add_tag(event, names[i], json);
		else if (below(made, 100) < percent &&
			 !(fit && condition && condition->kind == CONDITION_ABSENT))
			add_tag(event, names[i], any_value(made));
	}
}

static void make_event(struct fuzz_case *made, struct fuzz_event *event, struct str type, size_t number,
		       bool fit)
{
	const struct campaign *campaign = made->rule->campaign;
	size_t n, percent = below(made, 2) ? 80 : 15;
	const struct str *names = tag_catalogue(&n);
	char id[32];
	snprintf(id, sizeof id, "fuzz-%zu", number);
	event->type = type;
	event->id = own(made, str_of(id));
	event->tags = arena_zalloc(made->arena, FUZZ_TAGS_MAX * sizeof *event->tags);
	ensure(event->tags);
	add_tags(made, event, names, n, percent, fit);
	add_tags(made, event, campaign->tags, campaign->n_tags, percent, fit);
}

/* --- the case --- */

static struct str type_of(struct fuzz_case *made, const struct rule *rule)
{
	struct str type = rule->n_on ? rule->on[below(made, rule->n_on)] : STR("post_call");
	return memchr(type.p, '*', type.n) ? STR("post_call") : type;
}

/* Others of the same call: for rules that wait, and for those that expect an order. */
static struct str other_type(struct fuzz_case *made)
{
	size_t n;
	const struct str *types = event_type_catalogue(&n);
	const struct campaign *campaign = made->rule->campaign;
	switch (below(made, 3)) {
	case 0:
		return STR("post_disposition");
	case 1:
		return type_of(made, &campaign->rules[below(made, campaign->n_rules)]);
	default:
		return types[below(made, n)];
	}
}

static void make_source(struct fuzz_case *made)
{
	const struct campaign *campaign = made->rule->campaign;
	char text[600];
	struct str source =
		campaign->n_serves ? campaign->serves[below(made, campaign->n_serves)] : STR("/fuzz");
	if (str_ends(source, STR("*")))
		snprintf(text, sizeof text, STR_FMT "1", (int)source.n - 1, source.p);
	else
		snprintf(text, sizeof text, STR_FMT, STR_ARG(source));
	made->source = own(made, str_of(text));
}

void fuzz_case_make(struct fuzz_case *made, const struct rule *rule, uint64_t seed, struct arena *arena)
{
	*made = (struct fuzz_case){.arena = arena, .chance = seed, .rule = rule};
	make_source(made);
	made->n_events = 1 + below(made, FUZZ_EVENTS_MAX);
	for (size_t i = 0; i < made->n_events; i++)
		make_event(made, &made->events[i], i ? other_type(made) : type_of(made, rule), i,
			   below(made, 4) > 0);
	/* One comes twice; one that came first comes last. */
	if (made->n_events > 1 && below(made, 5) == 0)
		made->events[made->n_events - 1] = made->events[0];
	if (made->n_events > 1 && below(made, 3) == 0) {
		struct fuzz_event first = made->events[0];
		made->events[0] = made->events[made->n_events - 1];
		made->events[made->n_events - 1] = first;
	}
}

static void write_event(const struct fuzz_case *made, const struct fuzz_event *event, size_t second,
			struct buf *out)
{
	char time[RFC3339_SIZE];
	put_item(out);
	buf_char(out, '{');
	put_text(out, "id", event->id);
	put_text(out, "type", event->type);
	put_text(out, "source", made->source);
	put_text(out, "time", rfc3339_write(SAMPLES_EPOCH_MS + (int64_t)second * 1000, time));
	put_key(out, "data");
	buf_char(out, '{');
	put_text(out, "uii", STR("fuzz"));
	for (size_t i = 0; i < event->n_tags; i++) {
		put_item(out);
		json_write_string(out, event->tags[i].name);
		buf_char(out, ':');
		buf_str(out, event->tags[i].json);
	}
	buf_str(out, STR("}}"));
}

void fuzz_case_write(const struct fuzz_case *made, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < made->n_events; i++)
		write_event(made, &made->events[i], i, out);
	buf_char(out, ']');
}
