#include "app/sink_print.h"

#include "app/problems_print.h"
#include "format/encode.h"
#include "format/json.h"

#include <ctype.h>

enum {
	SHOWN_MAX = 8192, /* bytes of a body, for people */
	ANSWER_SHOWN_MAX = 200,
	JSON_LINE_MAX = 512 * 1024 * 1024,
	TREE_MAX = 64 * 1024 * 1024,
	TARGET_MAX = 1024 * 1024,
};

/* --- the target --- */

struct target {
	struct buf path, query;
};

static void add_parameter(void *context, struct str name, struct str value)
{
	struct buf *query = context;
	if (query->n)
		buf_char(query, '&');
	encode_percent(query, name);
	buf_char(query, '=');
	encode_percent(query, value);
}

/* The server has decoded it; it is written again in the one form that leaves no doubt about its parts. */
static void target_init(struct target *target, struct http_request *request)
{
	buf_init(&target->path, TARGET_MAX);
	buf_init(&target->query, TARGET_MAX);
	struct str path = http_request_path(request);
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '/')
			buf_char(&target->path, '/');
		else
			encode_percent(&target->path, (struct str){path.p + i, 1});
	}
	http_request_each_query(request, add_parameter, &target->query);
}

static void target_finish(struct target *target)
{
	buf_finish(&target->path);
	buf_finish(&target->query);
}

/* --- for people --- */

struct page {
	FILE *out;
	const char *indent;
};

static bool is_dull(struct str name)
{
	static const char *const dull[] = {"host",       "user-agent",      "accept",    "content-length",
					   "connection", "accept-encoding", "keep-alive"};
	for (size_t i = 0; i < countof(dull); i++)
		if (str_eq_nocase(name, str_of(dull[i])))
			return true;
	return false;
}

static bool is_secret(struct str name)
{
	return str_eq_nocase(name, STR("authorization")) || str_eq_nocase(name, STR("cookie")) ||
	       str_eq_nocase(name, STR("proxy-authorization"));
}

static void print_header(void *context, struct str name, struct str value)
{
	struct page *page = context;
	if (is_dull(name))
		return;
	fprintf(page->out, "%s  ", page->indent);
	print_clean(page->out, name, "");
	fputs(": ", page->out);
	print_clean(page->out, is_secret(name) ? STR("(not shown)") : value, "");
	fputc('\n', page->out);
}

static void add_tree(struct buf *out, const struct value *value, int depth);

static void add_line(struct buf *out, int depth)
{
	buf_printf(out, "\n%*s", 2 * depth, "");
}

static void add_members(struct buf *out, const struct value *object, int depth)
{
	buf_char(out, '{');
	for (uint32_t i = 0; i < object->n; i++) {
		if (i)
			buf_char(out, ',');
		add_line(out, depth + 1);
		json_write_string(out, object->members[i].key);
		buf_str(out, STR(": "));
		add_tree(out, &object->members[i].value, depth + 1);
	}
	add_line(out, depth);
	buf_char(out, '}');
}

static void add_items(struct buf *out, const struct value *array, int depth)
{
	buf_char(out, '[');
	for (uint32_t i = 0; i < array->n; i++) {
		if (i)
			buf_char(out, ',');
		add_line(out, depth + 1);
		add_tree(out, &array->items[i], depth + 1);
	}
	add_line(out, depth);
	buf_char(out, ']');
}

/* The depth is bounded by the parser's limit. */
static void add_tree(struct buf *out, const struct value *value, int depth)
{
	if (value->kind == VALUE_OBJECT && value->n)
		add_members(out, value, depth);
	else if (value->kind == VALUE_ARRAY && value->n)
		add_items(out, value, depth);
	else
		json_write(out, value);
}

static bool add_json(struct buf *out, struct str body)
{
	struct arena arena;
	struct value tree;
	arena_init(&arena, TREE_MAX);
	bool ok = json_parse(body, (struct json_limits){0}, &arena, &tree, NULL) == 0;
	if (ok)
		add_tree(out, &tree, 0);
	arena_finish(&arena);
	return ok;
}

/* One row a line. */
static bool add_form(struct buf *out, struct str body)
{
	while (body.n) {
		const char *end = memchr(body.p, '&', body.n);
		struct str row = {body.p, end ? (size_t)(end - body.p) : body.n};
		const char *equals = memchr(row.p, '=', row.n);
		struct str name = {row.p, equals ? (size_t)(equals - row.p) : row.n};
		struct str value = equals ? (struct str){equals + 1, row.n - name.n - 1} : STR("");
		if (!decode_form(out, name))
			return false;
		buf_str(out, STR(" = "));
		if (!decode_form(out, value))
			return false;
		body.p += row.n + (end != NULL);
		body.n -= row.n + (end != NULL);
		if (body.n)
			buf_char(out, '\n');
	}
	return true;
}

static bool has_type(struct http_request *request, struct str part)
{
	struct str type = http_request_header(request, "content-type");
	for (size_t i = 0; type.p && i + part.n <= type.n; i++)
		if (str_eq_nocase((struct str){type.p + i, part.n}, part))
			return true;
	return false;
}

/* Not within a character. */
static struct str cut(struct str text, size_t max)
{
	if (text.n <= max)
		return text;
	while (max > 0 && ((unsigned char)text.p[max] & 0xC0) == 0x80)
		max--;
	return (struct str){text.p, max};
}

