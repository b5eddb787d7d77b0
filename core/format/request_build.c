#include "format/request_build.h"

#include "format/encode.h"
#include "format/json.h"
#include "format/request_content.h"
#include "format/secret_mark.h"
#include "format/template.h"
#include "format/url.h"

/* Enough for most requests: the buffer is then allocated once. */
enum { TEXT_USUAL = 1000, SLOTS_USUAL = 24 };

/* A header in the text, by offsets: the text moves while it grows. */
struct slot {
	size_t name, value, end;
};

/* All texts of the request one after the other: URL, headers, body. */
struct build {
	const struct service *service;
	const struct event *event;
	const struct overrides *overrides;
	struct runlog *log;
	struct error *reterr;
	struct buf text;
	size_t next_dynamic;
	size_t url_end, body;
	struct slot usual[SLOTS_USUAL], *slots;
	size_t n_slots, slots_capacity;
};

/* The kinds of rows: how they are called in errors, and how one is written. A value is a template, or, when
 * `value` is NULL, final. */
struct row_kind {
	const char *what;
	bool ignore_case;
	int (*add)(struct build *build, struct str name, const struct template *value, struct str final);
};

static int fill(struct build *build, const struct template *template)
{
	return template_fill_mapped(template, build->event, build->service->strict, build->service->name,
				    build->service->mappings, &build->text, build->log, build->reterr);
}

/* What comes next may take this many bytes. */
static void allow(struct build *build, size_t max)
{
	build->text.max = build->text.n + max;
}

static int too_large(struct build *build, const char *what, size_t max)
{
	return build->text.overflow ? error_set(build->reterr, "%s over %zu bytes", what, max) : 0;
}

static int needs_function(struct build *build, const char *what)
{
	return error_set(build->reterr, "the %s is a function of the call, which only a rule can ask", what);
}

/* Rows */

static bool same_name(struct str a, struct str b, bool ignore_case)
{
	return ignore_case ? str_eq_nocase(a, b) : str_eq(a, b);
}

static bool is_given(struct str name, const struct header *given, size_t n, bool ignore_case)
{
	for (size_t i = 0; i < n; i++) {
		if (same_name(name, given[i].name, ignore_case))
			return true;
	}
	return false;
}

static bool is_declared(struct str name, const struct row *rows, size_t n, bool ignore_case)
{
	for (size_t i = 0; i < n; i++) {
		if (same_name(name, rows[i].name, ignore_case))
			return true;
	}
	return false;
}

static int add_row(struct build *build, const struct row_kind *kind, struct str name,
		   const struct template *value, struct str final)
{
	int r = kind->add(build, name, value, value ? final : mapped(build->service->mappings, final));
	if (r < 0)
		error_prefix(build->reterr, "%s '" STR_FMT "'", kind->what, name.n > 100 ? 100 : (int)name.n,
			     name.p);
	return r;
}

static int add_given(struct build *build, const struct row_kind *kind, struct str name,
		     const struct header *given, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (same_name(name, given[i].name, kind->ignore_case) &&
		    add_row(build, kind, given[i].name, NULL, given[i].value) < 0)
			return -1;
	}
	return 0;
}

/* A row that is a function takes the next of the values that the rule's functions gave, used or not. */
static int add_declared(struct build *build, const struct row_kind *kind, const struct rows *rows, size_t i,
			const struct header *given, size_t n)
{
	const struct row *row = &rows->rows[i];
	struct str final = {0};
	if (row->dynamic) {
		if (!build->overrides || build->next_dynamic >= build->overrides->n_dynamic)
			return needs_function(build, kind->what);
		final = build->overrides->dynamic[build->next_dynamic++];
	}
	if (!is_given(row->name, given, n, kind->ignore_case))
		return add_row(build, kind, row->name, row->dynamic ? NULL : &row->value, final);
	/* All given ones of this name stand where its first declared one stood. */
	if (is_declared(row->name, rows->rows, i, kind->ignore_case))
		return 0;
	return add_given(build, kind, row->name, given, n);
}

