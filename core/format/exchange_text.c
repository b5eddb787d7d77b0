#include "format/exchange_text.h"

#include "format/encode.h"
#include "format/json.h"

#include <glib.h>
#include <stdio.h>

void request_to_text(struct buf *out, const struct request *request)
{
	buf_str(out, request->method);
	buf_char(out, ' ');
	buf_str(out, request->url);
	buf_char(out, '\n');
	for (size_t i = 0; i < request->n_headers; i++) {
		buf_str(out, request->headers[i].name);
		buf_add(out, ": ", 2);
		buf_str(out, request->headers[i].value);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
	buf_str(out, request->body);
}

/* Takes what stands before `end` off the text; false when there is none. */
static bool cut(struct str *text, const char *end, struct str *ret)
{
	size_t n = strlen(end);
	const char *at = memmem(text->p, text->n, end, n);
	if (!at)
		return false;
	*ret = (struct str){text->p, (size_t)(at - text->p)};
	text->n -= ret->n + n;
	text->p = at + n;
	return true;
}

struct request *request_from_text(struct str text)
{
	struct request request = {0};
	struct header headers[256];
	struct str line;
	if (!cut(&text, " ", &request.method) || !cut(&text, "\n", &request.url))
		return NULL;
	for (;;) {
		if (!cut(&text, "\n", &line))
			return NULL;
		if (line.n == 0)
			break;
		if (request.n_headers == countof(headers) ||
		    !cut(&line, ": ", &headers[request.n_headers].name))
			return NULL;
		headers[request.n_headers++].value = line;
	}
	request.headers = headers;
	request.body = text;
	return request_copy(&request);
}

static void add_key(struct buf *out, const char *key)
{
	buf_printf(out, ",\"%s\":", key);
}

static void add_body(struct buf *out, struct str body, size_t max, bool cut_off)
{
	cut_off = cut_off || body.n > max;
	if (body.n > max)
		body.n = max;
	while (cut_off && body.n && !utf8_valid(body) && body.n + 4 > max)
		body.n--; /* a cut in the middle of a character */
	if (utf8_valid(body)) {
		add_key(out, "body");
		json_write_string(out, body);
	} else {
		gchar *text = g_base64_encode((const guchar *)body.p, body.n);
		add_key(out, "body_base64");
		json_write_string(out, str_of(text));
		g_free(text);
	}
	add_key(out, "cut");
	buf_str(out, cut_off ? STR("true") : STR("false"));
}

void attempt_to_json(struct buf *out, int64_t at_ms, const struct answer *answer, size_t body_max)
{
	buf_printf(out, "{\"at_ms\":%lld,\"took_ms\":%lld,\"status\":%d", (long long)at_ms,
		   (long long)(answer->took_us / 1000), answer->status);
	add_key(out, "error");
	if (answer->failure == FAILURE_NONE)
		buf_str(out, STR("null"));
	else
		json_write_string(out, str_of(failure_name(answer->failure)));
	add_key(out, "detail");
	json_write_string(out, str_of(answer->detail));
	add_key(out, "headers");
	buf_char(out, '[');
	for (size_t i = 0; i < answer->n_headers; i++) {
		buf_str(out, i ? STR(",[") : STR("["));
		json_write_string(out, answer->headers[i].name);
		buf_char(out, ',');
		json_write_string(out, answer->headers[i].value);
		buf_char(out, ']');
	}
	buf_char(out, ']');
	add_body(out, answer->body, body_max, answer->cut);
	buf_char(out, '}');
}

static int64_t number_of(const struct value *object, struct str key)
{
	const struct value *value = value_get(object, key);
	return value && value->kind == VALUE_NUMBER ? strtoll(value->text.p, NULL, 10) : 0;
}

static enum failure failure_of(const struct value *name)
{
	if (!name || name->kind != VALUE_STRING)
		return FAILURE_NONE;
	for (enum failure f = FAILURE_NONE; f <= FAILURE_STOPPED; f++)
		if (str_eq(name->text, str_of(failure_name(f))))
			return f;
	return FAILURE_PROTOCOL;
}

static struct str text_of(const struct value *value)
{
	return value && value->kind == VALUE_STRING ? value->text : STR("");
}

struct answer *attempt_from_json(const struct value *attempt, int64_t *ret_at_ms)
{
	struct answer answer = {0};
	struct header headers[256];
	const struct value *list = value_get(attempt, STR("headers"));
	if (attempt->kind != VALUE_OBJECT || !list || list->kind != VALUE_ARRAY || list->n > countof(headers))
		return NULL;
	answer.failure = failure_of(value_get(attempt, STR("error")));
	answer.status = (int)number_of(attempt, STR("status"));
	answer.took_us = number_of(attempt, STR("took_ms")) * 1000;
	snprintf(answer.detail, sizeof answer.detail, STR_FMT,
		 STR_ARG(text_of(value_get(attempt, STR("detail")))));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct value *pair = &list->items[i];
		if (pair->kind != VALUE_ARRAY || pair->n != 2)
			return NULL;
		headers[answer.n_headers++] =
			(struct header){text_of(&pair->items[0]), text_of(&pair->items[1])};
	}
	answer.headers = headers;
	const struct value *cut_off = value_get(attempt, STR("cut"));
	answer.cut = cut_off && cut_off->kind == VALUE_TRUE;
	*ret_at_ms = number_of(attempt, STR("at_ms"));
	const struct value *packed = value_get(attempt, STR("body_base64"));
	if (!packed) {
		answer.body = text_of(value_get(attempt, STR("body")));
		return answer_copy(&answer);
	}
	gsize n;
	char *text = mem_strndup(text_of(packed).p, text_of(packed).n);
	guchar *bytes = g_base64_decode(text, &n);
	answer.body = (struct str){(const char *)bytes, n};
	struct answer *copy = answer_copy(&answer);
	g_free(bytes);
	free(text);
	return copy;
}
