/* Elements, attributes and content models as they are declared. */
#include "soap/schema_private.h"

#include "soap/simple.h"

enum { ATTRIBUTES_MAX = 1000, OCCURS_MAX = 1 << 30 };

static int32_t occurs(const struct xml_node *node, const char *name)
{
	struct str text = str_trim(xsd_attr(node, name));
	int64_t n = 0;
	if (!text.p)
		return 1;
	if (str_eq(text, STR("unbounded")))
		return OCCURS_UNBOUNDED;
	for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && n < OCCURS_MAX; i++)
		n = n * 10 + (text.p[i] - '0');
	return n < OCCURS_MAX ? (int32_t)n : OCCURS_MAX;
}

static bool qualified(const struct xml_node *node, bool otherwise)
{
	struct str form = str_trim(xsd_attr(node, "form"));
	return form.p ? str_eq(form, STR("qualified")) : otherwise;
}

/* The type of an element or attribute: by name, inside of it, or NULL. */
static const struct schema_type *declared_type(struct compile *c, const struct xml_node *node)
{
	struct str name = xsd_attr(node, "type");
	if (name.p)
		return compile_type_reference(c, node, name);
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (is_xsd(child, "simpleType") || is_xsd(child, "complexType"))
			return compile_inline_type(c, child);
	return NULL;
}

void compile_element(struct compile *c, const struct xml_node *node, struct schema_element *element)
{
	element->nillable = xsd_true(node, "nillable");
	element->abstract = xsd_true(node, "abstract");
	element->fixed = schema_keep(c->schema, xsd_attr(node, "fixed"));
	element->default_value = schema_keep(c->schema, xsd_attr(node, "default"));
	element->type = declared_type(c, node);
	struct str head = xsd_attr(node, "substitutionGroup");
	if (!head.p)
		return;
	struct global *found = schema_resolve(c, node, COMPONENT_ELEMENT, str_trim(head));
	element->head = found ? found->made : NULL;
}

static bool compile_local_element(struct compile *c, const struct xml_node *node, struct particle *ret)
{
	struct str ref = xsd_attr(node, "ref"), name = str_trim(xsd_attr(node, "name"));
	ret->kind = PARTICLE_ELEMENT;
	if (ref.p) {
		struct global *found = schema_resolve(c, node, COMPONENT_ELEMENT, str_trim(ref));
		ret->element = found ? found->made : NULL;
		return found != NULL;
	}
	struct schema_element *element = schema_alloc(c->schema, sizeof *element);
	if (!element || !name.n)
		return false;
	element->name = schema_keep(c->schema, name);
	element->ns = qualified(node, c->document->elements_qualified) ? c->document->ns : STR("");
	compile_element(c, node, element);
	if (!element->type)
		element->type = schema_builtin(BUILTIN_ANY_TYPE);
	ret->element = element;
	return true;
}

bool is_particle(const struct xml_node *node)
{
	static const char *const names[] = {"sequence", "choice", "all", "group", "element", "any"};
	for (size_t i = 0; i < countof(names); i++)
		if (is_xsd(node, names[i]))
			return true;
	return false;
}

static bool compile_items(struct compile *c, const struct xml_node *node, enum particle_kind kind,
			  struct particle *ret)
{
	size_t n = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		n += is_particle(child);
	ret->kind = kind;
	ret->n = 0;
	ret->items = schema_alloc(c->schema, n * sizeof *ret->items);
	if (!ret->items)
		return false;
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (is_particle(child) && compile_particle(c, child, &ret->items[ret->n]))
			ret->n++;
	return true;
}

static bool compile_group_reference(struct compile *c, const struct xml_node *node, struct particle *ret)
{
	struct global *found = schema_resolve(c, node, COMPONENT_GROUP, str_trim(xsd_attr(node, "ref")));
	ret->kind = PARTICLE_GROUP;
	ret->group = found ? found->made : NULL;
	return found != NULL;
}

bool compile_particle(struct compile *c, const struct xml_node *node, struct particle *ret)
{
	bool made;
	ret->min = occurs(node, "minOccurs");
	ret->max = occurs(node, "maxOccurs");
	if (ret->min < 0)
		ret->min = 0;
	if (ret->max != OCCURS_UNBOUNDED && ret->max < ret->min)
		ret->max = ret->min;
	if (is_xsd(node, "element"))
		made = compile_local_element(c, node, ret);
	else if (is_xsd(node, "sequence"))
		made = compile_items(c, node, PARTICLE_SEQUENCE, ret);
	else if (is_xsd(node, "choice"))
		made = compile_items(c, node, PARTICLE_CHOICE, ret);
	else if (is_xsd(node, "all"))
		made = compile_items(c, node, PARTICLE_ALL, ret);
	else if (is_xsd(node, "group"))
		made = compile_group_reference(c, node, ret);
	else {
		ret->kind = PARTICLE_ANY;
		made = true;
	}
	return made && ret->max != 0;
}

