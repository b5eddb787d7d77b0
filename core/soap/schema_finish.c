/* The last pass: every global component is compiled, then each type gets what it inherits. Circles that would
 * never end are found here: a group inside of itself, a type that is its own base. */
#include "soap/schema_private.h"

enum {
	BASE_DEPTH_MAX = 64,
	GROUP_DEPTH_MAX = 64,
	PARTICLES_MAX = 20 * 1000, /* of one type, with those of its groups */
	CONTENT_MAX = 64,
	TWICE_MAX = 64,
};

static void compile_global(struct schema *schema, struct global *global)
{
	struct compile c = {schema, global->document, global};
	struct schema_element *element = global->made;
	struct schema_group *group = global->made;
	switch (global->kind) {
	case COMPONENT_TYPE:
		compile_type(&c, global->node, global->made);
		break;
	case COMPONENT_ELEMENT:
		compile_element(&c, global->node, element);
		break;
	case COMPONENT_GROUP:
		group->particle = (struct particle){.kind = PARTICLE_SEQUENCE, .min = 1, .max = 1};
		for (const struct xml_node *child = global->node->first; child; child = child->next)
			if (is_particle(child) && compile_particle(&c, child, &group->particle))
				break;
		break;
	case COMPONENT_ATTRIBUTE:
		compile_attribute(&c, global->node, global->made, true);
		break;
	case COMPONENT_ATTRIBUTE_GROUP:
		compile_attribute_group(&c, global);
		break;
	}
}

/* An element of a substitution group without a type of its own has that of its head. */
static void settle_element(struct schema_element *element)
{
	const struct schema_element *head = element->head;
	for (int i = 0; !element->type && head && i < BASE_DEPTH_MAX; i++, head = head->head)
		element->type = head->type;
	if (!element->type)
		element->type = schema_builtin(BUILTIN_ANY_TYPE);
}

static bool add_substitute(struct schema *schema, struct schema_element *head,
			   const struct schema_element *member)
{
	for (uint32_t i = 0; i < head->n_substitutes; i++)
		if (head->substitutes[i] == member)
			return true;
	/* Grown at powers of two; what is left behind stays in the arena. */
	uint32_t n = head->n_substitutes;
	if ((n & (n - 1)) == 0) {
		const struct schema_element **more = schema_alloc(schema, (n ? 2 * n : 1) * sizeof *more);
		if (!more)
			return false;
		if (n)
			memcpy(more, head->substitutes, n * sizeof *more);
		head->substitutes = more;
	}
	head->substitutes[head->n_substitutes++] = member;
	return true;
}

static void settle_substitutes(struct schema *schema, struct schema_element *element)
{
	struct schema_element *head = element->head;
	for (int i = 0; head && i < BASE_DEPTH_MAX; i++, head = head->head)
		if (head == element || !add_substitute(schema, head, element))
			return;
}

static void add_sizes(uint64_t *size, uint64_t more)
{
	*size = *size + more > PARTICLES_MAX + 1 ? PARTICLES_MAX + 1 : *size + more;
}

static bool measure(struct schema *schema, const struct particle *particle, int depth, uint64_t *size)
{
	add_sizes(size, 1);
	if (particle->kind == PARTICLE_GROUP) {
		if (!measure_group(schema, particle->group, depth + 1))
			return false;
		add_sizes(size, particle->group->size);
	} else if (particle->kind == PARTICLE_ELEMENT) {
		add_sizes(size, particle->element->n_substitutes);
	} else if (particle->kind != PARTICLE_ANY) {
		for (uint32_t i = 0; i < particle->n; i++)
			if (!measure(schema, &particle->items[i], depth, size))
				return false;
	}
	return true;
}

bool measure_group(struct schema *schema, struct schema_group *group, int depth)
{
	uint64_t size = 0;
	if (group->size)
		return true;
	if (group->measuring || depth > GROUP_DEPTH_MAX) {
		error_set(&schema->error,
			  group->measuring ? "group '" STR_FMT "' contains itself"
					   : "group '" STR_FMT "' is inside of too many groups",
			  STR_ARG(group->name));
		schema->failed = true;
		return false;
	}
	group->measuring = true;
	bool ok = measure(schema, &group->particle, depth, &size);
	group->measuring = false;
	group->size = (uint32_t)size;
	return ok;
}

