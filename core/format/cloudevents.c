#include "format/cloudevents.h"

#include "format/event_draft.h"
#include "format/json_private.h"

enum {
	DATA_DEFAULT = 65536,
	DEPTH_DEFAULT = 64,
	EVENTS_DEFAULT = 10 * 1000,
	ENVELOPE_MAX = 65536, /* of an event, beside its data */
};

static struct event_limits with_defaults(const struct event_limits *limits)
{
	struct event_limits result = limits ? *limits : (struct event_limits){0};
	result.data_bytes = result.data_bytes ? result.data_bytes : DATA_DEFAULT;
	result.depth = result.depth ? result.depth : DEPTH_DEFAULT;
	result.events = result.events ? result.events : EVENTS_DEFAULT;
	return result;
}

/* --- The list --------------------------------------------------------------------------------------------
 */

static void cut_list(struct event_list *list, size_t n)
{
	while (list->n > n)
		event_unref(list->events[--list->n]);
}

void event_list_finish(struct event_list *list)
{
	cut_list(list, 0);
	free(list->events);
	*list = (struct event_list){0};
}

void event_list_add(struct event_list *list, struct event *event)
{
	if (list->n == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 4;
		list->events = mem_realloc(list->events, list->capacity * sizeof(struct event *));
	}
	list->events[list->n++] = event;
}

/* --- One event -------------------------------------------------------------------------------------------
 */

static const char *kind_name(const struct value *value)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",       [VALUE_FALSE] = "false",     [VALUE_TRUE] = "true",
		[VALUE_NUMBER] = "a number", [VALUE_STRING] = "a string", [VALUE_ARRAY] = "an array",
		[VALUE_OBJECT] = "an object"};
	return names[value->kind];
}

static struct str *attribute_slot(struct event_draft *draft, struct str name)
{
	if (str_eq(name, STR("id")))
		return &draft->id;
	if (str_eq(name, STR("type")))
		return &draft->type;
	if (str_eq(name, STR("source")))
		return &draft->source;
	if (str_eq(name, STR("subject")))
		return &draft->subject;
	return str_eq(name, STR("time")) ? &draft->time : NULL;
}

/* An attribute with the value null is one that is not there (CloudEvents JSON format, section 2.2), and of a
 * repeated one the last counts. Neither may stay like that in what we store. */
static int take_attribute(struct event_draft *draft, const struct member *member, struct str *slot,
			  struct error *reterr)
{
	if (slot->p || member->value.kind == VALUE_NULL)
		draft->whole.p = NULL;
	if (member->value.kind == VALUE_NULL) {
		*slot = (struct str){0};
		return 0;
	}
	if (member->value.kind != VALUE_STRING)
		return error_set(reterr, "'" STR_FMT "' must be a string, not %s", STR_ARG(member->key),
				 kind_name(&member->value));
	*slot = member->value.text;
	return 0;
}

static int take_data(struct event_draft *draft, const struct value *value, bool seen, struct error *reterr)
{
	if (seen || value->kind == VALUE_NULL)
		draft->whole.p = NULL;
	if (value->kind == VALUE_OBJECT)
		draft->data = *value;
	else if (value->kind == VALUE_NULL)
		draft->data = (struct value){.kind = VALUE_OBJECT};
	else
		return error_set(reterr, "'data' must be an object, not %s", kind_name(value));
	return 0;
}

static int check_version(const struct value *value, struct error *reterr)
{
	if (value->kind == VALUE_STRING && str_eq(value->text, STR("1.0")))
		return 0;
	if (value->kind != VALUE_STRING)
		return error_set(reterr, "'specversion' must be the string \"1.0\", not %s",
				 kind_name(value));
	return error_set(reterr, "'specversion' must be \"1.0\", not \"%.*s\"",
			 (int)(value->text.n < 20 ? value->text.n : 20), value->text.p);
}

static int check_extension(const struct member *member, struct error *reterr)
{
	if (str_eq(member->key, STR("data_base64")))
		return error_set(reterr, "'data_base64' is not supported: 'data' must be a JSON object");
	if (member->value.kind == VALUE_ARRAY || member->value.kind == VALUE_OBJECT)
		return error_set(reterr, "'%.*s' must be a string, a number or a boolean, not %s",
				 (int)(member->key.n < 60 ? member->key.n : 60), member->key.p,
				 kind_name(&member->value));
	return 0;
}

