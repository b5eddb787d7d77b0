/* One element into a value, by its type or, without one, by its shape. */
#include "soap/answer_private.h"

#include "format/json.h"
#include "soap/simple.h"

#include <math.h>
#include <stdio.h>

enum { DEPTH_MAX = 128, UNKNOWN_NAMES_MAX = 200 };

static int too_large(struct reading *r)
{
	return error_set(r->error, "the answer is too large");
}

static bool count(struct reading *r)
{
	return ++r->values <= r->values_max;
}

static struct value text_value(struct str text)
{
	return (struct value){.kind = VALUE_STRING, .text = text};
}

int read_object(struct reading *r, uint32_t n, struct value *ret)
{
	*ret = (struct value){.kind = VALUE_OBJECT};
	ret->members = arena_alloc(r->arena, (n ? n : 1) * sizeof *ret->members);
	return ret->members ? 0 : too_large(r);
}

/* Digits as JSON has them: no plus, no leading zeros. */
static struct str json_integer(struct reading *r, struct str text)
{
	bool negative = text.p[0] == '-';
	size_t at = text.p[0] == '-' || text.p[0] == '+';
	while (at + 1 < text.n && text.p[at] == '0')
		at++;
	struct str digits = {text.p + at, text.n - at};
	if (!negative || str_eq(digits, STR("0")))
		return digits;
	if (at == 1)
		return text;
	char *copy = arena_alloc(r->arena, digits.n + 1);
	if (!copy)
		return text;
	copy[0] = '-';
	memcpy(copy + 1, digits.p, digits.n);
	return (struct str){copy, digits.n + 1};
}

static bool is_json_number(struct str s)
{
	size_t at = s.n && s.p[0] == '-', start = at;
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	if (at == start || (s.p[start] == '0' && at > start + 1))
		return false;
	if (at < s.n && s.p[at] == '.') {
		size_t point = ++at;
		while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
			at++;
		if (at == point)
			return false;
	}
	return at == s.n;
}

static struct value float_value(struct reading *r, struct str text)
{
	char z[64];
	struct buf out;
	snprintf(z, sizeof z, STR_FMT, STR_ARG(text));
	double number = strtod(z, NULL);
	/* INF and NaN have no number in JSON. */
	if (!isfinite(number) || str_eq(text, STR("NaN")))
		return text_value(text);
	if (is_json_number(text))
		return (struct value){.kind = VALUE_NUMBER, .text = text};
	buf_init(&out, 64);
	json_write_double(&out, number);
	struct str copy = arena_copy(r->arena, buf_view(&out));
	buf_finish(&out);
	return copy.p ? (struct value){.kind = VALUE_NUMBER, .text = copy} : text_value(text);
}

/* A text as its type means it. What is not right by its type stays a text: the answer is what it is. */
static struct value typed_value(struct reading *r, const struct schema_type *type, struct str text)
{
	if (type->variety != VARIETY_ATOMIC)
		return text_value(str_trim(text));
	if (type->builtin == BUILTIN_STRING || type->builtin == BUILTIN_ANY_SIMPLE ||
	    type->builtin == BUILTIN_ANY_TYPE || type->builtin == BUILTIN_NORMALIZED)
		return text_value(text);
	text = str_trim(text);
	if (!builtin_valid(type->builtin, text))
		return text_value(text);
	if (type->builtin >= BUILTIN_INTEGER)
		return (struct value){.kind = VALUE_NUMBER, .text = json_integer(r, text)};
	if (type->builtin == BUILTIN_BOOLEAN)
		return (struct value){.kind = text.p[0] == 't' || text.p[0] == '1' ? VALUE_TRUE
										   : VALUE_FALSE};
	if (type->builtin == BUILTIN_FLOAT || type->builtin == BUILTIN_DOUBLE)
		return float_value(r, text);
	return text_value(text);
}

static bool is_true(struct str text)
{
	text = str_trim(text);
	return str_eq(text, STR("true")) || str_eq(text, STR("1"));
}

static bool is_any_type(const struct schema_type *type)
{
	return !type || (type->builtin == BUILTIN_ANY_TYPE && type->is_builtin);
}

/* xsi:type says what the value really is; one that we do not know says nothing. */
static const struct schema_type *actual_type(const struct reading *r, const struct schema_type *type,
					     const struct xml_node *node)
{
	struct str text = xml_attr(node, STR(NS_XSI), STR("type")), ns, name;
	if (!text.p || !r->wsdl || !xml_qname(node, text, &ns, &name))
		return type;
	const struct schema_type *named = NULL;
	if (str_eq(ns, STR(NS_XSD))) {
		enum builtin builtin = builtin_find(name);
		named = builtin != BUILTIN_NONE ? schema_builtin(builtin) : NULL;
	} else
		named = schema_type(r->wsdl->schema, ns, name);
	if (!named || (type && !is_any_type(type) && !schema_derives(named, type)))
		return type;
	return named;
}