static void print_body(struct page *page, struct http_request *request)
{
	struct str body = http_request_body(request);
	if (!body.n)
		return;
	struct buf shown;
	buf_init(&shown, TREE_MAX);
	bool readable = has_type(request, STR("json"))                    ? add_json(&shown, body)
			: has_type(request, STR("x-www-form-urlencoded")) ? add_form(&shown, body)
									  : false;
	if (!readable || shown.overflow) {
		buf_clear(&shown);
		buf_str(&shown, body);
	}
	char indent[64];
	snprintf(indent, sizeof indent, "%s  ", page->indent);
	struct str text = buf_view(&shown);
	struct str start = cut(text, SHOWN_MAX);
	fputs(indent, page->out);
	print_clean(page->out, start, indent);
	fputc('\n', page->out);
	if (start.n < text.n)
		fprintf(page->out, "%s… (%zu bytes in all)\n", indent, body.n);
	buf_finish(&shown);
}

static void print_outcome(struct page *page, const struct scripted_answer *answer)
{
	fprintf(page->out, "%s  → ", page->indent);
	if (!answer)
		fputs("200", page->out);
	else if (answer->error == ANSWER_RESET)
		fputs("connection closed", page->out);
	else if (answer->error == ANSWER_TIMEOUT)
		fputs("no answer", page->out);
	else
		fprintf(page->out, "%d", answer->status);
	if (answer && answer->error == ANSWER_GIVEN && answer->body.n) {
		fputc(' ', page->out);
		print_clean(page->out, cut(answer->body, ANSWER_SHOWN_MAX), page->indent);
	}
	if (answer && answer->delay_ms > 0)
		fprintf(page->out, " after %lld ms", (long long)answer->delay_ms);
	fputc('\n', page->out);
}

static void print_target(FILE *out, struct http_request *request)
{
	struct target target;
	target_init(&target, request);
	print_clean(out, buf_view(&target.path), "");
	if (target.query.n) {
		fputc('?', out);
		print_clean(out, buf_view(&target.query), "");
	}
	target_finish(&target);
}

void sink_print(FILE *out, const char *indent, struct http_request *request,
		const struct scripted_answer *answer)
{
	struct page page = {out, indent};
	fputs(indent, out);
	print_clean(out, http_request_method(request), "");
	fputc(' ', out);
	print_target(out, request);
	fputc('\n', out);
	http_request_each_header(request, print_header, &page);
	print_body(&page, request);
	print_outcome(&page, answer);
}

/* --- for programs --- */

struct header_list {
	struct header *headers;
	size_t n, capacity;
};

static void collect_header(void *context, struct str name, struct str value)
{
	struct header_list *list = context;
	if (list->n == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 16;
		list->headers = mem_realloc(list->headers, list->capacity * sizeof *list->headers);
	}
	list->headers[list->n++] = (struct header){name, value};
}

/* True for the second and later headers of a name: they were written with the first. */
static bool written_before(const struct header_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_eq_nocase(list->headers[i].name, list->headers[at].name))
			return true;
	return false;
}

static void add_header(struct buf *out, const struct header_list *list, size_t at)
{
	struct buf text;
	struct str name = list->headers[at].name;
	buf_init(&text, JSON_LINE_MAX);
	for (size_t i = 0; i < name.n; i++)
		buf_char(&text, (char)tolower((unsigned char)name.p[i]));
	json_write_string(out, buf_view(&text));
	buf_char(out, ':');
	buf_clear(&text);
	for (size_t i = at; i < list->n; i++) {
		if (!str_eq_nocase(list->headers[i].name, name))
			continue;
		if (i > at)
			buf_str(&text, STR(", "));
		buf_str(&text, list->headers[i].value);
	}
	json_write_string(out, buf_view(&text));
	buf_finish(&text);
}

static void add_headers(struct buf *out, struct http_request *request)
{
	struct header_list list = {0};
	bool first = true;
	http_request_each_header(request, collect_header, &list);
	buf_char(out, '{');
	for (size_t i = 0; i < list.n; i++) {
		if (written_before(&list, i))
			continue;
		if (!first)
			buf_char(out, ',');
		add_header(out, &list, i);
		first = false;
	}
	buf_char(out, '}');
	free(list.headers);
}

void sink_print_json(FILE *out, int64_t at_ms, struct http_request *request)
{
	struct buf line;
	struct target target;
	target_init(&target, request);
	buf_init(&line, JSON_LINE_MAX);
	buf_printf(&line, "{\"at_ms\":%lld,\"method\":", (long long)at_ms);
	json_write_string(&line, http_request_method(request));
	buf_str(&line, STR(",\"path\":"));
	json_write_string(&line, buf_view(&target.path));
	buf_str(&line, STR(",\"query\":"));
	json_write_string(&line, buf_view(&target.query));
	buf_str(&line, STR(",\"headers\":"));
	add_headers(&line, request);
	buf_str(&line, STR(",\"body\":"));
	json_write_string(&line, http_request_body(request));
	buf_str(&line, STR("}\n"));
	fwrite(line.p, 1, line.n, out);
	buf_finish(&line);
	target_finish(&target);
}