static int take_envelope(struct event_draft *draft, struct error *reterr)
{
	const struct value *envelope = draft->envelope;
	bool has_version = false, has_data = false;
	draft->data.kind = VALUE_OBJECT;
	for (size_t i = 0; i < envelope->n; i++) {
		const struct member *member = &envelope->members[i];
		struct str *slot = attribute_slot(draft, member->key);
		int result;
		if (slot) {
			result = take_attribute(draft, member, slot, reterr);
		} else if (str_eq(member->key, STR("data"))) {
			result = take_data(draft, &member->value, has_data, reterr);
			has_data = true;
		} else if (str_eq(member->key, STR("specversion"))) {
			result = check_version(&member->value, reterr);
			has_version = true;
		} else {
			result = check_extension(member, reterr);
		}
		if (result)
			return result;
	}
	if (!has_version || !has_data)
		draft->whole.p = NULL;
	return 0;
}

/* The tree of a text takes less than sixteen times its bytes (arrays of one item in one another: 32 for two);
 * and there is the text itself, what is written anew, and the unused ends of chunks. */
static struct event *event_for_text(size_t n)
{
	return event_create(20 * n + 128 * 1024);
}

static int draft_from_text(struct event_draft *draft, struct str text, const struct event_limits *limits,
			   struct value *envelope, struct error *reterr)
{
	struct json_limits json = {.depth = limits->depth + 1, .values = limits->data_bytes + ENVELOPE_MAX};
	struct str copy = arena_copy(&draft->event->arena, text);
	ensure(copy.p);
	if (json_parse_in_place(copy, json, &draft->event->arena, envelope, reterr))
		return -1;
	if (envelope->kind != VALUE_OBJECT)
		return error_set(reterr, "an event must be a JSON object, not %s", kind_name(envelope));
	draft->envelope = envelope;
	draft->data_at_most = text.n;
	/* A line feed between tokens is the only one there can be. */
	if (!memchr(copy.p, '\n', copy.n) && !memchr(copy.p, '\r', copy.n))
		draft->whole = copy;
	return take_envelope(draft, reterr);
}

/* `text` is one JSON document without white space around it. */
static int event_from_text(struct str text, const struct event_limits *limits, int64_t now_ms,
			   struct event **ret, struct error *reterr)
{
	/* Every byte of data can come as six ("\u0041"), and there may be white space. */
	size_t max = 8 * limits->data_bytes + ENVELOPE_MAX;
	if (text.n > max)
		return error_set(reterr, "the event has %zu bytes, more than %zu ('data' may have %zu)",
				 text.n, max, limits->data_bytes);
	struct value envelope;
	struct event_draft draft = {.event = event_for_text(text.n)};
	if (draft_from_text(&draft, text, limits, &envelope, reterr) ||
	    event_draft_complete(&draft, limits, now_ms, reterr)) {
		event_unref(draft.event);
		return -1;
	}
	*ret = draft.event;
	return 0;
}

/* --- Several ---------------------------------------------------------------------------------------------
 */

struct batch {
	struct str text;
	struct event_limits limits;
	int64_t now_ms;
	struct event_list *list;
	size_t n;
};

/* `one` is a part of the batch's text. */
static int batch_add(struct batch *batch, struct str one, struct error *reterr)
{
	struct event *event;
	size_t at = (size_t)(one.p - batch->text.p);
	if (batch->n == batch->limits.events) {
		error_set(reterr, "more than %zu events in one text", batch->limits.events);
		return json_error_place(reterr, batch->text, at);
	}
	if (event_from_text(one, &batch->limits, batch->now_ms, &event, reterr)) {
		json_error_in(reterr, batch->text, at);
		return -1;
	}
	batch->n++;
	event_list_add(batch->list, event);
	return 0;
}

