#include "format/event_draft.h"

#include "format/encode.h"
#include "format/json.h"
#include "format/rfc3339.h"
#include "format/trace.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

bool attribute_is_known(struct str name)
{
	static const char *const names[] = {"specversion", "id", "type", "source", "subject", "time", "data"};
	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

int attribute_check(const char *name, struct str value, struct error *reterr)
{
	if (value.n == 0)
		return error_set(reterr, "'%s' is empty", name);
	if (value.n > ATTRIBUTE_MAX)
		return error_set(reterr, "'%s' has %zu bytes, more than %d", name, value.n, ATTRIBUTE_MAX);
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7F)
			return error_set(reterr, "'%s' holds a control character (0x%02X)", name, value.p[i]);
	if (!utf8_valid(value))
		return error_set(reterr, "'%s' is not valid UTF-8", name);
	return 0;
}

static int too_large(struct error *reterr)
{
	return error_set(reterr, "the event is too large");
}

/* A tag that gives an attribute its value: 1 if it did, 0 if there is nothing to take, -1 if it is not fit.
 */
static int from_tag(struct event_draft *draft, struct str tag, const char *name, struct str *ret,
		    struct error *reterr)
{
	const struct value *value = value_get(&draft->data, tag);
	if (value_is_empty(value) || (value->kind != VALUE_STRING && value->kind != VALUE_NUMBER))
		return 0;
	if (attribute_check(name, value->text, reterr))
		return -1;
	*ret = value->text;
	return 1;
}

/* From what makes two events the same to their sender, so that a repeat is a duplicate. */
static int derive_id(struct event_draft *draft, struct str data, struct error *reterr)
{
	static const char hex[] = "0123456789abcdef";
	struct buf whole;
	XXH128_canonical_t digest;
	char id[2 * sizeof digest.digest];
	buf_init(&whole, draft->type.n + draft->source.n + data.n + 2);
	buf_str(&whole, draft->type);
	buf_char(&whole, 0);
	buf_str(&whole, draft->source);
	buf_char(&whole, 0);
	buf_str(&whole, data);
	XXH128_canonicalFromHash(&digest, XXH3_128bits(whole.p, whole.n));
	buf_finish(&whole);
	for (size_t i = 0; i < sizeof digest.digest; i++) {
		id[2 * i] = hex[digest.digest[i] >> 4];
		id[2 * i + 1] = hex[digest.digest[i] & 15];
	}
	draft->id = arena_copy(&draft->event->arena, (struct str){id, sizeof id});
	return draft->id.p ? 0 : too_large(reterr);
}

static int fill_id(struct event_draft *draft, struct str data, struct error *reterr)
{
	if (draft->id.p)
		return attribute_check("id", draft->id, reterr);
	draft->whole.p = NULL;
	int taken = from_tag(draft, STR("event_id"), "data.event_id", &draft->id, reterr);
	return taken ? (taken > 0 ? 0 : -1) : derive_id(draft, data, reterr);
}

static int fill_subject(struct event_draft *draft, struct error *reterr)
{
	if (draft->subject.p)
		return attribute_check("subject", draft->subject, reterr);
	draft->whole.p = NULL;
	draft->subject = draft->id;
	return from_tag(draft, STR("uii"), "data.uii", &draft->subject, reterr) < 0 ? -1 : 0;
}

static int fill_time(struct event_draft *draft, int64_t now_ms, struct error *reterr)
{
	char text[RFC3339_SIZE];
	if (draft->time.p) {
		if (draft->time.n <= ATTRIBUTE_MAX && rfc3339_read(draft->time, &draft->event->time_ms))
			return 0;
		error_set(reterr, "'time' is no RFC 3339 time: '%.*s'",
			  (int)utf8_valid_prefix(
				  (struct str){draft->time.p, draft->time.n < 40 ? draft->time.n : 40}),
			  draft->time.p);
		error_hint(reterr, "like 2025-10-14T18:34:39.000Z");
		return -1;
	}
	draft->whole.p = NULL;
	draft->event->time_ms = now_ms;
	draft->time = arena_copy(&draft->event->arena, rfc3339_write(now_ms, text));
	return draft->time.p ? 0 : too_large(reterr);
}

static void write_member(struct buf *out, struct str name, struct str value)
{
	buf_char(out, ',');
	json_write_string(out, name);
	buf_char(out, ':');
	json_write_string(out, value);
}

/* An extension attribute, so that it is on record with the event. */
#define HOPS "switchhookhops"

int event_hops_parse(struct str text)
{
	int n = 0;
	if (text.n == 0)
		return EVENT_HOPS_MAX;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || n > EVENT_HOPS_MAX)
			return EVENT_HOPS_MAX;
		n = 10 * n + (text.p[i] - '0');
	}
	return n < EVENT_HOPS_MAX ? n : EVENT_HOPS_MAX;
}

