/* Looking things up in a schema set. */
#include "soap/schema_private.h"

const struct schema_type *schema_type(const struct schema *schema, struct str ns, struct str name)
{
	const struct global *found = schema_find(schema, COMPONENT_TYPE, ns, name);
	return found ? found->made : NULL;
}

const struct schema_element *schema_element(const struct schema *schema, struct str ns, struct str name)
{
	const struct global *found = schema_find(schema, COMPONENT_ELEMENT, ns, name);
	return found ? found->made : NULL;
}

const struct schema_type *schema_type_anywhere(const struct schema *schema, struct str name)
{
	const struct schema_type *found = NULL;
	for (const struct global *global = schema->first; global; global = global->next)
		if (global->kind == COMPONENT_TYPE && str_eq(global->name, name)) {
			if (found)
				return NULL;
			found = global->made;
		}
	return found;
}

bool schema_derives(const struct schema_type *type, const struct schema_type *from)
{
	if (from->builtin == BUILTIN_ANY_TYPE && from->is_builtin)
		return true;
	for (; type; type = type->base)
		if (type == from)
			return true;
	return false;
}

const struct field *schema_field(const struct schema_type *type, struct str ns, struct str name)
{
	size_t low = 0, high = type->n_fields;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (str_cmp(type->fields[middle].element->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == type->n_fields || !str_eq(type->fields[low].element->name, name))
		return NULL;
	for (size_t i = low; i < type->n_fields && str_eq(type->fields[i].element->name, name); i++)
		if (str_eq(type->fields[i].element->ns, ns))
			return &type->fields[i];
	return &type->fields[low];
}

struct str schema_type_name(const struct schema_type *type)
{
	if (type->name.n)
		return type->name;
	if (type->complex)
		return type->simple_content && type->simple ? schema_type_name(type->simple)
							    : STR("structure");
	return type->base ? schema_type_name(type->base) : STR("value");
}