/* From behind the '[' at `at`. */
static int batch_add_array(struct batch *batch, size_t at, struct error *reterr)
{
	struct str text = batch->text, one;
	at = json_skip_space(text, at);
	if (at < text.n && text.p[at] == ']')
		return json_check_end(text, at + 1, reterr);
	for (;;) {
		if (json_skip(text, &at, &one, reterr) || batch_add(batch, one, reterr)) {
			error_prefix(reterr, "event %zu of the array", batch->n + 1);
			return -1;
		}
		at = json_skip_space(text, at);
		if (at < text.n && text.p[at] == ']')
			return json_check_end(text, at + 1, reterr);
		if (at == text.n || text.p[at] != ',') {
			error_set(reterr, "expected ',' or ']' after event %zu of the array", batch->n);
			return json_error_place(reterr, text, at);
		}
		at++;
	}
}

int events_parse_json(struct str text, const struct event_limits *limits, int64_t now_ms,
		      struct event_list *list, struct error *reterr)
{
	struct batch batch = {text, with_defaults(limits), now_ms, list, 0};
	size_t before = list->n, at = json_skip_space(text, 0);
	if (at == text.n)
		return json_empty_error(text, reterr);
	int result = text.p[at] == '[' ? batch_add_array(&batch, at + 1, reterr)
				       : batch_add(&batch, json_trim(text), reterr);
	if (result)
		cut_list(list, before);
	return result;
}

int events_parse_ndjson(struct str text, const struct event_limits *limits, int64_t now_ms,
			struct event_list *list, struct error *reterr)
{
	struct batch batch = {text, with_defaults(limits), now_ms, list, 0};
	size_t before = list->n;
	for (size_t at = 0; at < text.n;) {
		const char *start = text.p + at, *newline = memchr(start, '\n', text.n - at);
		struct str line = {start, newline ? (size_t)(newline - start) : text.n - at};
		at += line.n + 1;
		line = json_trim(line);
		if (line.n && batch_add(&batch, line, reterr)) {
			cut_list(list, before);
			return -1;
		}
	}
	return 0;
}

/* --- Parts -----------------------------------------------------------------------------------------------
 */

static int draft_from_parts(struct event_draft *draft, const struct event_attributes *attributes,
			    struct str data_json, const struct event_limits *limits, struct error *reterr)
{
	const struct str *from[] = {&attributes->id, &attributes->type, &attributes->source,
				    &attributes->subject, &attributes->time};
	struct str *to[] = {&draft->id, &draft->type, &draft->source, &draft->subject, &draft->time};
	struct json_limits json = {.depth = limits->depth, .values = limits->data_bytes + ENVELOPE_MAX};
	struct arena *arena = &draft->event->arena;
	for (size_t i = 0; i < countof(from); i++)
		if (from[i]->p) {
			*to[i] = arena_copy(arena, *from[i]);
			if (!to[i]->p)
				return error_set(reterr, "the event is too large");
		}
	draft->data = (struct value){.kind = VALUE_OBJECT};
	draft->data_at_most = data_json.n;
	if (data_json.n && json_parse(data_json, json, arena, &draft->data, reterr))
		return -1;
	if (draft->data.kind != VALUE_OBJECT)
		return error_set(reterr, "the data of an event must be a JSON object, not %s",
				 kind_name(&draft->data));
	return 0;
}

int event_from_parts(const struct event_attributes *attributes, struct str data_json,
		     const struct event_limits *limits, int64_t now_ms, struct event **ret,
		     struct error *reterr)
{
	struct event_limits bounds = with_defaults(limits);
	if (data_json.n > 8 * bounds.data_bytes + ENVELOPE_MAX)
		return error_set(reterr, "'data' is larger than %zu bytes", bounds.data_bytes);
	size_t n = attributes->id.n + attributes->type.n + attributes->source.n + attributes->subject.n +
		   attributes->time.n;
	if (n > ENVELOPE_MAX)
		return error_set(reterr, "the attributes of the event are larger than %d bytes",
				 ENVELOPE_MAX);
	struct event_draft draft = {.event = event_for_text(data_json.n + n)};
	if (draft_from_parts(&draft, attributes, data_json, &bounds, reterr) ||
	    event_draft_complete(&draft, &bounds, now_ms, reterr)) {
		event_unref(draft.event);
		return -1;
	}
	*ret = draft.event;
	return 0;
}
