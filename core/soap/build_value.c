/* One value into one element: its type, its attributes, its text or its children. */
#include "soap/build_private.h"

#include "format/encode.h"
#include "format/xml.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { SHOWN_TYPES_MAX = 6 };

static void write_path(const struct build *b, struct buf *out)
{
	for (size_t i = 0; i < b->depth; i++) {
		buf_printf(out, "%s" STR_FMT, i ? "/" : "", STR_ARG(b->path[i].name));
		if (b->path[i].index)
			buf_printf(out, "[%u]", b->path[i].index);
	}
}

int build_fail(struct build *b, const char *format, ...)
{
	char what[400];
	struct buf path;
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	buf_init(&path, 300);
	write_path(b, &path);
	error_set(b->error, "%s: %s", buf_z(&path), what);
	if (b->failed) {
		memcpy(b->failed->steps, b->path, b->depth * sizeof *b->path);
		b->failed->n = b->depth;
	}
	buf_finish(&path);
	return -1;
}

/* Known by its address, which no text of anybody else has. */
static const char unknown_text[1] = "";

struct value soap_unknown_value(void)
{
	return (struct value){.kind = VALUE_STRING, .text = {unknown_text, 0}};
}

bool build_is_unknown(const struct value *value)
{
	return value->kind == VALUE_STRING && value->text.p == unknown_text;
}

bool build_push(struct build *b, struct str name, uint32_t index)
{
	if (b->depth == BUILD_DEPTH_MAX) {
		build_fail(b, "more than %d elements inside of each other", BUILD_DEPTH_MAX);
		return false;
	}
	b->path[b->depth++] = (struct soap_path_step){name, index};
	return true;
}

void build_pop(struct build *b)
{
	b->depth--;
}

/* Prefixes are declared on the Envelope, which is written when all of them are known. */
void build_prefix(struct build *b, struct str ns)
{
	if (!ns.n)
		return;
	if (str_eq(ns, STR(XML_NS_XML))) {
		buf_str(b->out, STR("xml:"));
		return;
	}
	size_t i = 0;
	while (i < b->n_namespaces && !str_eq(b->namespaces[i], ns))
		i++;
	if (i == b->n_namespaces && i < BUILD_NAMESPACES_MAX)
		b->namespaces[b->n_namespaces++] = ns;
	if (str_eq(ns, STR(NS_XSI)))
		buf_str(b->out, STR("xsi:"));
	else if (str_eq(ns, STR(NS_XSD)))
		buf_str(b->out, STR("xsd:"));
	else {
		char prefix[8] = "n";
		int n = 1;
		if (i + 1 >= 100)
			prefix[n++] = (char)('0' + (i + 1) / 100 % 10);
		if (i + 1 >= 10)
			prefix[n++] = (char)('0' + (i + 1) / 10 % 10);
		prefix[n++] = (char)('0' + (i + 1) % 10);
		prefix[n++] = ':';
		buf_add(b->out, prefix, (size_t)n);
	}
}

void build_name(struct build *b, struct str ns, struct str name)
{
	build_prefix(b, ns);
	buf_str(b->out, name);
}

void build_xsi_type(struct build *b, const struct schema_type *type)
{
	buf_char(b->out, ' ');
	build_name(b, STR(NS_XSI), STR("type"));
	buf_str(b->out, STR("=\""));
	build_name(b, type->ns, type->name);
	buf_char(b->out, '"');
}

struct str value_kind_name(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		return STR("null");
	case VALUE_FALSE:
	case VALUE_TRUE:
		return STR("a boolean");
	case VALUE_NUMBER:
		return STR("a number");
	case VALUE_STRING:
		return STR("a text");
	case VALUE_ARRAY:
		return STR("a list");
	case VALUE_OBJECT:
		return STR("a table");
	}
	return STR("a value");
}