void compile_attribute(struct compile *c, const struct xml_node *node, struct schema_attribute *attribute,
		       bool global)
{
	struct str use = str_trim(xsd_attr(node, "use")), ref = xsd_attr(node, "ref");
	if (ref.p) {
		struct global *found = schema_resolve(c, node, COMPONENT_ATTRIBUTE, str_trim(ref));
		if (!found) {
			attribute->prohibited = true;
			return;
		}
		/* It may not be compiled yet, but its name and namespace are what a reference needs most. */
		struct compile inner = {c->schema, found->document, found};
		compile_attribute(&inner, found->node, attribute, true);
	} else {
		attribute->name = schema_keep(c->schema, str_trim(xsd_attr(node, "name")));
		attribute->ns = global || qualified(node, c->document->attributes_qualified) ? c->document->ns
											     : STR("");
		attribute->type = declared_type(c, node);
		if (!attribute->type)
			attribute->type = schema_builtin(BUILTIN_ANY_SIMPLE);
	}
	attribute->required = str_eq(use, STR("required"));
	attribute->prohibited = str_eq(use, STR("prohibited"));
	if (xsd_attr(node, "fixed").p)
		attribute->fixed = schema_keep(c->schema, xsd_attr(node, "fixed"));
	if (xsd_attr(node, "default").p)
		attribute->default_value = schema_keep(c->schema, xsd_attr(node, "default"));
}

struct attribute_list {
	struct schema_attribute items[ATTRIBUTES_MAX];
	uint32_t n;
	bool any;
};

static struct attribute_list *new_list(void)
{
	struct attribute_list *list = mem_alloc(sizeof *list);
	list->n = 0;
	list->any = false;
	return list;
}

static void collect_attributes(struct compile *c, const struct xml_node *node, struct attribute_list *list);

static void collect_group(struct compile *c, const struct xml_node *node, struct attribute_list *list)
{
	struct global *group =
		schema_resolve(c, node, COMPONENT_ATTRIBUTE_GROUP, str_trim(xsd_attr(node, "ref")));
	if (!group)
		return;
	compile_attribute_group(c, group);
	for (uint32_t i = 0; i < group->n_attributes && list->n < ATTRIBUTES_MAX; i++)
		list->items[list->n++] = group->attributes[i];
	list->any = list->any || group->any_attribute;
}

static void collect_attributes(struct compile *c, const struct xml_node *node, struct attribute_list *list)
{
	for (const struct xml_node *child = node->first; child; child = child->next) {
		if (is_xsd(child, "anyAttribute"))
			list->any = true;
		else if (is_xsd(child, "attributeGroup"))
			collect_group(c, child, list);
		else if (is_xsd(child, "attribute")) {
			if (list->n == ATTRIBUTES_MAX) {
				schema_fail(c, child, "more than %d attributes in one type", ATTRIBUTES_MAX);
				return;
			}
			struct schema_attribute attribute = {0};
			compile_attribute(c, child, &attribute, false);
			if (attribute.name.n)
				list->items[list->n++] = attribute;
		}
	}
}

static struct schema_attribute *keep_attributes(struct compile *c, const struct attribute_list *list)
{
	struct schema_attribute *kept = list->n ? schema_alloc(c->schema, list->n * sizeof *kept) : NULL;
	if (kept)
		memcpy(kept, list->items, list->n * sizeof *kept);
	return kept;
}

/* A group is compiled once, however many types refer to it; one inside of itself gives what it has. */
void compile_attribute_group(struct compile *c, struct global *global)
{
	if (global->compiled || global->compiling)
		return;
	global->compiling = true;
	struct compile inner = {c->schema, global->document, global};
	struct attribute_list *list = new_list();
	collect_attributes(&inner, global->node, list);
	global->attributes = keep_attributes(c, list);
	global->n_attributes = global->attributes ? list->n : 0;
	global->any_attribute = list->any;
	free(list);
	global->compiling = false;
	global->compiled = true;
}

void compile_attributes(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	struct attribute_list *list;
	if (!node->first)
		return;
	list = new_list();
	collect_attributes(c, node, list);
	type->own_attributes = keep_attributes(c, list);
	type->n_own_attributes = type->own_attributes ? list->n : 0;
	type->any_attribute = list->any;
	free(list);
}
