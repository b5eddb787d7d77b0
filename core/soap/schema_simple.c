/* Simple types as they are declared: restrictions with their facets, lists, unions. */
#include "soap/schema_private.h"

#include "soap/pattern.h"

#include <errno.h>

enum { UNION_MEMBERS_MAX = 256 };

static int64_t count_facet(struct str value)
{
	int64_t n = 0;
	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9' || n > INT64_MAX / 100)
			return -1;
		n = n * 10 + (value.p[i] - '0');
	}
	return value.n ? n : -1;
}

static char whitespace_facet(struct str value)
{
	value = str_trim(value);
	return value.n ? value.p[0] : 0;
}

static size_t count_children(const struct xml_node *node, const char *name)
{
	size_t n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		n += is_xsd(child, name);
	return n;
}

/* A pattern that PCRE2 does not take is passed over with a warning: better to send what the other side may
 * refuse than to refuse what it takes. */
static void add_pattern(struct compile *c, const struct xml_node *node, struct str text,
			struct facets *facets)
{
	struct pattern_code *code;
	struct error error;
	struct owned_pattern *owned = schema_alloc(c->schema, sizeof *owned);
	if (!owned)
		return;
	if (pattern_compile(text, &code, &error)) {
		schema_warn(c->schema, c->document->path, node->line, "%s", error.what);
		facets->n_patterns = UINT32_MAX;
		return;
	}
	owned->code = code;
	owned->next = c->schema->patterns;
	c->schema->patterns = owned;
	facets->patterns[facets->n_patterns] = code;
	facets->pattern_texts[facets->n_patterns++] = schema_keep(c->schema, text);
}

static void set_facet(struct compile *c, const struct xml_node *node, struct facets *facets)
{
	struct str value = xsd_attr(node, "value"), name = node->name;
	if (!value.p || !str_eq(node->ns, STR(NS_XSD)))
		return;
	if (str_eq(name, STR("enumeration")))
		facets->enumeration[facets->n_enumeration++] = schema_keep(c->schema, value);
	else if (str_eq(name, STR("pattern")) && facets->n_patterns != UINT32_MAX)
		add_pattern(c, node, value, facets);
	else if (str_eq(name, STR("length")))
		facets->length = count_facet(value);
	else if (str_eq(name, STR("minLength")))
		facets->min_length = count_facet(value);
	else if (str_eq(name, STR("maxLength")))
		facets->max_length = count_facet(value);
	else if (str_eq(name, STR("totalDigits")))
		facets->total_digits = count_facet(value);
	else if (str_eq(name, STR("fractionDigits")))
		facets->fraction_digits = count_facet(value);
	else if (str_eq(name, STR("minInclusive")))
		facets->min_inclusive = schema_keep(c->schema, str_trim(value));
	else if (str_eq(name, STR("maxInclusive")))
		facets->max_inclusive = schema_keep(c->schema, str_trim(value));
	else if (str_eq(name, STR("minExclusive")))
		facets->min_exclusive = schema_keep(c->schema, str_trim(value));
	else if (str_eq(name, STR("maxExclusive")))
		facets->max_exclusive = schema_keep(c->schema, str_trim(value));
	else if (str_eq(name, STR("whiteSpace")))
		facets->whitespace = whitespace_facet(value);
}

void compile_facets(struct compile *c, const struct xml_node *restriction, struct schema_type *type)
{
	if (!restriction->first)
		return;
	struct facets *facets = schema_alloc(c->schema, sizeof *facets);
	size_t n = count_children(restriction, "enumeration"),
	       n_patterns = count_children(restriction, "pattern");
	if (!facets)
		return;
	facets->enumeration = schema_alloc(c->schema, n * sizeof *facets->enumeration);
	facets->patterns = schema_alloc(c->schema, n_patterns * sizeof *facets->patterns);
	facets->pattern_texts = schema_alloc(c->schema, n_patterns * sizeof *facets->pattern_texts);
	if (!facets->enumeration || !facets->patterns || !facets->pattern_texts)
		return;
	facets->length = facets->min_length = facets->max_length = -1;
	facets->total_digits = facets->fraction_digits = -1;
	for (const struct xml_node *node = restriction->first; node; node = node->next)
		set_facet(c, node, facets);
	if (facets->n_patterns == UINT32_MAX)
		facets->n_patterns = 0;
	type->facets = facets;
}

static const struct schema_type *inline_simple_type(struct compile *c, const struct xml_node *node)
{
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (is_xsd(child, "simpleType"))
			return compile_inline_type(c, child);
	return NULL;
}

static void compile_restriction(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	struct str base = xsd_attr(node, "base");
	type->base = base.p ? compile_type_reference(c, node, base) : inline_simple_type(c, node);
	if (!type->base)
		type->base = schema_builtin(BUILTIN_STRING);
	compile_facets(c, node, type);
}

static void compile_list(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	struct str item = xsd_attr(node, "itemType");
	type->variety = VARIETY_LIST;
	type->base = schema_builtin(BUILTIN_ANY_SIMPLE);
	type->item = item.p ? compile_type_reference(c, node, item) : inline_simple_type(c, node);
}

static void compile_union(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	const struct schema_type *members[UNION_MEMBERS_MAX];
	struct str names = xsd_attr(node, "memberTypes");
	size_t n = 0;
	for (size_t at = 0; at < names.n && n < UNION_MEMBERS_MAX;) {
		size_t end = at;
		while (end < names.n && !strchr(" \t\r\n", names.p[end]))
			end++;
		if (end > at)
			members[n++] = compile_type_reference(c, node, (struct str){names.p + at, end - at});
		at = end + 1;
	}
	for (const struct xml_node *child = node->first; child && n < UNION_MEMBERS_MAX; child = child->next)
		if (is_xsd(child, "simpleType"))
			members[n++] = compile_inline_type(c, child);
	type->variety = VARIETY_UNION;
	type->base = schema_builtin(BUILTIN_ANY_SIMPLE);
	type->members = schema_alloc(c->schema, n * sizeof *type->members);
	if (type->members) {
		memcpy(type->members, members, n * sizeof *members);
		type->n_members = (uint32_t)n;
	}
}

void compile_simple_type(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	for (const struct xml_node *child = node->first; child; child = child->next) {
		if (is_xsd(child, "restriction"))
			compile_restriction(c, child, type);
		else if (is_xsd(child, "list"))
			compile_list(c, child, type);
		else if (is_xsd(child, "union"))
			compile_union(c, child, type);
	}
	if (!type->base)
		type->base = schema_builtin(BUILTIN_STRING);
}
