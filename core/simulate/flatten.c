#include "simulate/flatten.h"

#include "api/mask.h"
#include "api/query.h"
#include "format/encode.h"
#include "format/json.h"
#include "format/xml.h"

#include <stdio.h>

enum { PLACE_MAX = 4096, VALUE_MAX = 4 << 20 };

struct flattening {
	struct arena *arena;
	struct flat *flat;
	struct buf place;
};

static struct str keep(struct flattening *f, struct str s)
{
	struct str copy = arena_copy(f->arena, s.p ? s : STR(""));
	return copy.p ? copy : STR("(too large to compare)");
}

static void add_row(struct flattening *f, struct str value)
{
	struct flat *flat = f->flat;
	if (flat->n == flat->capacity) {
		flat->capacity = flat->capacity ? 2 * flat->capacity : 32;
		flat->rows = mem_realloc(flat->rows, flat->capacity * sizeof *flat->rows);
	}
	flat->rows[flat->n++] = (struct flat_row){keep(f, buf_view(&f->place)), keep(f, value)};
}

static void add(struct flattening *f, const char *place, struct str value)
{
	buf_clear(&f->place);
	buf_str(&f->place, str_of(place));
	add_row(f, value);
}

static void add_number(struct flattening *f, const char *place, long long number)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", number);
	add(f, place, str_of(text));
}

/* --- fields --- */

/* The place of the n-th field of that name: "body.name", then "body.name[1]" … */
static void place_field(struct flattening *f, const char *in, struct str name)
{
	buf_clear(&f->place);
	buf_printf(&f->place, "%s" STR_FMT, in, STR_ARG(name));
	size_t base = f->place.n;
	for (int n = 1;; n++) {
		bool taken = false;
		for (size_t i = 0; i < f->flat->n && !taken; i++)
			taken = str_eq(f->flat->rows[i].place, buf_view(&f->place));
		if (!taken)
			return;
		f->place.n = base;
		buf_printf(&f->place, "[%d]", n);
	}
}