static bool too_large(struct schema *schema, const struct schema_type *type)
{
	error_set(&schema->error, "type '" STR_FMT "' has more than %d parts",
		  STR_ARG(schema_type_name(type)), PARTICLES_MAX);
	schema->failed = true;
	return true;
}

static bool collect_content(struct schema *schema, struct schema_type *type)
{
	uint32_t inherited = type->derivation == DERIVED_BY_EXTENSION ? type->base->n_content : 0;
	uint32_t n = inherited + type->has_particle;
	if (n > CONTENT_MAX) {
		too_large(schema, type);
		return false;
	}
	const struct particle **content = schema_alloc(schema, n * sizeof *content);
	if (!content)
		return false;
	if (inherited)
		memcpy(content, type->base->content, inherited * sizeof *content);
	if (type->has_particle)
		content[inherited] = &type->particle;
	type->content = content;
	type->n_content = n;
	uint64_t size = 0;
	for (uint32_t i = 0; i < n; i++)
		if (!measure(schema, type->content[i], 0, &size))
			return false;
	return size <= PARTICLES_MAX || !too_large(schema, type);
}

static bool has_attribute(const struct schema_type *type, const struct schema_attribute *attribute)
{
	for (uint32_t i = 0; i < type->n_own_attributes; i++)
		if (str_eq(type->own_attributes[i].name, attribute->name) &&
		    str_eq(type->own_attributes[i].ns, attribute->ns))
			return true;
	return false;
}

/* Both kinds of derivation keep the base's attributes; a restriction may say more of one, or forbid it. */
static bool inherit_attributes(struct schema *schema, struct schema_type *type)
{
	const struct schema_type *base = type->base;
	uint32_t n = base->n_attributes + type->n_own_attributes;
	if (n == 0)
		return true;
	type->attributes = schema_alloc(schema, n * sizeof *type->attributes);
	if (!type->attributes)
		return false;
	for (uint32_t i = 0; i < base->n_attributes; i++)
		if (!has_attribute(type, &base->attributes[i]))
			type->attributes[type->n_attributes++] = base->attributes[i];
	for (uint32_t i = 0; i < type->n_own_attributes; i++)
		if (!type->own_attributes[i].prohibited)
			type->attributes[type->n_attributes++] = type->own_attributes[i];
	return true;
}

struct field_list {
	struct field *items;
	size_t n, capacity;
	bool any;
};

static void add_field(struct field_list *list, const struct schema_element *element, bool many)
{
	if (list->n == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 32;
		list->items = mem_realloc(list->items, list->capacity * sizeof *list->items);
	}
	list->items[list->n] = (struct field){element, many, (uint32_t)list->n};
	list->n++;
}

static void walk_fields(struct field_list *list, const struct particle *particle, bool many)
{
	many = many || particle->max > 1 || particle->max == OCCURS_UNBOUNDED;
	switch (particle->kind) {
	case PARTICLE_ELEMENT:
		add_field(list, particle->element, many);
		for (uint32_t i = 0; i < particle->element->n_substitutes; i++)
			add_field(list, particle->element->substitutes[i], many);
		break;
	case PARTICLE_GROUP:
		walk_fields(list, &particle->group->particle, many);
		break;
	case PARTICLE_ANY:
		list->any = true;
		break;
	case PARTICLE_SEQUENCE:
	case PARTICLE_CHOICE:
	case PARTICLE_ALL:
		for (uint32_t i = 0; i < particle->n; i++)
			walk_fields(list, &particle->items[i], many);
		break;
	}
}

static int field_order(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	int order = str_cmp(x->element->name, y->element->name);
	if (order == 0)
		order = str_cmp(x->element->ns, y->element->ns);
	return order ? order : x->order < y->order ? -1 : 1;
}

