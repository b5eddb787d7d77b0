/* Arrays of the SOAP encoding (SOAP 1.1, section 5.4.2; SOAP 1.2 part 2, section 3): a JSON array is one
 * value. */
#include "soap/build_private.h"

#include <stdio.h>

static void write_array_type(struct build *b, const struct schema_type *item, uint32_t outer_ranks,
			     uint32_t n)
{
	bool old = b->version != SOAP_12;
	bool named = item->name.n && !(item->is_builtin && item->builtin == BUILTIN_ANY_TYPE);
	struct str ns = old ? STR(NS_SOAPENC) : STR(NS_SOAPENC2);
	char size[32];
	buf_char(b->out, ' ');
	build_name(b, ns, old ? STR("arrayType") : STR("itemType"));
	buf_str(b->out, STR("=\""));
	build_name(b, named ? item->ns : STR(NS_XSD), named ? item->name : STR("anyType"));
	for (uint32_t i = 0; old && i < outer_ranks; i++)
		buf_str(b->out, STR("[]"));
	snprintf(size, sizeof size, old ? "[%u]" : "%u", n);
	if (!old) {
		buf_str(b->out, STR("\" "));
		build_name(b, ns, STR("arraySize"));
		buf_str(b->out, STR("=\""));
	}
	buf_str(b->out, str_of(size));
	buf_char(b->out, '"');
}

/* What an item is: of an array of arrays an array with one rank less. */
static struct schema_type item_array(const struct schema_type *type)
{
	struct schema_type inner = {
		.complex = true, .array_item = type->array_item, .array_ranks = type->array_ranks - 1};
	inner.ns = STR(NS_SOAPENC);
	inner.name = STR("Array");
	return inner;
}

static int write_items(struct build *b, const struct schema_type *type, const struct value *value)
{
	struct schema_type inner = item_array(type);
	struct declared item = {
		STR(""), STR("item"), type->array_ranks > 1 ? &inner : type->array_item, true, {0}};
	/* A type that lists its items by an element says what they are called. */
	if (type->has_particle && type->particle.kind != PARTICLE_ANY &&
	    type->particle.kind != PARTICLE_GROUP && type->particle.kind != PARTICLE_ELEMENT &&
	    type->particle.n == 1 && type->particle.items[0].kind == PARTICLE_ELEMENT) {
		item.ns = type->particle.items[0].element->ns;
		item.name = type->particle.items[0].element->name;
	}
	bool array = value->kind == VALUE_ARRAY;
	for (uint32_t i = 0; i < (array ? value->n : 1); i++) {
		if (!build_push(b, item.name, i + 1) ||
		    build_element(b, &item, array ? &value->items[i] : value))
			return -1;
		build_pop(b);
	}
	return 0;
}

int build_encoded_array(struct build *b, const struct declared *declared, const struct value *value)
{
	static const struct value empty = {.kind = VALUE_ARRAY};
	const struct schema_type *type = declared->type;
	bool nothing = value->kind == VALUE_NULL || (value->kind == VALUE_OBJECT && value->n == 0);
	if (nothing)
		value = &empty;
	buf_char(b->out, '<');
	build_name(b, declared->ns, declared->name);
	if (type->name.n)
		build_xsi_type(b, type);
	write_array_type(b, type->array_item, type->array_ranks > 1 ? type->array_ranks - 1 : 0,
			 value->kind == VALUE_ARRAY ? value->n : 1);
	buf_char(b->out, '>');
	if (write_items(b, type, value))
		return -1;
	buf_str(b->out, STR("</"));
	build_name(b, declared->ns, declared->name);
	buf_char(b->out, '>');
	return 0;
}