/* 12.0 is a whole number in JSON and Lua, but no xs:int; 1e3 is no xs:decimal. */
static struct str number_text(struct build *b, const struct schema_type *type, struct str text)
{
	bool plain = !memchr(text.p, 'e', text.n) && !memchr(text.p, 'E', text.n);
	if (type->builtin < BUILTIN_DECIMAL ||
	    (plain && (type->builtin == BUILTIN_DECIMAL || !memchr(text.p, '.', text.n))))
		return text;
	char z[400];
	snprintf(z, sizeof z, STR_FMT, STR_ARG(text));
	double number = strtod(z, NULL);
	if (!isfinite(number))
		return text;
	if (type->builtin >= BUILTIN_INTEGER &&
	    (number != floor(number) || fabs(number) > 9007199254740992.0))
		return text;
	int n = snprintf(z, sizeof z, type->builtin >= BUILTIN_INTEGER ? "%.0f" : "%.17g", number);
	if (memchr(z, 'e', (size_t)n))
		n = snprintf(z, sizeof z, "%.20f", number);
	struct str copy = arena_copy(&b->scratch, (struct str){z, (size_t)n});
	return copy.p ? copy : text;
}

/* A list of values is one text with spaces between. */
static int list_text(struct build *b, const struct value *value, struct str *ret)
{
	size_t n = 0;
	struct str item;
	for (uint32_t i = 0; i < value->n; i++) {
		if (!value_text(&value->items[i], &item))
			return build_fail(b, "a list of simple values cannot hold " STR_FMT,
					  STR_ARG(value_kind_name(&value->items[i])));
		n += item.n + 1;
	}
	char *text = arena_alloc(&b->scratch, n + 1);
	if (!text)
		return build_fail(b, "too much to send");
	n = 0;
	for (uint32_t i = 0; i < value->n; i++) {
		value_text(&value->items[i], &item);
		if (n)
			text[n++] = ' ';
		memcpy(text + n, item.p, item.n);
		n += item.n;
	}
	*ret = (struct str){text, n};
	return 0;
}

/* "{namespace}local" goes out with a prefix. */
static int qname_text(struct build *b, struct str text, struct str *ret)
{
	const char *end = text.n && text.p[0] == '{' ? memchr(text.p, '}', text.n) : NULL;
	struct buf *out = b->out, prefixed;
	if (!end)
		return 0;
	buf_init(&prefixed, 4096);
	b->out = &prefixed;
	struct str ns = arena_copy(&b->scratch, (struct str){text.p + 1, (size_t)(end - text.p) - 1});
	build_name(b, ns, (struct str){end + 1, text.n - (size_t)(end + 1 - text.p)});
	b->out = out;
	*ret = arena_copy(&b->scratch, buf_view(&prefixed));
	buf_finish(&prefixed);
	return ret->p ? 0 : build_fail(b, "too much to send");
}

int build_text(struct build *b, const struct schema_type *type, const struct value *value, struct str *ret)
{
	struct str text;
	struct error error;
	if (value->kind == VALUE_ARRAY && type->variety == VARIETY_LIST) {
		if (list_text(b, value, &text))
			return -1;
	} else if (!value_text(value, &text))
		return build_fail(b, "expected " STR_FMT ", got " STR_FMT, STR_ARG(schema_type_name(type)),
				  STR_ARG(value_kind_name(value)));
	if (value->kind == VALUE_NUMBER)
		text = number_text(b, type, text);
	if (!type->complex) {
		if (simple_check(type, text, &b->scratch, &text, &error))
			return build_fail(b, "%s", error.what);
		if (type->builtin == BUILTIN_QNAME && qname_text(b, text, &text))
			return -1;
	}
	*ret = text;
	return 0;
}

struct str build_empty_text(const struct schema_type *type)
{
	for (const struct schema_type *at = type; at; at = at->base)
		if (at->facets && at->facets->n_enumeration)
			return at->facets->enumeration[0];
	if (type->builtin >= BUILTIN_DECIMAL || type->builtin == BUILTIN_FLOAT ||
	    type->builtin == BUILTIN_DOUBLE)
		return STR("0");
	return type->builtin == BUILTIN_BOOLEAN ? STR("false") : STR("");
}