static int add_rows(struct build *build, const struct row_kind *kind, const struct rows *rows,
		    const struct header *given, size_t n)
{
	size_t n_declared = rows->dynamic ? 0 : rows->n;
	for (size_t i = 0; i < n_declared; i++) {
		if (add_declared(build, kind, rows, i, given, n) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_declared(given[i].name, rows->rows, n_declared, kind->ignore_case) &&
		    add_row(build, kind, given[i].name, NULL, given[i].value) < 0)
			return -1;
	}
	return 0;
}

/* The URL */

static int add_param(struct build *build, struct str name, const struct template *value, struct str final)
{
	char last = build->text.n ? build->text.p[build->text.n - 1] : '?';
	if (last != '?' && last != '&')
		buf_char(&build->text, memchr(build->text.p, '?', build->text.n) ? '&' : '?');
	encode_percent(&build->text, name);
	buf_char(&build->text, '=');
	if (value)
		return fill(build, value);
	encode_percent(&build->text, final);
	return 0;
}

static bool has_header(const struct build *build, struct str name);
static int add_header(struct build *build, struct str name, const struct template *value, struct str final);

/* What proves who is asking is made at each attempt; here is its place. */
static int add_credentials(struct build *build, bool in_query)
{
	const struct service *service = build->service;
	for (size_t i = 0; i < service->n_auths; i++) {
		const struct auth *auth = service->auths[i];
		char name[] = {'@', (char)('0' + i), 0};
		struct buf value;
		int r = 0;
		if (!auth->name.p || auth->in_query != in_query ||
		    (!in_query && has_header(build, auth->name)))
			continue;
		buf_init(&value, 1024);
		buf_str(&value, auth->prefix);
		secret_mark_add(&value, ESCAPE_NONE, str_of(name));
		r = in_query ? add_param(build, auth->name, NULL, buf_view(&value))
			     : add_header(build, auth->name, NULL, buf_view(&value));
		buf_finish(&value);
		if (r < 0)
			return r;
	}
	return 0;
}

static enum body_kind body_kind(const struct build *build);

/* The fields of the agent's script as rows, but for names that the service declares itself. */
static int add_script_result(struct build *build, int (*add)(struct build *build, struct str name,
							     const struct template *value, struct str final))
{
	const struct value *script = event_tag(build->event, STR("script_result"));
	int r = 0;
	if (!build->service->script_result || !script || script->kind != VALUE_OBJECT)
		return 0;
	for (uint32_t i = 0; i < script->n && r == 0; i++) {
		struct str name = script->members[i].key;
		struct buf text;
		if (is_declared(name, build->service->form.rows, build->service->form.n, false) ||
		    is_declared(name, build->service->params.rows, build->service->params.n, false))
			continue;
		buf_init(&text, REQUEST_BODY_MAX);
		if (!value_plain(&script->members[i].value, &text))
			json_write(&text, &script->members[i].value);
		r = add(build, name, NULL, mapped(build->service->mappings, buf_view(&text)));
		buf_finish(&text);
	}
	return r;
}

static int add_base_url(struct build *build)
{
	const struct overrides *overrides = build->overrides;
	if (overrides && overrides->url.p) {
		buf_str(&build->text, overrides->url);
		return 0;
	}
	if (build->service->url_dynamic)
		return needs_function(build, "url");
	return fill(build, &build->service->url);
}