/* What an attribute becomes, without declarations and what this reader has understood itself. */
static bool is_own_attribute(const struct reading *r, const struct xml_attr *attr)
{
	if (r->encoded && !attr->ns.n && (str_eq(attr->name, STR("id")) || str_eq(attr->name, STR("href"))))
		return true;
	return str_eq(attr->ns, STR(NS_XSI)) || str_eq(attr->ns, STR(NS_SOAPENC)) ||
	       str_eq(attr->ns, STR(NS_SOAP11)) || str_eq(attr->ns, STR(NS_SOAP12)) ||
	       str_eq(attr->ns, STR(NS_SOAPENC2));
}

/* The type that xsi:type names instead of the declared one, as arguments have it. */
static int add_type_name(struct reading *r, const struct xml_node *node, struct value *object)
{
	struct str ns, name, text = xml_attr(node, STR(NS_XSI), STR("type"));
	if (!xml_qname(node, text, &ns, &name))
		return 0;
	char *shown = arena_alloc(r->arena, ns.n + name.n + 2);
	if (!shown)
		return too_large(r);
	shown[0] = '{';
	memcpy(shown + 1, ns.p, ns.n);
	shown[ns.n + 1] = '}';
	memcpy(shown + ns.n + 2, name.p, name.n);
	object->members[object->n++] =
		(struct member){STR("@xsi:type"), text_value((struct str){shown, ns.n + name.n + 2})};
	return 0;
}

static uint32_t count_attributes(const struct reading *r, const struct xml_node *node)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < node->n_attrs; i++)
		n += !is_own_attribute(r, &node->attrs[i]);
	return n;
}

static const struct schema_attribute *find_attribute(const struct schema_type *type,
						     const struct xml_attr *attr)
{
	for (uint32_t i = 0; type && i < type->n_attributes; i++)
		if (str_eq(type->attributes[i].name, attr->name))
			return &type->attributes[i];
	return NULL;
}

static struct str attribute_key(struct reading *r, const struct xml_attr *attr)
{
	struct str prefix = str_eq(attr->ns, STR(XML_NS_XML)) ? STR("@xml:") : STR("@");
	char *key = arena_alloc(r->arena, prefix.n + attr->name.n + 1);
	if (!key)
		return STR("@");
	memcpy(key, prefix.p, prefix.n);
	memcpy(key + prefix.n, attr->name.p, attr->name.n);
	return (struct str){key, prefix.n + attr->name.n};
}

static int read_attributes(struct reading *r, const struct schema_type *type, bool named,
			   const struct xml_node *node, struct value *object)
{
	if (named && add_type_name(r, node, object))
		return -1;
	for (uint32_t i = 0; i < node->n_attrs; i++) {
		const struct xml_attr *attr = &node->attrs[i];
		if (is_own_attribute(r, attr))
			continue;
		if (!count(r))
			return too_large(r);
		const struct schema_attribute *declared = find_attribute(type, attr);
		struct member *member = &object->members[object->n++];
		member->key = attribute_key(r, attr);
		member->value =
			declared ? typed_value(r, declared->type, attr->value) : text_value(attr->value);
	}
	return 0;
}

static int collect_text(struct reading *r, const struct xml_node *node, struct str *ret)
{
	*ret = node->text;
	if (!node->first)
		return 0;
	struct buf text;
	buf_init(&text, 8 << 20);
	buf_str(&text, node->text);
	for (const struct xml_node *child = node->first; child; child = child->next)
		buf_str(&text, child->tail);
	*ret = arena_copy(r->arena, buf_view(&text));
	buf_finish(&text);
	return ret->p ? 0 : too_large(r);
}

static int read_text(struct reading *r, const struct schema_type *type, bool named, struct str default_value,
		     const struct xml_node *node, struct value *ret)
{
	const struct schema_type *text_type = type->complex ? type->simple : type;
	struct str text = node->text;
	uint32_t n = count_attributes(r, node);
	if (!text.n && default_value.p)
		text = default_value;
	if (!named && (!type->complex || (type->n_attributes == 0 && n == 0))) {
		*ret = typed_value(r, text_type, text);
		return 0;
	}
	if (read_object(r, n + 2, ret) || read_attributes(r, type, named, node, ret))
		return -1;
	ret->members[ret->n++] = (struct member){STR("#text"), typed_value(r, text_type, text)};
	return 0;
}

/* Children of one name. */
struct group {
	struct str name;
	const struct field *field;
	uint32_t n, filled;
	bool any; /* XML texts, not values */
	struct value *value;
};

