#include "format/request_content.h"

#include "format/crypto.h"
#include "format/encode.h"
#include "format/json.h"

enum { BODY_ARENA_MAX = 64 << 20 };

static void add_member(struct buf *out, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_printf(out, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name);
	json_write_string(out, value);
}

static void add_data(struct buf *out, enum body_kind kind, struct str body)
{
	if (kind == BODY_JSON || kind == BODY_NONE) {
		buf_str(out, STR(",\"data\":"));
		buf_str(out, body);
	} else if (utf8_valid(body)) {
		buf_str(out, STR(",\"data\":"));
		json_write_string(out, body);
	} else {
		buf_str(out, STR(",\"data_base64\":\""));
		base64_add(out, body);
		buf_char(out, '"');
	}
}

void cloudevent_structured(const struct event *event, enum body_kind kind, struct str type, struct str body,
			   struct buf *out)
{
	buf_char(out, '{');
	add_member(out, "specversion", STR("1.0"));
	add_member(out, "id", event->id);
	add_member(out, "source", event->source);
	add_member(out, "type", event->type);
	add_member(out, "subject", event->subject);
	add_member(out, "time", event->time);
	add_member(out, "datacontenttype", kind == BODY_NONE ? STR("application/json") : type);
	add_data(out, kind, body);
	buf_char(out, '}');
}

/* CloudEvents' HTTP binding, section 3.1.3.2: all but printable ASCII, and '"' and '%', are percent-encoded.
 */
static void add_header_value(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '%')
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, (char)c);
	}
}

int cloudevent_headers(const struct event *event,
		       int (*each)(void *context, struct str name, struct str value), void *context)
{
	const struct header attributes[] = {
		{STR("ce-specversion"), STR("1.0")}, {STR("ce-id"), event->id},
		{STR("ce-source"), event->source},   {STR("ce-type"), event->type},
		{STR("ce-subject"), event->subject}, {STR("ce-time"), event->time},
	};
	struct buf value;
	int r = 0;
	buf_init(&value, 64 * 1024);
	for (size_t i = 0; i < countof(attributes) && r == 0; i++) {
		buf_clear(&value);
		add_header_value(&value, attributes[i].value);
		if (value.n)
			r = each(context, attributes[i].name, buf_view(&value));
	}
	buf_finish(&value);
	return r;
}

int json_object_extend(struct str body, const struct value *extra, struct buf *out, struct error *reterr)
{
	struct arena arena;
	struct value object;
	arena_init(&arena, BODY_ARENA_MAX);
	int r = json_parse(body, (struct json_limits){0}, &arena, &object, reterr);
	if (r == 0 && object.kind != VALUE_OBJECT)
		r = error_set(reterr, "the agent's script goes into a JSON object, and this body is none");
	if (r == 0) {
		body = str_trim(body);
		buf_add(out, body.p, body.n - 1);
		bool first = object.n == 0;
		for (uint32_t i = 0; i < extra->n; i++) {
			const struct member *member = &extra->members[i];
			if (value_get(&object, member->key) ||
			    value_get(extra, member->key) != &member->value)
				continue;
			if (!first)
				buf_char(out, ',');
			first = false;
			json_write_string(out, member->key);
			buf_char(out, ':');
			json_write(out, &member->value);
		}
		buf_char(out, '}');
	}
	arena_finish(&arena);
	return r;
}