/* Parameters stand before the fragment, which is set aside for them. */
static int add_params(struct build *build)
{
	static const struct row_kind kind = {"param", false, add_param};
	const struct overrides *overrides = build->overrides;
	struct str whole = buf_view(&build->text);
	const char *hash = memchr(whole.p, '#', whole.n);
	struct buf fragment;
	buf_init(&fragment, REQUEST_URL_MAX);
	if (hash) {
		buf_add(&fragment, hash, whole.n - (size_t)(hash - whole.p));
		build->text.n = (size_t)(hash - whole.p);
	}
	int r = add_rows(build, &kind, &build->service->params, overrides ? overrides->params : NULL,
			 overrides ? overrides->n_params : 0);
	if (r == 0)
		r = add_credentials(build, true);
	if (r == 0 && body_kind(build) == BODY_NONE)
		r = add_script_result(build, add_param);
	buf_str(&build->text, buf_view(&fragment));
	buf_finish(&fragment);
	return r;
}

static void encode_url(struct build *build)
{
	struct buf encoded;
	if (!url_needs_encoding(buf_view(&build->text)))
		return;
	buf_init(&encoded, REQUEST_URL_MAX);
	url_encode_rest(&encoded, buf_view(&build->text));
	buf_clear(&build->text);
	buf_str(&build->text, buf_view(&encoded));
	build->text.overflow = encoded.overflow;
	buf_finish(&encoded);
}

static int add_url(struct build *build)
{
	allow(build, REQUEST_URL_MAX);
	if (add_base_url(build) < 0 || add_params(build) < 0)
		return -1;
	if (too_large(build, "the URL is", REQUEST_URL_MAX) < 0 ||
	    url_check(buf_view(&build->text), build->reterr) < 0)
		return -1;
	encode_url(build);
	build->url_end = build->text.n;
	return too_large(build, "the URL is", REQUEST_URL_MAX);
}

/* Headers */

static struct slot *add_slot(struct build *build)
{
	if (build->n_slots == build->slots_capacity) {
		struct slot *old = build->slots;
		size_t size = build->n_slots * sizeof *old;
		build->slots_capacity *= 2;
		build->slots = mem_alloc(2 * size);
		memcpy(build->slots, old, size);
		if (old != build->usual)
			free(old);
	}
	return &build->slots[build->n_slots++];
}

static void add_lower(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		buf_char(out, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
	}
}

/* The value's outer spaces are no part of it (RFC 9110, 5.5); they can come from an empty tag. */
static void trim_value(struct build *build, size_t start)
{
	while (build->text.n > start && strchr(" \t", build->text.p[build->text.n - 1]))
		build->text.n--;
}

static int add_header(struct build *build, struct str name, const struct template *value, struct str final)
{
	if (!header_name_is_token(name))
		return error_set(build->reterr, "this is no name of a header");
	struct slot slot = {.name = build->text.n};
	add_lower(&build->text, name);
	slot.value = build->text.n;
	if (build->text.overflow)
		return too_large(build, "the headers are", REQUEST_HEADERS_MAX);
	if (header_is_ours((struct str){build->text.p + slot.name, name.n}))
		return error_set(build->reterr, "this header is the engine's own");
	if (value && fill(build, value) < 0)
		return -1;
	if (!value)
		encode_header(&build->text, final);
	if (build->text.overflow)
		return too_large(build, "the headers are", REQUEST_HEADERS_MAX);
	trim_value(build, slot.value);
	slot.end = build->text.n;
	*add_slot(build) = slot;
	return 0;
}

static enum body_kind body_kind(const struct build *build)
{
	const struct overrides *overrides = build->overrides;
	return overrides && overrides->has_body ? overrides->body_kind : build->service->body_kind;
}

static struct str content_type(enum body_kind kind)
{
	switch (kind) {
	case BODY_FORM:
		return STR("application/x-www-form-urlencoded");
	case BODY_JSON:
		return STR("application/json");
	case BODY_XML:
		return STR("application/xml; charset=utf-8");
	case BODY_TEXT:
		return STR("text/plain; charset=utf-8");
	case BODY_NONE:
	case BODY_RAW:
		break;
	}
	return (struct str){0};
}

static bool has_header(const struct build *build, struct str name)
{
	for (size_t i = 0; i < build->n_slots; i++) {
		const struct slot *slot = &build->slots[i];
		if (str_eq((struct str){build->text.p + slot->name, slot->value - slot->name}, name))
			return true;
	}
	return false;
}

