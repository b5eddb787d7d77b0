#include "source/ingest_private.h"

/* --- Content types ---------------------------------------------------------------------------------------
 */

static struct str skip_space(struct str s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t'))
		s.p++, s.n--;
	return s;
}

/* What stands before the first of the stops, trimmed; `rest` goes on with the stop itself. */
static struct str take_until(struct str *rest, const char *stops)
{
	size_t n = 0;
	while (n < rest->n && !strchr(stops, rest->p[n]))
		n++;
	struct str taken = str_trim((struct str){rest->p, n});
	rest->p += n;
	rest->n -= n;
	return taken;
}

static int take_quoted(struct str *rest, struct str *ret, struct error *reterr)
{
	const char *end = memchr(rest->p + 1, '"', rest->n - 1);
	if (!end)
		return error_set(reterr, "the content type has a quote that does not end");
	*ret = (struct str){rest->p + 1, (size_t)(end - rest->p - 1)};
	rest->n -= (size_t)(end + 1 - rest->p);
	rest->p = end + 1;
	return 0;
}

static int check_parameter(struct str *rest, struct error *reterr)
{
	struct str name = take_until(rest, "=;"), value = {"", 0};
	if (rest->n && *rest->p == '=') {
		rest->p++, rest->n--;
		*rest = skip_space(*rest);
		if (rest->n && *rest->p == '"') {
			if (take_quoted(rest, &value, reterr) < 0)
				return -1;
			take_until(rest, ";");
		} else {
			value = take_until(rest, ";");
		}
	}
	if (str_eq_nocase(name, STR("charset")) && !str_eq_nocase(value, STR("utf-8")) &&
	    !str_eq_nocase(value, STR("utf8")))
		return error_set(reterr, "the charset '%.*s' is not taken: events are UTF-8",
				 (int)(value.n < 40 ? value.n : 40), value.p);
	return 0;
}

int media_type_parse(struct str text, struct str *ret, struct error *reterr)
{
	struct str rest = text;
	struct str name = take_until(&rest, ";");
	while (rest.n) {
		rest.p++, rest.n--;
		if (check_parameter(&rest, reterr) < 0)
			return -1;
	}
	*ret = name;
	return 0;
}

/* --- Forms -----------------------------------------------------------------------------------------------
 */

static char first_character(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			return text.p[i];
	return 0;
}

static int parse_structured(struct str media_type, struct str body, const struct event_limits *limits,
			    int64_t now_ms, struct event_list *list, struct error *reterr)
{
	bool is_array = first_character(body) == '[';
	if (is_array && str_eq_nocase(media_type, STR("application/cloudevents+json")))
		return error_set(reterr, "application/cloudevents+json is one event; an array of them is "
					 "application/cloudevents-batch+json");
	if (!is_array && body.n && str_eq_nocase(media_type, STR("application/cloudevents-batch+json")))
		return error_set(reterr,
				 "application/cloudevents-batch+json is an array of events; a single one is "
				 "application/cloudevents+json");
	return events_parse_json(body, limits, now_ms, list, reterr);
}

static bool is_structured(struct str media_type)
{
	return str_eq_nocase(media_type, STR("application/json")) ||
	       str_eq_nocase(media_type, STR("application/cloudevents+json")) ||
	       str_eq_nocase(media_type, STR("application/cloudevents-batch+json"));
}

static int refuse_type(struct str media_type, struct error *reterr)
{
	const char *takes =
		"application/cloudevents+json, application/cloudevents-batch+json, application/json, "
		"application/x-ndjson, or application/json with ce- headers";
	if (!media_type.n)
		return error_set(reterr, "the request has no Content-Type; this path takes %s", takes);
	return error_set(reterr, "the content type '%.*s' is not taken here; this path takes %s",
			 (int)(media_type.n < 80 ? media_type.n : 80), media_type.p, takes);
}

static int parse_long(const struct ingest_request *request, struct str media_type,
		      const struct event_limits *limits, int64_t now_ms, struct event_list *list,
		      int *ret_status, struct error *reterr)
{
	bool cloudevents = str_starts(media_type, STR("application/cloudevents"));
	if (!cloudevents && ingest_is_binary(request))
		return ingest_binary(request, media_type, limits, now_ms, list, ret_status, reterr);
	if (is_structured(media_type))
		return parse_structured(media_type, request->body, limits, now_ms, list, reterr);
	if (str_eq_nocase(media_type, STR("application/x-ndjson")))
		return events_parse_ndjson(request->body, limits, now_ms, list, reterr);
	*ret_status = 415;
	return refuse_type(media_type, reterr);
}

int ingest_translate(const struct ingest_request *request, const struct event_limits *limits, int64_t now_ms,
		     struct event_list *list, int *ret_status, struct error *reterr)
{
	struct str media_type = {"", 0};
	int status = 415;
	int result = 0;
	if (request->content_type.p && !request->is_get)
		result = media_type_parse(request->content_type, &media_type, reterr);
	if (result == 0) {
		status = 400;
		result = request->type.p
				 ? ingest_short(request, media_type, limits, now_ms, list, &status, reterr)
				 : parse_long(request, media_type, limits, now_ms, list, &status, reterr);
	}
	if (result < 0)
		*ret_status = status;
	return result;
}