static bool same_name(const struct schema_element *a, const struct schema_element *b)
{
	return a == b || (str_eq(a->name, b->name) && str_eq(a->ns, b->ns));
}

/* How often an element can stand in a content: 2 stands for more. In a choice only one of the branches
 * counts. */
static int most(const struct particle *particle, const struct schema_element *element)
{
	int n = 0;
	switch (particle->kind) {
	case PARTICLE_ELEMENT:
		n = same_name(particle->element, element);
		for (uint32_t i = 0; i < particle->element->n_substitutes && !n; i++)
			n = same_name(particle->element->substitutes[i], element);
		break;
	case PARTICLE_GROUP:
		n = most(&particle->group->particle, element);
		break;
	case PARTICLE_ANY:
		break;
	case PARTICLE_SEQUENCE:
	case PARTICLE_CHOICE:
	case PARTICLE_ALL:
		for (uint32_t i = 0; i < particle->n; i++) {
			int branch = most(&particle->items[i], element);
			n = particle->kind == PARTICLE_CHOICE ? (branch > n ? branch : n) : n + branch;
		}
		break;
	}
	if (n && (particle->max > 1 || particle->max == OCCURS_UNBOUNDED))
		n = 2;
	return n > 2 ? 2 : n;
}

/* One entry a name. An element that stands in two places can come twice, but for the branches of a choice. */
static size_t merge_fields(const struct schema_type *type, struct field *items, size_t n)
{
	size_t kept = 0, twice = 0;
	for (size_t i = 0; i < n; i++) {
		if (!kept || !same_name(items[kept - 1].element, items[i].element)) {
			items[kept++] = items[i];
			continue;
		}
		struct field *field = &items[kept - 1];
		bool first_again = i < 2 || !same_name(items[i - 2].element, items[i].element);
		field->many = field->many || items[i].many;
		if (field->many || !first_again)
			continue;
		int times = 0;
		for (uint32_t k = 0; k < type->n_content && twice < TWICE_MAX; k++)
			times += most(type->content[k], field->element);
		field->many = ++twice > TWICE_MAX || times > 1;
	}
	return kept;
}

static bool collect_fields(struct schema *schema, struct schema_type *type)
{
	struct field_list list = {0};
	for (uint32_t i = 0; i < type->n_content; i++)
		walk_fields(&list, type->content[i], false);
	if (list.n)
		qsort(list.items, list.n, sizeof *list.items, field_order);
	size_t n = merge_fields(type, list.items, list.n);
	type->fields = schema_alloc(schema, n * sizeof *type->fields);
	if (type->fields && n) {
		memcpy(type->fields, list.items, n * sizeof *type->fields);
		type->n_fields = (uint32_t)n;
	}
	type->has_any = list.any;
	free(list.items);
	return type->fields != NULL;
}

static bool is_encoded_array(const struct schema_type *type)
{
	return str_eq(type->name, STR("Array")) &&
	       (str_eq(type->ns, STR(NS_SOAPENC)) || str_eq(type->ns, STR(NS_SOAPENC2)));
}

/* The text of simple content: what the base has, narrowed by own facets. */
static void settle_simple_content(struct schema_type *type)
{
	const struct schema_type *base = type->base;
	const struct schema_type *text = base->complex ? base->simple : base;
	if (!text)
		text = schema_builtin(base->complex && !base->is_builtin ? BUILTIN_STRING
									 : BUILTIN_ANY_SIMPLE);
	if (!type->simple) {
		type->simple = text;
		return;
	}
	/* Made by us as this type's own: nobody else has it yet. */
	struct schema_type *own = (struct schema_type *)(uintptr_t)type->simple;
	if (!own->base)
		own->base = text;
	own->builtin = own->base->builtin;
	own->variety = own->base->variety;
	own->item = own->base->item;
	own->members = own->base->members;
	own->n_members = own->base->n_members;
	own->finished = true;
}