/* What the envelope says, or what came beside it if that is more. */
static void fill_hops(struct event_draft *draft, int beside)
{
	const struct value *own = draft->envelope ? value_get(draft->envelope, STR(HOPS)) : NULL;
	struct str text;
	if (own)
		draft->hops = value_text(own, &text) ? event_hops_parse(text) : EVENT_HOPS_MAX;
	if (beside <= draft->hops)
		return;
	draft->hops = beside;
	draft->whole.p = NULL;
}

static void write_extensions(struct buf *out, const struct value *envelope)
{
	for (size_t i = 0; envelope && i < envelope->n; i++) {
		const struct member *member = &envelope->members[i];
		if (attribute_is_known(member->key) || str_eq(member->key, STR(HOPS)))
			continue;
		buf_char(out, ',');
		json_write_string(out, member->key);
		buf_char(out, ':');
		json_write(out, &member->value);
	}
}

/* Of the envelope, else the one that came beside it; what is malformed starts no trace (section 3.2). */
static void fill_traceparent(struct event_draft *draft, struct str beside)
{
	const struct value *own = draft->envelope ? value_get(draft->envelope, STR("traceparent")) : NULL;
	if (own && own->kind == VALUE_STRING) {
		draft->traceparent = traceparent_valid(own->text) ? own->text : (struct str){0};
		return;
	}
	if (own || !traceparent_valid(beside))
		return;
	draft->traceparent = arena_copy(&draft->event->arena, beside);
	draft->traceparent_is_beside = true;
	draft->whole.p = NULL;
}

static int write_whole(struct event_draft *draft, struct error *reterr)
{
	struct buf out;
	buf_init(&out, draft->event->arena.max);
	buf_str(&out, STR("{\"specversion\":\"1.0\""));
	write_member(&out, STR("id"), draft->id);
	write_member(&out, STR("type"), draft->type);
	write_member(&out, STR("source"), draft->source);
	write_member(&out, STR("subject"), draft->subject);
	write_member(&out, STR("time"), draft->time);
	write_extensions(&out, draft->envelope);
	if (draft->traceparent_is_beside)
		write_member(&out, STR("traceparent"), draft->traceparent);
	if (draft->hops)
		buf_printf(&out, ",\"" HOPS "\":%d", draft->hops);
	buf_str(&out, STR(",\"data\":"));
	json_write(&out, &draft->data);
	buf_char(&out, '}');
	if (!out.overflow)
		draft->whole = arena_copy(&draft->event->arena, buf_view(&out));
	buf_finish(&out);
	return draft->whole.p ? 0 : too_large(reterr);
}

static int check_type_and_source(struct event_draft *draft, struct error *reterr)
{
	if (!draft->type.p)
		return error_set(reterr, "'type' is missing");
	if (!draft->source.p)
		return error_set(reterr, "'source' is missing");
	return attribute_check("type", draft->type, reterr) ||
			       attribute_check("source", draft->source, reterr)
		       ? -1
		       : 0;
}

/* Most events have an id and are far below the limit: their data need not be written to know both. */
static int fill_id_and_check_size(struct event_draft *draft, size_t data_max, struct error *reterr)
{
	struct buf data;
	if (draft->id.p && draft->data_at_most <= data_max)
		return fill_id(draft, STR(""), reterr);
	buf_init(&data, data_max);
	json_write(&data, &draft->data);
	int result = data.overflow ? error_set(reterr, "'data' is larger than %zu bytes", data_max)
				   : fill_id(draft, buf_view(&data), reterr);
	buf_finish(&data);
	return result;
}

int event_draft_complete(struct event_draft *draft, const struct event_limits *limits, int64_t now_ms,
			 struct error *reterr)
{
	size_t data_max = limits->data_bytes;
	struct event *event = draft->event;
	fill_traceparent(draft, limits->traceparent);
	fill_hops(draft, limits->hops);
	if (check_type_and_source(draft, reterr) || fill_id_and_check_size(draft, data_max, reterr) ||
	    fill_subject(draft, reterr) || fill_time(draft, now_ms, reterr) ||
	    (!draft->whole.p && write_whole(draft, reterr)))
		return -1;
	event->id = draft->id;
	event->type = draft->type;
	event->source = draft->source;
	event->subject = draft->subject;
	event->time = draft->time;
	event->traceparent = draft->traceparent;
	event->hops = draft->hops;
	event->arrived_ms = now_ms;
	event->data = draft->data;
	event->json = draft->whole;
	return 0;
}