/* Of the body as it goes out. */
static struct str sent_type(const struct build *build)
{
	enum body_kind kind = body_kind(build);
	if (build->service->cloudevents == CLOUDEVENTS_STRUCTURED)
		return STR("application/cloudevents+json; charset=utf-8");
	if (build->service->cloudevents == CLOUDEVENTS_BINARY && kind == BODY_NONE)
		return STR("application/json");
	return content_type(kind);
}

static int add_attribute(void *context, struct str name, struct str value)
{
	return add_header(context, name, NULL, value);
}

static int add_headers(struct build *build)
{
	static const struct row_kind kind = {"header", true, add_header};
	const struct overrides *overrides = build->overrides;
	struct str type = sent_type(build);
	allow(build, REQUEST_HEADERS_MAX);
	if (add_rows(build, &kind, &build->service->headers, overrides ? overrides->headers : NULL,
		     overrides ? overrides->n_headers : 0) < 0 ||
	    add_credentials(build, false) < 0 ||
	    (build->service->cloudevents == CLOUDEVENTS_BINARY &&
	     cloudevent_headers(build->event, add_attribute, build) < 0))
		return -1;
	if (!type.p || has_header(build, STR("content-type")))
		return 0;
	return add_header(build, STR("content-type"), NULL, type);
}

/* The body */

static int add_field(struct build *build, struct str name, const struct template *value, struct str final)
{
	if (build->text.n > build->body)
		buf_char(&build->text, '&');
	encode_form(&build->text, name);
	buf_char(&build->text, '=');
	if (value)
		return fill(build, value);
	encode_form(&build->text, final);
	return 0;
}

static int add_form(struct build *build)
{
	static const struct row_kind kind = {"form field", false, add_field};
	static const struct rows none = {0};
	const struct overrides *overrides = build->overrides;
	if (overrides && overrides->has_body)
		return add_rows(build, &kind, &none, overrides->form, overrides->n_form);
	if (build->service->form.dynamic || build->service->body_dynamic)
		return needs_function(build, "form");
	return add_rows(build, &kind, &build->service->form, NULL, 0);
}

static int add_document(struct build *build)
{
	const struct overrides *overrides = build->overrides;
	if (overrides && overrides->has_body) {
		buf_str(&build->text, overrides->body);
		return 0;
	}
	if (build->service->body_dynamic)
		return needs_function(build, "body");
	int r = fill(build, &build->service->body);
	if (r < 0)
		error_prefix(build->reterr, "the body");
	return r;
}

static int extend_json(struct build *build)
{
	const struct value *script = event_tag(build->event, STR("script_result"));
	struct buf whole;
	if (!build->service->script_result || !script || script->kind != VALUE_OBJECT)
		return 0;
	buf_init(&whole, REQUEST_BODY_MAX);
	int r = json_object_extend((struct str){build->text.p + build->body, build->text.n - build->body},
				   script, &whole, build->reterr);
	build->text.n = build->body;
	buf_str(&build->text, buf_view(&whole));
	build->text.overflow = build->text.overflow || whole.overflow;
	buf_finish(&whole);
	return r;
}

/* The event around the body. */
static int wrap(struct build *build)
{
	enum body_kind kind = body_kind(build);
	struct secret_mark mark;
	struct buf whole;
	if (build->service->cloudevents == CLOUDEVENTS_NONE)
		return 0;
	if (kind == BODY_NONE)
		json_write(&build->text, &build->event->data);
	if (build->service->cloudevents == CLOUDEVENTS_BINARY)
		return 0;
	struct str body = {build->text.p + build->body, build->text.n - build->body};
	if (kind == BODY_XML && secret_mark_find(body, 0, &mark))
		return error_set(build->reterr, "a secret cannot stand in XML inside of a CloudEvent");
	buf_init(&whole, REQUEST_BODY_MAX);
	cloudevent_structured(build->event, kind, content_type(kind), body, &whole);
	build->text.n = build->body;
	buf_str(&build->text, buf_view(&whole));
	build->text.overflow = build->text.overflow || whole.overflow;
	buf_finish(&whole);
	return 0;
}