struct groups {
	struct group *items;
	uint32_t n, unknown;
	uint32_t *of_field; /* 1 + index into items; 0: none yet */
};

static struct group *new_group(struct groups *groups, struct str name, const struct field *field)
{
	groups->items[groups->n] = (struct group){.name = name, .field = field};
	return &groups->items[groups->n++];
}

static struct group *named_group(struct groups *groups, struct str name)
{
	for (uint32_t i = 0; i < groups->n; i++)
		if (!groups->items[i].field && str_eq(groups->items[i].name, name))
			return &groups->items[i];
	return NULL;
}

static struct group *group_of(struct groups *groups, const struct schema_type *type,
			      const struct xml_node *child)
{
	const struct field *field = type ? schema_field(type, child->ns, child->name) : NULL;
	if (field) {
		uint32_t *index = &groups->of_field[field - type->fields];
		if (!*index) {
			new_group(groups, field->element->name, field);
			*index = groups->n;
		}
		return &groups->items[*index - 1];
	}
	bool any = type && type->has_any && !is_any_type(type);
	struct str name = any ? STR("#any") : child->name;
	struct group *group = named_group(groups, name);
	if (!group && ++groups->unknown > UNKNOWN_NAMES_MAX)
		return NULL;
	if (!group)
		group = new_group(groups, name, NULL);
	group->any = any;
	return group;
}

static int read_any(struct reading *r, const struct xml_node *node, struct value *ret)
{
	struct buf text;
	buf_init(&text, 8 << 20);
	xml_write(&text, node);
	struct str copy = text.overflow ? (struct str){0} : arena_copy(r->arena, buf_view(&text));
	buf_finish(&text);
	if (!copy.p)
		return too_large(r);
	*ret = text_value(copy);
	return 0;
}

static int read_child(struct reading *r, struct group *group, const struct xml_node *child)
{
	struct value *place = group->value;
	if (place->kind == VALUE_ARRAY)
		place = &place->items[group->filled];
	group->filled++;
	if (group->any)
		return read_any(r, child, place);
	const struct schema_element *element = group->field ? group->field->element : NULL;
	return read_element(r, element ? element->type : NULL,
			    element ? element->default_value : (struct str){0}, child, place);
}

/* Where each group's values go: an array when the schema allows more than one, or when more than one came. */
static int place_groups(struct reading *r, struct groups *groups, struct value *object)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		struct group *group = &groups->items[i];
		struct member *member = &object->members[object->n++];
		member->key = group->name;
		member->value = (struct value){.kind = VALUE_NULL};
		group->value = &member->value;
		bool array = group->any || group->n > 1 || (group->field && group->field->many);
		if (!array)
			continue;
		member->value.kind = VALUE_ARRAY;
		member->value.n = group->n;
		member->value.items = arena_zalloc(r->arena, group->n * sizeof *member->value.items);
		if (!member->value.items)
			return too_large(r);
	}
	return 0;
}

static int read_children(struct reading *r, const struct schema_type *type, const struct xml_node *node,
			 struct value *object, struct groups *groups, struct group **of_child)
{
	uint32_t n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next) {
		of_child[n] = group_of(groups, type, child);
		if (!of_child[n])
			return error_set(r->error,
					 "the answer has more than %d unknown elements side by side",
					 UNKNOWN_NAMES_MAX);
		of_child[n++]->n++;
	}
	if (place_groups(r, groups, object))
		return -1;
	n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (read_child(r, of_child[n++], child))
			return -1;
	return 0;
}

static int read_structure(struct reading *r, const struct schema_type *type, bool named,
			  const struct xml_node *node, struct value *ret)
{
	uint32_t n = 0;
	struct str text;
	for (const struct xml_node *child = node->first; child; child = child->next)
		n++;
	if (collect_text(r, node, &text) || read_object(r, count_attributes(r, node) + n + 2, ret) ||
	    read_attributes(r, type, named, node, ret))
		return -1;
	if (str_trim(text).n && (!type || type->mixed))
		ret->members[ret->n++] = (struct member){STR("#text"), text_value(text)};
	if (!n)
		return 0;
	struct groups groups = {.items = mem_alloc(n * sizeof *groups.items)};
	struct group **of_child = mem_alloc(n * sizeof *of_child);
	groups.of_field =
		type && type->n_fields ? mem_zalloc(type->n_fields * sizeof *groups.of_field) : NULL;
	int status = read_children(r, type, node, ret, &groups, of_child);
	free(groups.of_field);
	free(of_child);
	free(groups.items);
	return status;
}

