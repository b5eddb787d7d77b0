/* Types as they are declared. What they inherit comes later (schema_finish.c), when every base is there. */
#include "soap/schema_private.h"

#include "soap/simple.h"

#define BUILTIN_TYPE(which, text)                     \
	[which] = {.ns = {NS_XSD, sizeof NS_XSD - 1}, \
		   .name = {text, sizeof text - 1},   \
		   .builtin = which,                  \
		   .is_builtin = true,                \
		   .finished = true}

/* anyType's content, and that of what extends it. */
static const struct particle any_particle = {.kind = PARTICLE_ANY, .min = 0, .max = OCCURS_UNBOUNDED};
static const struct particle *const any_content[] = {&any_particle};

static const struct schema_type builtins[] = {
	[BUILTIN_ANY_TYPE] = {.ns = {NS_XSD, sizeof NS_XSD - 1},
			      .name = {"anyType", 7},
			      .builtin = BUILTIN_ANY_TYPE,
			      .is_builtin = true,
			      .complex = true,
			      .mixed = true,
			      .has_any = true,
			      .content = any_content,
			      .n_content = 1,
			      .any_attribute = true,
			      .finished = true},
	BUILTIN_TYPE(BUILTIN_ANY_SIMPLE, "anySimpleType"),
	BUILTIN_TYPE(BUILTIN_STRING, "string"),
	BUILTIN_TYPE(BUILTIN_NORMALIZED, "normalizedString"),
	BUILTIN_TYPE(BUILTIN_TOKEN, "token"),
	BUILTIN_TYPE(BUILTIN_LANGUAGE, "language"),
	BUILTIN_TYPE(BUILTIN_NMTOKEN, "NMTOKEN"),
	BUILTIN_TYPE(BUILTIN_NAME, "Name"),
	BUILTIN_TYPE(BUILTIN_NCNAME, "NCName"),
	BUILTIN_TYPE(BUILTIN_BOOLEAN, "boolean"),
	BUILTIN_TYPE(BUILTIN_FLOAT, "float"),
	BUILTIN_TYPE(BUILTIN_DOUBLE, "double"),
	BUILTIN_TYPE(BUILTIN_DURATION, "duration"),
	BUILTIN_TYPE(BUILTIN_DATETIME, "dateTime"),
	BUILTIN_TYPE(BUILTIN_TIME, "time"),
	BUILTIN_TYPE(BUILTIN_DATE, "date"),
	BUILTIN_TYPE(BUILTIN_GYEARMONTH, "gYearMonth"),
	BUILTIN_TYPE(BUILTIN_GYEAR, "gYear"),
	BUILTIN_TYPE(BUILTIN_GMONTHDAY, "gMonthDay"),
	BUILTIN_TYPE(BUILTIN_GDAY, "gDay"),
	BUILTIN_TYPE(BUILTIN_GMONTH, "gMonth"),
	BUILTIN_TYPE(BUILTIN_HEX, "hexBinary"),
	BUILTIN_TYPE(BUILTIN_BASE64, "base64Binary"),
	BUILTIN_TYPE(BUILTIN_URI, "anyURI"),
	BUILTIN_TYPE(BUILTIN_QNAME, "QName"),
	BUILTIN_TYPE(BUILTIN_DECIMAL, "decimal"),
	BUILTIN_TYPE(BUILTIN_INTEGER, "integer"),
	BUILTIN_TYPE(BUILTIN_NONPOSITIVE, "nonPositiveInteger"),
	BUILTIN_TYPE(BUILTIN_NEGATIVE, "negativeInteger"),
	BUILTIN_TYPE(BUILTIN_LONG, "long"),
	BUILTIN_TYPE(BUILTIN_INT, "int"),
	BUILTIN_TYPE(BUILTIN_SHORT, "short"),
	BUILTIN_TYPE(BUILTIN_BYTE, "byte"),
	BUILTIN_TYPE(BUILTIN_NONNEGATIVE, "nonNegativeInteger"),
	BUILTIN_TYPE(BUILTIN_ULONG, "unsignedLong"),
	BUILTIN_TYPE(BUILTIN_UINT, "unsignedInt"),
	BUILTIN_TYPE(BUILTIN_USHORT, "unsignedShort"),
	BUILTIN_TYPE(BUILTIN_UBYTE, "unsignedByte"),
	BUILTIN_TYPE(BUILTIN_POSITIVE, "positiveInteger"),
};

#define BUILTIN_LIST(text, of)                                                                 \
	{                                                                                      \
		.ns = {NS_XSD, sizeof NS_XSD - 1}, .name = {text, sizeof text - 1},            \
		.builtin = BUILTIN_ANY_SIMPLE, .variety = VARIETY_LIST, .item = &builtins[of], \
		.is_builtin = true, .finished = true                                           \
	}

static const struct schema_type builtin_lists[] = {
	BUILTIN_LIST("NMTOKENS", BUILTIN_NMTOKEN),
	BUILTIN_LIST("IDREFS", BUILTIN_NCNAME),
	BUILTIN_LIST("ENTITIES", BUILTIN_NCNAME),
};

const struct schema_type *schema_builtin(enum builtin builtin)
{
	return &builtins[builtin];
}

static const struct schema_type *builtin_type(struct str name)
{
	enum builtin builtin = builtin_find(name);
	if (builtin != BUILTIN_NONE)
		return &builtins[builtin];
	for (size_t i = 0; i < countof(builtin_lists); i++)
		if (str_eq(builtin_lists[i].name, name))
			return &builtin_lists[i];
	return NULL;
}