static void settle_simple(struct schema_type *type)
{
	const struct schema_type *base = type->base;
	/* A simple type over a complex one is wrong, but its text is what counts. */
	if (base->complex)
		base = base->simple ? base->simple : schema_builtin(BUILTIN_STRING);
	type->base = base;
	type->builtin = base->builtin;
	if (type->variety != VARIETY_ATOMIC || base->is_builtin) {
		if (type->variety == VARIETY_ATOMIC)
			type->variety = base->variety;
		if (!type->item)
			type->item = base->item;
		return;
	}
	type->variety = base->variety;
	type->item = base->item;
	type->members = base->members;
	type->n_members = base->n_members;
}

static bool finish_type(struct schema *schema, struct schema_type *type, int depth);

static bool finish_base(struct schema *schema, struct schema_type *type, int depth)
{
	if (type->base->finished)
		return true;
	if (type->base->finishing || depth > BASE_DEPTH_MAX) {
		error_set(&schema->error,
			  type->base->finishing ? "type '" STR_FMT "' is its own base"
						: "type '" STR_FMT "' has too many bases",
			  STR_ARG(schema_type_name(type)));
		schema->failed = true;
		return false;
	}
	/* The set's own types are ours to finish; built-in ones are finished already. */
	return finish_type(schema, (struct schema_type *)(uintptr_t)type->base, depth + 1);
}

static bool finish_complex(struct schema *schema, struct schema_type *type)
{
	const struct schema_type *base = type->base;
	if (type->simple_content)
		settle_simple_content(type);
	else if (type->derivation == DERIVED_BY_EXTENSION && base->simple) {
		type->simple_content = true;
		type->simple = base->simple;
	} else if (type->derivation == DERIVED_BY_EXTENSION && !base->complex) {
		type->simple_content = true;
		type->simple = base;
	}
	if (type->derivation == DERIVED_BY_EXTENSION && !base->is_builtin) {
		type->any_attribute = type->any_attribute || base->any_attribute;
		type->mixed = type->mixed || base->mixed;
	}
	if (!type->array_item && base->array_item) {
		type->array_item = base->array_item;
		type->array_ranks = base->array_ranks;
	}
	/* An encoded array without wsdl:arrayType says its items by its only element. */
	if (!type->array_item && is_encoded_array(base))
		type->array_item = type->has_particle && type->particle.kind != PARTICLE_ANY &&
						   type->particle.n == 1 &&
						   type->particle.items[0].kind == PARTICLE_ELEMENT
					   ? type->particle.items[0].element->type
					   : schema_builtin(BUILTIN_ANY_TYPE);
	return collect_content(schema, type) && inherit_attributes(schema, type) &&
	       collect_fields(schema, type);
}

static bool finish_type(struct schema *schema, struct schema_type *type, int depth)
{
	bool ok = true;
	if (type->finished || !type->base)
		return true;
	type->finishing = true;
	ok = finish_base(schema, type, depth);
	if (ok && type->complex)
		ok = finish_complex(schema, type);
	else if (ok)
		settle_simple(type);
	type->finishing = false;
	type->finished = true;
	return ok;
}

void finish_types(struct schema *schema)
{
	for (struct type_list *made = schema->made; made && !schema->failed; made = made->next)
		if (!finish_type(schema, made->type, 0))
			error_at(&schema->error, made->file, made->line, 0, (struct str){0});
}

int schema_finish(struct schema *schema, struct error *reterr)
{
	for (struct global *global = schema->first; global && !schema->failed; global = global->next)
		compile_global(schema, global);
	for (struct global *global = schema->first; global && !schema->failed; global = global->next)
		if (global->kind == COMPONENT_ELEMENT) {
			settle_element(global->made);
			settle_substitutes(schema, global->made);
		}
	if (!schema->failed)
		finish_types(schema);
	for (struct global *global = schema->first; global && !schema->failed; global = global->next)
		if (global->kind == COMPONENT_GROUP)
			measure_group(schema, global->made, 0);
	if (schema->failed && reterr)
		*reterr = schema->error;
	return schema->failed ? -1 : 0;
}
