#include "source/ingest_private.h"

#include "format/encode.h"
#include "format/json.h"

enum {
	TAGS_MAX = 1000, /* of query and form together */
	JSON_MAX = 8 * 1024 * 1024,
};

/* One event on its way from the short form. Tags are in the order in which they are written: those of the
 * query, then those of the form. */
struct short_form {
	const struct ingest_request *request;
	struct event_attributes attributes;
	struct str event_id; /* of the query; used when the body has none */
	struct header *tags;
	size_t n_tags, n_query_tags;
	struct buf decoded; /* texts of the form's tags */
	struct arena arena; /* the body as JSON */
	struct value body;  /* an object; empty when there is none */
};

static int add_tag(struct short_form *form, struct str name, struct str value, struct error *reterr)
{
	if (form->n_tags == TAGS_MAX)
		return error_set(reterr, "more than %d tags", TAGS_MAX);
	if (name.n == 0)
		return error_set(reterr, "tag %zu has no name", form->n_tags + 1);
	if (!utf8_valid(name))
		return error_set(reterr, "the name of tag %zu is not valid UTF-8", form->n_tags + 1);
	if (!utf8_valid(value))
		return error_set(reterr, "the tag '%.*s' is not valid UTF-8",
				 (int)(name.n < 80 ? name.n : 80), name.p);
	form->tags[form->n_tags++] = (struct header){name, value};
	return 0;
}

static struct str *attribute_of(struct short_form *form, struct str name)
{
	if (str_eq(name, STR("source")))
		return &form->attributes.source;
	if (str_eq(name, STR("subject")))
		return &form->attributes.subject;
	if (str_eq(name, STR("time")))
		return &form->attributes.time;
	if (str_eq(name, STR("event_id")) || str_eq(name, STR("id")))
		return &form->event_id;
	return NULL;
}

static int read_query(struct short_form *form, struct error *reterr)
{
	for (size_t i = 0; i < form->request->n_query; i++) {
		const struct header *parameter = &form->request->query[i];
		struct str *attribute = attribute_of(form, parameter->name);
		if (!attribute) {
			if (add_tag(form, parameter->name, parameter->value, reterr) < 0)
				return -1;
			continue;
		}
		if (attribute->p)
			return error_set(reterr, "the parameter '" STR_FMT "' is given twice",
					 STR_ARG(parameter->name));
		if (parameter->value.n)
			*attribute = parameter->value;
	}
	form->n_query_tags = form->n_tags;
	if (!form->attributes.source.p)
		return error_set(reterr,
				 "the parameter 'source' is missing: the queue, campaign … that the event "
				 "belongs to, as in ?source=/queues/72992");
	return 0;
}

/* `decoded` has room reserved, so that what it holds does not move. */
static int decode_part(struct short_form *form, struct str text, struct str *ret, struct error *reterr)
{
	size_t start = form->decoded.n;
	if (!decode_form(&form->decoded, text))
		return error_set(reterr, "field %zu of the form has a '%%' without two hex digits",
				 form->n_tags - form->n_query_tags + 1);
	*ret = (struct str){form->decoded.p + start, form->decoded.n - start};
	return 0;
}

static int read_field(struct short_form *form, struct str field, struct error *reterr)
{
	const char *equals = memchr(field.p, '=', field.n);
	size_t n = equals ? (size_t)(equals - field.p) : field.n;
	struct str name = {field.p, n}, value = {"", 0};
	if (equals)
		value = (struct str){equals + 1, field.n - n - 1};
	if (decode_part(form, name, &name, reterr) < 0 || decode_part(form, value, &value, reterr) < 0)
		return -1;
	return add_tag(form, name, value, reterr);
}

static int read_form(struct short_form *form, struct error *reterr)
{
	struct str body = form->request->body;
	buf_init(&form->decoded, body.n);
	ensure(buf_reserve(&form->decoded, body.n));
	for (size_t at = 0; at < body.n;) {
		const char *end = memchr(body.p + at, '&', body.n - at);
		struct str field = {body.p + at, end ? (size_t)(end - body.p - at) : body.n - at};
		at += field.n + 1;
		if (field.n && read_field(form, field, reterr) < 0)
			return -1;
	}
	return 0;
}

static int read_json(struct short_form *form, const struct event_limits *limits, struct error *reterr)
{
	struct str body = form->request->body;
	struct json_limits json = {.depth = limits ? limits->depth : 0};
	arena_init(&form->arena, 32 * body.n + 64 * 1024);
	if (json_parse(body, json, &form->arena, &form->body, reterr) < 0)
		return -1;
	if (form->body.kind != VALUE_OBJECT) {
		form->body = (struct value){.kind = VALUE_OBJECT};
		return error_set(reterr, "the body must be a JSON object of tags");
	}
	return 0;
}

