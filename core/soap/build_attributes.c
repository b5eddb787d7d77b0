/* The attributes of an element. */
#include "soap/build_private.h"

#include "format/encode.h"
#include "format/xml.h"

/* "@lang" and "@xml:lang" both mean the one of the XML namespace. */
static struct slot *find_slot(const struct slots *slots, const struct schema_attribute *attribute)
{
	for (uint32_t i = 0; i < slots->n; i++) {
		struct str key = slots->items[i].key;
		if (key.n < 2 || key.p[0] != '@')
			continue;
		key = (struct str){key.p + 1, key.n - 1};
		if (str_eq(key, attribute->name))
			return &slots->items[i];
		if (str_eq(attribute->ns, STR(XML_NS_XML)) && key.n == attribute->name.n + 4 &&
		    str_starts(key, STR("xml:")) && str_ends(key, attribute->name))
			return &slots->items[i];
		const char *end = key.p[0] == '{' ? memchr(key.p, '}', key.n) : NULL;
		if (end && str_eq((struct str){key.p + 1, (size_t)(end - key.p) - 1}, attribute->ns) &&
		    str_eq((struct str){end + 1, key.n - (size_t)(end + 1 - key.p)}, attribute->name))
			return &slots->items[i];
	}
	return NULL;
}

static void write_attribute(struct build *b, struct str ns, struct str name, struct str text)
{
	buf_char(b->out, ' ');
	build_name(b, ns, name);
	buf_str(b->out, STR("=\""));
	encode_xml_attribute(b->out, text);
	buf_char(b->out, '"');
}

static int write_given(struct build *b, const struct schema_attribute *attribute, struct slot *slot)
{
	struct str text;
	if (build_is_unknown(slot->value)) {
		slot->next = slot->n;
		return 0;
	}
	if (!build_push(b, slot->key, 0))
		return -1;
	if (slot->value->kind == VALUE_NULL)
		return build_fail(b, "an attribute cannot be null; leave it out");
	if (build_text(b, attribute->type, slot->value, &text))
		return -1;
	if (attribute->fixed.p && builtin_compare(attribute->type->builtin, text, attribute->fixed) != 0)
		return build_fail(b, "expected the fixed value '" STR_FMT "'", STR_ARG(attribute->fixed));
	build_pop(b);
	slot->next = slot->n;
	write_attribute(b, attribute->ns, attribute->name, text);
	return 0;
}

static int write_missing(struct build *b, const struct schema_attribute *attribute)
{
	if (!attribute->required || b->some)
		return 0;
	if (attribute->fixed.p)
		write_attribute(b, attribute->ns, attribute->name, attribute->fixed);
	else if (b->lenient)
		write_attribute(b, attribute->ns, attribute->name, build_empty_text(attribute->type));
	else
		return build_fail(b, "attribute '@" STR_FMT "' is missing; expected " STR_FMT,
				  STR_ARG(attribute->name), STR_ARG(schema_type_name(attribute->type)));
	return 0;
}

/* What a wildcard lets through: "@name", "@xml:name", "@{namespace}name". */
static int write_other(struct build *b, struct slot *slot)
{
	struct str key = {slot->key.p + 1, slot->key.n - 1}, ns = STR(""), name = key, text = STR("");
	const char *end = key.n && key.p[0] == '{' ? memchr(key.p, '}', key.n) : NULL;
	if (end) {
		ns = (struct str){key.p + 1, (size_t)(end - key.p) - 1};
		name = (struct str){end + 1, key.n - ns.n - 2};
	} else if (str_starts(key, STR("xml:"))) {
		ns = STR(XML_NS_XML);
		name = (struct str){key.p + 4, key.n - 4};
	}
	if (!build_push(b, slot->key, 0))
		return -1;
	if (!builtin_valid(BUILTIN_NCNAME, name) || str_eq(name, STR("xmlns")))
		return build_fail(b, "this cannot be the name of an attribute");
	if (!build_is_unknown(slot->value) &&
	    build_text(b, schema_builtin(BUILTIN_ANY_SIMPLE), slot->value, &text))
		return -1;
	build_pop(b);
	slot->next = slot->n;
	write_attribute(b, ns, name, text);
	return 0;
}

int build_attributes(struct build *b, const struct schema_type *type, struct slots *slots)
{
	for (uint32_t i = 0; i < type->n_attributes; i++) {
		struct slot *slot = find_slot(slots, &type->attributes[i]);
		int status = slot ? write_given(b, &type->attributes[i], slot)
				  : write_missing(b, &type->attributes[i]);
		if (status)
			return -1;
	}
	for (uint32_t i = 0; i < slots->n; i++) {
		struct slot *slot = &slots->items[i];
		if (str_eq(slot->key, STR("@xsi:type")))
			slot->next = slot->n;
		else if (slot->next == 0 && slot->key.n > 1 && slot->key.p[0] == '@' && type->any_attribute &&
			 write_other(b, slot))
			return -1;
	}
	return 0;
}
