#include "format/exchange_text.h"

#include "format/encode.h"
#include "format/json.h"

#include <glib.h>
#include <stdio.h>

/* No name of a header begins with a colon. */
#define SLOT_LINE STR(":secret")

static const char *const escape_names[] = {
	[ESCAPE_NONE] = "text",      [ESCAPE_JSON_STRING] = "json",
	[ESCAPE_JSON_VALUE] = "",    [ESCAPE_FORM] = "form",
	[ESCAPE_URL_PATH] = "path",  [ESCAPE_URL_QUERY] = "query",
	[ESCAPE_URL_AUTHORITY] = "", [ESCAPE_URL_WHOLE] = "",
	[ESCAPE_XML_TEXT] = "xml",   [ESCAPE_XML_ATTRIBUTE] = "attribute",
	[ESCAPE_XML_CDATA] = "",     [ESCAPE_HEADER] = "header",
};

static void slot_to_text(struct buf *out, const struct secret_slot *slot)
{
	static const char *const parts[] = {
		[SLOT_URL] = "url", [SLOT_HEADER] = "header", [SLOT_BODY] = "body"};
	buf_str(out, SLOT_LINE);
	buf_printf(out, ": %s %u %u %s ", parts[slot->part], slot->header, slot->at,
		   escape_names[slot->escape]);
	buf_str(out, slot->name);
	buf_char(out, '\n');
}

static bool slot_from_text(struct str text, struct secret_slot *ret)
{
	char part[8], escape[16], name[200], line[256];
	struct secret_slot slot = {0};
	if (text.n >= sizeof line)
		return false;
	snprintf(line, sizeof line, STR_FMT, STR_ARG(text));
	if (sscanf(line, "%7s %u %u %15s %199s", part, &slot.header, &slot.at, escape, name) != 5)
		return false;
	slot.part = part[0] == 'u' ? SLOT_URL : part[0] == 'h' ? SLOT_HEADER : SLOT_BODY;
	slot.name = (struct str){text.p + text.n - strlen(name), strlen(name)};
	for (size_t i = 0; i < countof(escape_names); i++) {
		if (strcmp(escape, escape_names[i]) == 0) {
			slot.escape = (enum escape)i;
			*ret = slot;
			return true;
		}
	}
	return false;
}

/* Do three stars stand where each slot says? */
static bool slots_fit(const struct request *request)
{
	for (size_t i = 0; i < request->n_slots; i++) {
		const struct secret_slot *slot = &request->slots[i];
		if (slot->part == SLOT_HEADER && slot->header >= request->n_headers)
			return false;
		struct str text = slot->part == SLOT_URL      ? request->url
				  : slot->part == SLOT_HEADER ? request->headers[slot->header].value
							      : request->body;
		if (slot->at > text.n ||
		    !str_starts((struct str){text.p + slot->at, text.n - slot->at}, SLOT_MASK))
			return false;
	}
	return true;
}

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
	for (size_t i = 0; i < request->n_slots; i++)
		slot_to_text(out, &request->slots[i]);
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
	struct secret_slot slots[SECRET_SLOTS_MAX];
	struct str line, name;
	if (!cut(&text, " ", &request.method) || !cut(&text, "\n", &request.url))
		return NULL;
	for (;;) {
		if (!cut(&text, "\n", &line))
			return NULL;
		if (line.n == 0)
			break;
		if (request.n_headers == countof(headers) || !cut(&line, ": ", &name))
			return NULL;
		if (!str_eq(name, SLOT_LINE))
			headers[request.n_headers++] = (struct header){name, line};
		else if (request.n_slots == countof(slots) ||
			 !slot_from_text(line, &slots[request.n_slots++]))
			return NULL;
	}
	request.headers = headers;
	request.slots = slots;
	request.body = text;
	return slots_fit(&request) ? request_copy(&request) : NULL;
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
	if (answer->sent_twice)
		buf_str(out, STR(",\"sent_twice\":true"));
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
	for (enum failure f = FAILURE_NONE; f <= FAILURE_FAULT; f++)
		if (str_eq(name->text, str_of(failure_name(f))))
			return f;
	return FAILURE_PROTOCOL;
}

static bool is_true(const struct value *object, struct str key)
{
	const struct value *value = value_get(object, key);
	return value && value->kind == VALUE_TRUE;
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
	answer.cut = is_true(attempt, STR("cut"));
	answer.sent_twice = is_true(attempt, STR("sent_twice"));
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