static int read_encoded_array(struct reading *r, const struct schema_type *type, const struct xml_node *node,
			      struct value *ret)
{
	uint32_t n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		n++;
	*ret = (struct value){.kind = VALUE_ARRAY, .n = n};
	ret->items = arena_zalloc(r->arena, (n ? n : 1) * sizeof *ret->items);
	if (!ret->items)
		return too_large(r);
	struct schema_type inner = {
		.complex = true, .array_item = type->array_item, .array_ranks = type->array_ranks - 1};
	n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (read_element(r, type->array_ranks > 1 ? &inner : type->array_item, (struct str){0}, child,
				 &ret->items[n++]))
			return -1;
	return 0;
}

static struct str id_of(const struct xml_node *node)
{
	for (uint32_t i = 0; i < node->n_attrs; i++)
		if (str_eq(node->attrs[i].name, STR("id")))
			return node->attrs[i].value;
	return (struct str){0};
}

static int id_order(const void *a, const void *b)
{
	const struct xml_node *const *x = a, *const *y = b;
	return str_cmp(id_of(*x), id_of(*y));
}

static const struct xml_node *next_node(const struct xml_node *root, const struct xml_node *at)
{
	if (at->first)
		return at->first;
	while (at != root && !at->next)
		at = at->parent;
	return at == root ? NULL : at->next;
}

static bool find_targets(struct reading *r)
{
	size_t n = 0;
	r->targets_found = true;
	for (const struct xml_node *at = r->envelope; at; at = next_node(r->envelope, at))
		n += id_of(at).p != NULL;
	r->targets = arena_alloc(r->arena, (n ? n : 1) * sizeof *r->targets);
	if (!r->targets)
		return false;
	for (const struct xml_node *at = r->envelope; at; at = next_node(r->envelope, at))
		if (id_of(at).p)
			r->targets[r->n_targets++] = at;
	qsort(r->targets, r->n_targets, sizeof *r->targets, id_order);
	return true;
}

/* href="#id" (SOAP 1.1) or enc:ref="id" (SOAP 1.2) without content of its own: the value stands elsewhere. */
static const struct xml_node *follow_reference(struct reading *r, const struct xml_node *node)
{
	struct str id = xml_attr(node, STR(""), STR("href"));
	if (id.n > 1 && id.p[0] == '#')
		id = (struct str){id.p + 1, id.n - 1};
	else
		id = xml_attr(node, STR(NS_SOAPENC2), STR("ref"));
	if (!id.n || node->first || str_trim(node->text).n || (!r->targets_found && !find_targets(r)))
		return node;
	size_t low = 0, high = r->n_targets;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (str_cmp(id_of(r->targets[middle]), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n_targets && str_eq(id_of(r->targets[low]), id) ? r->targets[low] : node;
}

static int read_untyped(struct reading *r, const struct xml_node *node, struct value *ret)
{
	bool array = xml_attr(node, STR(NS_SOAPENC), STR("arrayType")).p ||
		     xml_attr(node, STR(NS_SOAPENC2), STR("itemType")).p;
	static const struct schema_type items = {.complex = true, .array_ranks = 1};
	if (array)
		return read_encoded_array(r, &items, node, ret);
	if (!node->first && count_attributes(r, node) == 0) {
		*ret = text_value(node->text);
		return 0;
	}
	return read_structure(r, NULL, false, node, ret);
}

static int read_typed(struct reading *r, const struct schema_type *type, bool named, struct str default_value,
		      const struct xml_node *node, struct value *ret)
{
	if (!type || is_any_type(type))
		return read_untyped(r, node, ret);
	if (type->array_item || type->array_ranks)
		return read_encoded_array(r, type, node, ret);
	if (!type->complex || (type->simple_content && type->simple))
		return read_text(r, type, named, default_value, node, ret);
	return read_structure(r, type, named, node, ret);
}

int read_element(struct reading *r, const struct schema_type *type, struct str default_value,
		 const struct xml_node *node, struct value *ret)
{
	if (!count(r))
		return too_large(r);
	if (r->depth == DEPTH_MAX)
		return error_set(r->error, "the answer has more than %d elements inside of each other",
				 DEPTH_MAX);
	r->depth++;
	node = follow_reference(r, node);
	int status = 0;
	if (is_true(xml_attr(node, STR(NS_XSI), STR("nil"))) ||
	    is_true(xml_attr(node, STR(NS_XSI), STR("null"))))
		*ret = (struct value){.kind = VALUE_NULL};
	else {
		const struct schema_type *actual = actual_type(r, type, node);
		/* With the SOAP encoding every value names its type, and that says nothing new. */
		status = read_typed(r, actual, actual != type && !r->encoded, default_value, node, ret);
	}
	r->depth--;
	return status;
}