static int read_body(struct short_form *form, struct str media_type, const struct event_limits *limits,
		     int *ret_status, struct error *reterr)
{
	if (form->request->is_get || form->request->body.n == 0)
		return 0;
	if (str_eq_nocase(media_type, STR("application/json")))
		return read_json(form, limits, reterr);
	if (str_eq_nocase(media_type, STR("application/x-www-form-urlencoded")))
		return read_form(form, reterr);
	*ret_status = 415;
	return error_set(reterr,
			 "the content type '%.*s' is not taken here; this path takes application/json, "
			 "application/x-www-form-urlencoded, or no body",
			 (int)(media_type.n < 80 ? media_type.n : 80), media_type.p);
}

static bool form_has(const struct short_form *form, struct str name)
{
	for (size_t i = form->n_query_tags; i < form->n_tags; i++)
		if (str_eq(form->tags[i].name, name))
			return true;
	return value_get(&form->body, name) != NULL;
}

/* All values of one name, of the query or of the form: one is a string, several are an array. */
static void write_tag(const struct short_form *form, size_t index, size_t end, struct buf *out)
{
	struct str name = form->tags[index].name;
	size_t values = 0, start;
	json_write_string(out, name);
	buf_char(out, ':');
	start = out->n;
	for (size_t i = index; i < end; i++) {
		if (!str_eq(form->tags[i].name, name))
			continue;
		if (values++)
			buf_char(out, ',');
		json_write_string(out, form->tags[i].value);
	}
	if (values > 1 && buf_reserve(out, 2)) {
		memmove(out->p + start + 1, out->p + start, out->n - start);
		out->p[start] = '[';
		out->n++;
		buf_char(out, ']');
	}
}

static void write_members(const struct short_form *form, struct buf *out)
{
	for (size_t i = 0; i < form->body.n; i++) {
		const struct member *member = &form->body.members[i];
		buf_str(out, out->n > 1 ? STR(",") : STR(""));
		json_write_string(out, member->key);
		buf_char(out, ':');
		json_write(out, &member->value);
	}
}

static bool is_repeat(const struct short_form *form, size_t start, size_t index)
{
	for (size_t i = start; i < index; i++)
		if (str_eq(form->tags[i].name, form->tags[index].name))
			return true;
	return false;
}

static void write_tags(const struct short_form *form, size_t start, size_t end, bool body_wins,
		       struct buf *out)
{
	for (size_t i = start; i < end; i++) {
		if (is_repeat(form, start, i) || (body_wins && form_has(form, form->tags[i].name)))
			continue;
		buf_str(out, out->n > 1 ? STR(",") : STR(""));
		write_tag(form, i, end, out);
	}
}

static void write_data(const struct short_form *form, struct buf *out)
{
	buf_char(out, '{');
	write_tags(form, 0, form->n_query_tags, true, out);
	write_tags(form, form->n_query_tags, form->n_tags, false, out);
	write_members(form, out);
	buf_char(out, '}');
}

/* A tag event_id of the body names the event; event_from_parts looks for it. */
static bool body_has_id(const struct short_form *form)
{
	for (size_t i = form->n_query_tags; i < form->n_tags; i++)
		if (str_eq(form->tags[i].name, STR("event_id")) && form->tags[i].value.n)
			return true;
	return !value_is_empty(value_get(&form->body, STR("event_id")));
}

static int build(struct short_form *form, const struct event_limits *limits, int64_t now_ms,
		 struct event **ret, struct error *reterr)
{
	struct str json = form->request->body;
	struct buf data;
	buf_init(&data, JSON_MAX);
	/* A JSON body alone is taken as it is, so that nothing in it changes. */
	if (form->n_tags || form->body.n == 0) {
		write_data(form, &data);
		json = buf_view(&data);
	}
	form->attributes.type = form->request->type;
	if (!body_has_id(form))
		form->attributes.id = form->event_id;
	int result = data.overflow ? error_set(reterr, "the tags are larger than %d bytes", JSON_MAX)
				   : event_from_parts(&form->attributes, json, limits, now_ms, ret, reterr);
	buf_finish(&data);
	return result;
}

int ingest_short(const struct ingest_request *request, struct str media_type,
		 const struct event_limits *limits, int64_t now_ms, struct event_list *list, int *ret_status,
		 struct error *reterr)
{
	struct short_form form = {.request = request, .body.kind = VALUE_OBJECT};
	struct event *event;
	form.tags = mem_alloc(TAGS_MAX * sizeof *form.tags);
	int result = read_query(&form, reterr);
	if (result == 0)
		result = read_body(&form, media_type, limits, ret_status, reterr);
	if (result == 0)
		result = build(&form, limits, now_ms, &event, reterr);
	if (result == 0)
		event_list_add(list, event);
	buf_finish(&form.decoded);
	arena_finish(&form.arena);
	free(form.tags);
	return result;
}
