#include "source/ingest_private.h"

#include "format/encode.h"

/* Texts of all attributes together; libmicrohttpd's buffer of a request's head is no larger. */
enum { ATTRIBUTES_MAX = 32 * 1024 };

static bool is_attribute(struct str name, struct str attribute)
{
	return name.n == 3 + attribute.n && str_eq_nocase((struct str){name.p, 3}, STR("ce-")) &&
	       str_eq_nocase((struct str){name.p + 3, name.n - 3}, attribute);
}

static const struct str required[] = {{"specversion", 11}, {"id", 2}, {"type", 4}, {"source", 6}};

bool ingest_is_binary(const struct ingest_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++)
		for (size_t k = 0; k < countof(required); k++)
			if (is_attribute(request->headers[i].name, required[k]))
				return true;
	return false;
}

/* CloudEvents HTTP binding, section 3.1.3.2: first a quoted string is unquoted, then percent-encoding is
 * undone. */
static void unquote(struct buf *out, struct str s)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"') {
		buf_str(out, s);
		return;
	}
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		buf_char(out, s.p[i]);
	}
}

static bool decode_percent(struct buf *out, struct str s)
{
	struct buf plus; /* for decode_form, which takes a '+' for a space */
	buf_init(&plus, 3 * s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '+')
			buf_str(&plus, STR("%2B"));
		else
			buf_char(&plus, s.p[i]);
	}
	bool good = decode_form(out, buf_view(&plus));
	buf_finish(&plus);
	return good;
}

/* `texts` has room reserved, so that what it holds does not move. */
static int decode_value(struct buf *texts, struct str name, struct str value, struct str *ret,
			struct error *reterr)
{
	struct buf plain;
	size_t start = texts->n;
	buf_init(&plain, value.n);
	unquote(&plain, value);
	bool good = decode_percent(texts, buf_view(&plain));
	buf_finish(&plain);
	if (!good)
		return error_set(reterr, "the header ce-" STR_FMT " has a '%%' without two hex digits",
				 STR_ARG(name));
	*ret = (struct str){texts->p + start, texts->n - start};
	if (!utf8_valid(*ret))
		return error_set(reterr, "the header ce-" STR_FMT " is not valid UTF-8", STR_ARG(name));
	return 0;
}

static int find_value(const struct ingest_request *request, struct str name, struct str *ret,
		      struct error *reterr)
{
	*ret = (struct str){0};
	for (size_t i = 0; i < request->n_headers; i++) {
		if (!is_attribute(request->headers[i].name, name))
			continue;
		if (ret->p)
			return error_set(reterr, "the header ce-" STR_FMT " is given twice", STR_ARG(name));
		*ret = request->headers[i].value;
	}
	return 0;
}

static int read_attributes(const struct ingest_request *request, struct buf *texts,
			   struct event_attributes *ret, struct error *reterr)
{
	struct str version = {0}, value;
	struct {
		struct str name, *to;
	} attributes[] = {{STR("specversion"), &version},  {STR("id"), &ret->id},
			  {STR("type"), &ret->type},       {STR("source"), &ret->source},
			  {STR("subject"), &ret->subject}, {STR("time"), &ret->time}};
	for (size_t i = 0; i < countof(attributes); i++) {
		struct str name = attributes[i].name;
		if (find_value(request, name, &value, reterr) < 0)
			return -1;
		if (!value.p && i < countof(required))
			return error_set(reterr, "an event in binary mode needs the header ce-" STR_FMT,
					 STR_ARG(name));
		if (value.p && decode_value(texts, name, value, attributes[i].to, reterr) < 0)
			return -1;
	}
	if (!str_eq(version, STR("1.0")))
		return error_set(reterr, "the header ce-specversion must be 1.0");
	return 0;
}

int ingest_binary(const struct ingest_request *request, struct str media_type,
		  const struct event_limits *limits, int64_t now_ms, struct event_list *list, int *ret_status,
		  struct error *reterr)
{
	struct event_attributes attributes = {0};
	struct event *event;
	struct buf texts;
	if (request->body.n && !str_eq_nocase(media_type, STR("application/json"))) {
		*ret_status = 415;
		return error_set(reterr, "the data of an event in binary mode must be application/json");
	}
	buf_init(&texts, ATTRIBUTES_MAX);
	ensure(buf_reserve(&texts, ATTRIBUTES_MAX));
	int result = read_attributes(request, &texts, &attributes, reterr);
	if (result == 0 && texts.overflow)
		result = error_set(reterr, "the ce- headers are too long");
	if (result == 0)
		result = event_from_parts(&attributes, request->body, limits, now_ms, &event, reterr);
	if (result == 0)
		event_list_add(list, event);
	buf_finish(&texts);
	return result;
}