static int add_body(struct build *build)
{
	enum body_kind kind = body_kind(build);
	size_t own = build->service->limits.body_max, max = own ? own : REQUEST_BODY_MAX;
	int r = 0;
	allow(build, max);
	build->body = build->text.n;
	if (kind == BODY_FORM)
		r = add_form(build) < 0 ? -1 : add_script_result(build, add_field);
	else if (kind != BODY_NONE)
		r = add_document(build);
	if (r == 0 && kind == BODY_JSON)
		r = extend_json(build);
	if (r == 0)
		r = wrap(build);
	return r < 0 ? r : too_large(build, "the body is", max);
}

/* The whole */

static int choose_method(const struct build *build, struct str *ret)
{
	static const struct str methods[] = {STR("GET"),   STR("POST"),   STR("PUT"),
					     STR("PATCH"), STR("DELETE"), STR("HEAD")};
	const struct overrides *overrides = build->overrides;
	struct str wanted = overrides && overrides->method.p ? overrides->method : build->service->method;
	for (size_t i = 0; i < countof(methods); i++) {
		if (str_eq_nocase(wanted, methods[i])) {
			*ret = methods[i];
			return 0;
		}
	}
	error_set(build->reterr, "unknown method '" STR_FMT "'", wanted.n > 32 ? 32 : (int)wanted.n,
		  wanted.p);
	error_hint(build->reterr, "one of GET POST PUT PATCH DELETE HEAD");
	return -1;
}

/* How secrets are written in the body: inside of a CloudEvent text is a JSON string. */
static enum body_kind secrets_kind(const struct build *build)
{
	enum body_kind kind = body_kind(build);
	bool wrapped = build->service->cloudevents == CLOUDEVENTS_STRUCTURED;
	return wrapped && (kind == BODY_TEXT || kind == BODY_RAW) ? BODY_JSON : kind;
}

static int finish(struct build *build, struct str method, struct request **ret)
{
	struct header *headers = mem_alloc(build->n_slots * sizeof *headers);
	const char *p = buf_view(&build->text).p;
	for (size_t i = 0; i < build->n_slots; i++) {
		const struct slot *slot = &build->slots[i];
		headers[i] = (struct header){{p + slot->name, slot->value - slot->name},
					     {p + slot->value, slot->end - slot->value}};
	}
	struct request request = {
		.method = method,
		.url = {p, build->url_end},
		.headers = headers,
		.n_headers = build->n_slots,
		.body = {p + build->body, build->text.n - build->body},
	};
	struct secret_mark mark;
	int r = 0;
	if (secret_mark_find(buf_view(&build->text), 0, &mark))
		r = request_mask(&request, secrets_kind(build), ret, build->reterr);
	else
		*ret = request_copy(&request);
	free(headers);
	return r;
}

int request_build(const struct service *service, const struct event *event, const struct overrides *overrides,
		  struct runlog *log, struct request **ret, struct error *reterr)
{
	struct build build = {
		.service = service,
		.event = event,
		.overrides = overrides,
		.log = log,
		.reterr = reterr,
		.slots_capacity = SLOTS_USUAL,
	};
	struct str method;
	build.slots = build.usual;
	buf_init(&build.text, TEXT_USUAL);
	buf_reserve(&build.text, TEXT_USUAL);
	int r = choose_method(&build, &method);
	if (r == 0)
		r = add_url(&build);
	if (r == 0)
		r = add_headers(&build);
	if (r == 0)
		r = add_body(&build);
	if (r == 0)
		r = finish(&build, method, ret);
	if (build.slots != build.usual)
		free(build.slots);
	buf_finish(&build.text);
	return r;
}