static bool is_schema_namespace(struct str ns)
{
	return str_eq(ns, STR(NS_XSD)) || str_eq(ns, STR("http://www.w3.org/2001/XMLSchema-datatypes")) ||
	       str_eq(ns, STR("http://www.w3.org/1999/XMLSchema")) ||
	       str_eq(ns, STR("http://www.w3.org/2000/10/XMLSchema"));
}

const struct schema_type *compile_type_reference(struct compile *c, const struct xml_node *node,
						 struct str qname)
{
	struct str ns, name;
	qname = str_trim(qname);
	if (xml_qname(node, qname, &ns, &name) && is_schema_namespace(ns)) {
		const struct schema_type *type = builtin_type(name);
		if (type)
			return type;
	}
	struct global *found = schema_resolve(c, node, COMPONENT_TYPE, qname);
	return found ? found->made : schema_builtin(BUILTIN_ANY_TYPE);
}

struct schema_type *new_type(struct compile *c, const struct xml_node *node)
{
	struct schema_type *type = schema_alloc(c->schema, sizeof *type);
	if (!type)
		return NULL;
	type->ns = c->document->ns;
	type->name = STR("");
	return type;
}

const struct schema_type *compile_inline_type(struct compile *c, const struct xml_node *node)
{
	struct schema_type *type = new_type(c, node);
	if (!type)
		return schema_builtin(BUILTIN_ANY_TYPE);
	compile_type(c, node, type);
	return type;
}

static void remember(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	struct type_list *made = arena_zalloc(c->schema->scratch, sizeof *made);
	if (!made) {
		schema_fail(c, node, "the schemas are too large");
		return;
	}
	made->type = type;
	made->file = c->document->path;
	made->line = node->line;
	made->next = c->schema->made;
	c->schema->made = made;
}

static const struct xml_node *find_derivation(const struct xml_node *content, enum derivation *ret)
{
	for (const struct xml_node *node = content->first; node; node = node->next) {
		bool extension = is_xsd(node, "extension");
		if (extension || is_xsd(node, "restriction")) {
			*ret = extension ? DERIVED_BY_EXTENSION : DERIVED_BY_RESTRICTION;
			return node;
		}
	}
	return NULL;
}

/* Text with attributes. The text's own facets become a simple type whose base is filled in later. */
static void compile_simple_content(struct compile *c, const struct xml_node *content,
				   struct schema_type *type)
{
	const struct xml_node *node = find_derivation(content, &type->derivation);
	type->simple_content = true;
	type->base = schema_builtin(BUILTIN_ANY_SIMPLE);
	if (!node)
		return;
	type->base = compile_type_reference(c, node, xsd_attr(node, "base"));
	compile_attributes(c, node, type);
	if (type->derivation == DERIVED_BY_EXTENSION)
		return;
	struct schema_type *text = new_type(c, node);
	if (!text)
		return;
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (is_xsd(child, "simpleType"))
			text->base = compile_inline_type(c, child);
	compile_facets(c, node, text);
	type->simple = text;
}

/* wsdl:arrayType="tns:Item[][]" of a SOAP-encoded array. */
static void compile_array_type(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	struct str text = str_trim(xml_attr(node, STR("http://schemas.xmlsoap.org/wsdl/"), STR("arrayType")));
	if (!text.p)
		return;
	const char *bracket = memchr(text.p, '[', text.n);
	struct str name = {text.p, bracket ? (size_t)(bracket - text.p) : text.n};
	for (size_t i = name.n; i < text.n; i++)
		type->array_ranks += text.p[i] == '[';
	type->array_item = compile_type_reference(c, node, name);
}

static void find_array_type(struct compile *c, const struct xml_node *derivation, struct schema_type *type)
{
	for (const struct xml_node *node = derivation->first; node; node = node->next)
		if (is_xsd(node, "attribute"))
			compile_array_type(c, node, type);
}

static void compile_content(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (is_particle(child) && compile_particle(c, child, &type->particle)) {
			type->has_particle = true;
			return;
		}
}

static void compile_complex_content(struct compile *c, const struct xml_node *content,
				    struct schema_type *type)
{
	if (xsd_true(content, "mixed"))
		type->mixed = true;
	const struct xml_node *node = find_derivation(content, &type->derivation);
	type->base = schema_builtin(BUILTIN_ANY_TYPE);
	if (!node)
		return;
	type->base = compile_type_reference(c, node, xsd_attr(node, "base"));
	compile_content(c, node, type);
	find_array_type(c, node, type);
	compile_attributes(c, node, type);
}

static void compile_complex_type(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	type->complex = true;
	type->abstract = xsd_true(node, "abstract");
	type->mixed = xsd_true(node, "mixed");
	for (const struct xml_node *child = node->first; child; child = child->next) {
		if (is_xsd(child, "simpleContent")) {
			compile_simple_content(c, child, type);
			return;
		}
		if (is_xsd(child, "complexContent")) {
			compile_complex_content(c, child, type);
			return;
		}
	}
	type->base = schema_builtin(BUILTIN_ANY_TYPE);
	compile_content(c, node, type);
	compile_attributes(c, node, type);
}

void compile_type(struct compile *c, const struct xml_node *node, struct schema_type *type)
{
	remember(c, node, type);
	if (is_xsd(node, "complexType"))
		compile_complex_type(c, node, type);
	else
		compile_simple_type(c, node, type);
}