static struct str cut_at(struct str *rest, char c)
{
	const char *end = memchr(rest->p, c, rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct str part = {rest->p, n};
	rest->p += end ? n + 1 : n;
	rest->n -= end ? n + 1 : n;
	return part;
}

static void add_fields(struct flattening *f, const char *in, struct str fields)
{
	struct buf name, value;
	buf_init(&name, PLACE_MAX);
	buf_init(&value, VALUE_MAX);
	while (fields.n) {
		struct str field = cut_at(&fields, '&'), key = cut_at(&field, '=');
		buf_clear(&name);
		buf_clear(&value);
		if (!decode_form(&name, key))
			buf_str(&name, key);
		if (!decode_form(&value, field))
			buf_str(&value, field);
		place_field(f, in, buf_view(&name));
		add_row(f, buf_view(&value));
	}
	buf_finish(&name);
	buf_finish(&value);
}

/* --- JSON --- */

static void add_json(struct flattening *f, const struct value *value)
{
	size_t at = f->place.n;
	struct buf text;
	if (value->n == 0 || (value->kind != VALUE_OBJECT && value->kind != VALUE_ARRAY)) {
		buf_init(&text, VALUE_MAX);
		json_write(&text, value);
		add_row(f, buf_view(&text));
		buf_finish(&text);
		return;
	}
	for (uint32_t i = 0; i < value->n; i++) {
		bool object = value->kind == VALUE_OBJECT;
		if (object)
			buf_printf(&f->place, "." STR_FMT, STR_ARG(value->members[i].key));
		else
			buf_printf(&f->place, "[%u]", i);
		add_json(f, object ? &value->members[i].value : &value->items[i]);
		f->place.n = at;
	}
}

static bool try_json(struct flattening *f, struct str body)
{
	struct value value;
	struct error error;
	if (json_parse(body, (struct json_limits){0}, f->arena, &value, &error))
		return false;
	buf_clear(&f->place);
	buf_str(&f->place, STR("body"));
	add_json(f, &value);
	return true;
}

/* --- XML --- */

static bool is_blank(struct str text)
{
	return str_trim(text).n == 0;
}

/* How many elements of the same name stand before it among its siblings. */
static int rank_of(const struct xml_node *node)
{
	int n = 0;
	const struct xml_node *other = node->parent ? node->parent->first : node;
	for (; other != node; other = other->next)
		n += str_eq(other->name, node->name);
	return n;
}

static void add_attribute(struct flattening *f, const char *name, struct str value)
{
	size_t at = f->place.n;
	buf_printf(&f->place, "/@%s", name);
	add_row(f, value);
	f->place.n = at;
}

/* Canonical: prefixes, the order of attributes and white space between elements make no difference; a
 * namespace is told where it is another than around. */
static void add_xml(struct flattening *f, const struct xml_node *node, struct str outer_ns)
{
	size_t at = f->place.n;
	int rank = rank_of(node);
	buf_printf(&f->place, "/" STR_FMT, STR_ARG(node->name));
	if (rank)
		buf_printf(&f->place, "[%d]", rank);
	if (!str_eq(node->ns, outer_ns))
		add_attribute(f, "xmlns", node->ns);
	for (uint32_t i = 0; i < node->n_attrs; i++) {
		struct buf name;
		buf_init(&name, PLACE_MAX);
		if (node->attrs[i].ns.n)
			buf_printf(&name, "{" STR_FMT "}", STR_ARG(node->attrs[i].ns));
		buf_str(&name, node->attrs[i].name);
		add_attribute(f, buf_z(&name), node->attrs[i].value);
		buf_finish(&name);
	}
	if (!node->first || !is_blank(node->text))
		add_row(f, node->text);
	for (const struct xml_node *child = node->first; child; child = child->next) {
		add_xml(f, child, node->ns);
		if (is_blank(child->tail))
			continue;
		size_t inner = f->place.n;
		buf_printf(&f->place, "/" STR_FMT "[%d]/text behind it", STR_ARG(child->name),
			   rank_of(child));
		add_row(f, child->tail);
		f->place.n = inner;
	}
	f->place.n = at;
}

static bool try_xml(struct flattening *f, struct str body)
{
	struct xml_node *root;
	struct error error;
	if (xml_parse(body, &(struct xml_limits){0}, f->arena, &root, &error))
		return false;
	buf_clear(&f->place);
	buf_str(&f->place, STR("body"));
	add_xml(f, root, STR(""));
	return true;
}

/* --- the request --- */

static struct str content_type(const struct result_delivery *item)
{
	for (size_t i = 0; i < item->n_headers; i++)
		if (str_eq_nocase(item->headers[i].name, STR("content-type")))
			return item->headers[i].value;
	return STR("");
}

static bool holds(struct str text, const char *word)
{
	return text.p && text.n && memmem(text.p, text.n, word, strlen(word));
}

static void add_body(struct flattening *f, const struct result_delivery *item)
{
	struct str type = content_type(item);
	if (holds(type, "json") && try_json(f, item->body))
		return;
	if (holds(type, "xml") && try_xml(f, item->body))
		return;
	if (holds(type, "x-www-form-urlencoded"))
		add_fields(f, "body.", item->body);
	else
		add(f, "body", item->body);
}

static void add_url(struct flattening *f, const struct result_delivery *item)
{
	struct buf masked;
	buf_init(&masked, VALUE_MAX);
	mask_url(&masked, item->url);
	struct str rest = buf_view(&masked);
	add(f, "url", cut_at(&rest, '?'));
	add_fields(f, "url?", rest);
	buf_finish(&masked);
}

/* The key of a delivery follows from what it is; a signature from the bytes that it signs. */
static bool follows_from_others(struct str header)
{
	return str_starts(header, STR("webhook-"));
}

static int by_place(const void *a, const void *b)
{
	const struct flat_row *x = a, *y = b;
	return str_cmp(x->place, y->place);
}

void flatten(const struct result *result, const struct result_delivery *item, struct arena *arena,
	     struct flat *ret)
{
	struct flattening f = {.arena = arena, .flat = ret};
	*ret = (struct flat){0};
	buf_init(&f.place, PLACE_MAX);
	add(&f, "verb", item->verb);
	add(&f, "method", item->method);
	add_url(&f, item);
	for (size_t i = 0; i < item->n_headers; i++) {
		const struct header *header = &item->headers[i];
		if (follows_from_others(header->name))
			continue;
		place_field(&f, "headers.", header->name);
		add_row(&f, header_is_secret(header->name) ? STR("***") : header->value);
	}
	add_body(&f, item);
	add(&f, "state", str_of(delivery_state_name(item->state)));
	add_number(&f, "attempts", (long long)item->n_attempts);
	add_number(&f, "at_ms", item->at_ms - result->event->time_ms);
	buf_finish(&f.place);
	qsort(ret->rows, ret->n, sizeof *ret->rows, by_place);
}

void flat_finish(struct flat *flat)
{
	free(flat->rows);
	*flat = (struct flat){0};
}