/* "{namespace}Name", or the bare name when it is the only one; "xs:int" for built-in types. */
static const struct schema_type *find_type(const struct build *b, struct str name)
{
	const char *end = name.n && name.p[0] == '{' ? memchr(name.p, '}', name.n) : NULL;
	if (!end) {
		const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
		struct str local =
			colon ? (struct str){colon + 1, name.n - (size_t)(colon + 1 - name.p)} : name;
		const struct schema_type *type = schema_type_anywhere(b->wsdl->schema, local);
		enum builtin builtin = builtin_find(local);
		return type || builtin == BUILTIN_NONE ? type : schema_builtin(builtin);
	}
	struct str ns = {name.p + 1, (size_t)(end - name.p) - 1};
	struct str local = {end + 1, name.n - ns.n - 2};
	if (str_eq(ns, STR(NS_XSD)) && builtin_find(local) != BUILTIN_NONE)
		return schema_builtin(builtin_find(local));
	return schema_type(b->wsdl->schema, ns, local);
}

static int choose_type(struct build *b, const struct declared *declared, const struct value *value,
		       const struct schema_type **ret, bool *ret_written)
{
	const struct value *named = value_get(value, STR("@xsi:type"));
	*ret = declared->type;
	*ret_written = false;
	if (named && named->kind == VALUE_STRING) {
		const struct schema_type *type = find_type(b, named->text);
		if (!type)
			return build_fail(b, "there is no type '" STR_FMT "'", STR_ARG(named->text));
		if (!schema_derives(type, declared->type))
			return build_fail(b, "type '" STR_FMT "' is not derived from '" STR_FMT "'",
					  STR_ARG(named->text), STR_ARG(schema_type_name(declared->type)));
		*ret = type;
		*ret_written = true;
	} else if (named)
		return build_fail(b, "@xsi:type is the name of a type, as \"{namespace}Name\"");
	if ((*ret)->abstract && !b->lenient) {
		build_fail(b, "type '" STR_FMT "' is abstract", STR_ARG(schema_type_name(*ret)));
		error_hint(b->error, "say which kind it is with \"@xsi:type\"");
		return -1;
	}
	return 0;
}

static int text_content(struct build *b, const struct schema_type *type, const struct declared *declared,
			const struct value *value)
{
	struct str text;
	if (b->lenient && (!value || value->kind == VALUE_NULL)) {
		encode_xml_text(b->out, declared->fixed.p ? declared->fixed : build_empty_text(type));
		return 0;
	}
	if (build_text(b, type, value, &text))
		return -1;
	if (declared->fixed.p && !type->complex && !str_eq(text, declared->fixed) &&
	    builtin_compare(type->builtin, text, declared->fixed) != 0)
		return build_fail(b, "expected the fixed value '" STR_FMT "'", STR_ARG(declared->fixed));
	encode_xml_text(b->out, text);
	return 0;
}

/* anyType: whatever is given, by its own shape. */
static int any_content(struct build *b, struct slots *slots)
{
	for (uint32_t i = 0; i < slots->n; i++) {
		struct slot *slot = &slots->items[i];
		if (slot->key.n && (slot->key.p[0] == '@' || slot->key.p[0] == '#'))
			continue;
		struct declared inner = {
			.name = slot->key, .type = schema_builtin(BUILTIN_ANY_TYPE), .nillable = true};
		inner.ns = STR("");
		if (!builtin_valid(BUILTIN_NCNAME, slot->key))
			return build_fail(b, "'" STR_FMT "' cannot be the name of an element",
					  STR_ARG(slot->key));
		for (; slot->next < slot->n; slot->next++) {
			const struct value *item = slot->value->kind == VALUE_ARRAY
							   ? &slot->value->items[slot->next]
							   : slot->value;
			if (!build_push(b, slot->key, slot->n > 1 ? slot->next + 1 : 0) ||
			    build_element(b, &inner, item))
				return -1;
			build_pop(b);
		}
	}
	return 0;
}

static bool is_any_type(const struct schema_type *type)
{
	return type->builtin == BUILTIN_ANY_TYPE && type->is_builtin;
}

static int object_content(struct build *b, const struct schema_type *type, const struct declared *declared,
			  struct slots *slots)
{
	struct slot *text = build_slot(slots, STR("#text"));
	const struct schema_type *simple = !type->complex ? type : type->simple_content ? type->simple : NULL;
	if (text)
		text->next = text->n;
	if (simple) {
		static const struct value nothing = {.kind = VALUE_STRING, .text = {"", 0}};
		return text_content(b, simple, declared, text ? text->value : b->lenient ? NULL : &nothing);
	}
	if (text && !type->mixed)
		return build_fail(b, "'#text' is for elements with text; " STR_FMT " has none",
				  STR_ARG(schema_type_name(type)));
	if (text && text_content(b, schema_builtin(BUILTIN_ANY_TYPE), declared, text->value))
		return -1;
	if (is_any_type(type) && any_content(b, slots))
		return -1;
	return build_content(b, type, slots);
}

static int close_element(struct build *b, const struct declared *declared, size_t start)
{
	/* Nothing between the tags: one tag. The last byte is the '>' of the start tag. */
	if (b->out->n == start && !b->out->overflow) {
		b->out->n--;
		buf_str(b->out, STR("/>"));
		return 0;
	}
	buf_str(b->out, STR("</"));
	build_name(b, declared->ns, declared->name);
	buf_char(b->out, '>');
	return b->out->overflow ? build_fail(b, "too much to send: more than %zu bytes", b->out->max) : 0;
}

static int nil_element(struct build *b, const struct declared *declared)
{
	if (!declared->nillable && !b->encoded) {
		build_fail(b, "null is not allowed: the element is not nillable");
		error_hint(b->error, "leave it out, or give it a value");
		return -1;
	}
	buf_char(b->out, '<');
	build_name(b, declared->ns, declared->name);
	buf_char(b->out, ' ');
	build_name(b, STR(NS_XSI), STR("nil"));
	buf_str(b->out, STR("=\"true\"/>"));
	return 0;
}

static bool is_object(const struct value *value)
{
	/* Lua's empty table is an empty list as well as an empty object. */
	return value->kind == VALUE_OBJECT || (value->kind == VALUE_ARRAY && value->n == 0);
}

static int element_of_object(struct build *b, const struct declared *declared, const struct value *value)
{
	const struct schema_type *type;
	struct slots slots;
	bool typed;
	if (choose_type(b, declared, value, &type, &typed) || build_slots(b, value, type, &slots))
		return -1;
	buf_char(b->out, '<');
	build_name(b, declared->ns, declared->name);
	if (typed || (b->encoded && type->name.n && !is_any_type(type)))
		build_xsi_type(b, type);
	if (build_attributes(b, type, &slots))
		return -1;
	buf_char(b->out, '>');
	size_t start = b->out->n;
	if (object_content(b, type, declared, &slots) || build_leftovers(b, &slots))
		return -1;
	return close_element(b, declared, start);
}

static int element_of_scalar(struct build *b, const struct declared *declared, const struct value *value)
{
	const struct schema_type *type = declared->type;
	const struct schema_type *simple = type->complex && type->simple_content ? type->simple : type;
	struct slots none = {.type = type};
	if (type->complex && !type->simple_content && !type->mixed)
		return build_fail(b, "expected a table of type " STR_FMT ", got " STR_FMT,
				  STR_ARG(schema_type_name(type)), STR_ARG(value_kind_name(value)));
	if (type->abstract)
		return build_fail(
			b, "type '" STR_FMT "' is abstract; give a table with \"@xsi:type\" and \"#text\"",
			STR_ARG(schema_type_name(type)));
	buf_char(b->out, '<');
	build_name(b, declared->ns, declared->name);
	if (b->encoded && type->name.n && !is_any_type(type))
		build_xsi_type(b, type);
	if (build_attributes(b, type, &none))
		return -1;
	buf_char(b->out, '>');
	size_t start = b->out->n;
	if (text_content(b, simple, declared, value))
		return -1;
	return close_element(b, declared, start);
}

int build_element(struct build *b, const struct declared *declared, const struct value *value)
{
	if (++b->steps > BUILD_STEPS_MAX)
		return build_fail(b, "too much work to build this message");
	if (build_is_unknown(value))
		return 0;
	if (value->kind == VALUE_NULL && !b->lenient)
		return nil_element(b, declared);
	if (declared->type->array_item)
		return build_encoded_array(b, declared, value);
	if (is_object(value) && (declared->type->complex || value->kind == VALUE_OBJECT))
		return element_of_object(b, declared, value);
	if (value->kind == VALUE_NULL && declared->type->complex && !declared->type->simple_content) {
		static const struct value nothing = {.kind = VALUE_OBJECT};
		return element_of_object(b, declared, &nothing);
	}
	return element_of_scalar(b, declared, value);
}
