/* Taking in schema documents: what they include and import, and the table of their global components. Nothing
 * is compiled before everything is there, because references go in all directions. */
#include "soap/schema_private.h"

#include "soap/pattern.h"
#include "soap/standard_schemas.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	BYTES_MAX = 64 << 20,
	DOCUMENTS_MAX = 1000,
	WARNINGS_MAX = 100,
	GLOBALS_MAX = 500 * 1000,
	INCLUDE_DEPTH_MAX = 64,
	GUESSES_MAX = 1000,
};

struct schema *schema_create(struct arena *arena, struct arena *scratch, const struct soap_files *files,
			     const struct schema_limits *limits)
{
	struct schema *schema = mem_zalloc(sizeof *schema);
	schema->arena = arena;
	schema->scratch = scratch;
	schema->files = *files;
	if (limits)
		schema->limits = *limits;
	if (!schema->limits.bytes)
		schema->limits.bytes = BYTES_MAX;
	if (!schema->limits.documents)
		schema->limits.documents = DOCUMENTS_MAX;
	if (!schema->limits.warnings)
		schema->limits.warnings = WARNINGS_MAX;
	schema->last = &schema->first;
	schema->last_warning = &schema->warnings;
	return schema;
}

void schema_free(struct schema *schema)
{
	if (!schema)
		return;
	for (struct owned_pattern *pattern = schema->patterns; pattern; pattern = pattern->next)
		pattern_free(pattern->code);
	HASH_CLEAR(hh, schema->table);
	free(schema);
}

void *schema_alloc(struct schema *schema, size_t n)
{
	void *p = arena_zalloc(schema->arena, n ? n : 1);
	if (!p && !schema->failed) {
		schema->failed = true;
		error_set(&schema->error, "the schemas are too large");
	}
	return p;
}

struct str schema_keep(struct schema *schema, struct str text)
{
	if (!text.p)
		return text;
	struct str copy = arena_copy(schema->arena, text);
	if (!copy.p && !schema->failed) {
		schema->failed = true;
		error_set(&schema->error, "the schemas are too large");
	}
	return copy.p ? copy : STR("");
}

void schema_fail(struct compile *c, const struct xml_node *node, const char *format, ...)
{
	if (c->schema->failed)
		return;
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	c->schema->failed = true;
	error_set(&c->schema->error, "%s", text);
	error_at(&c->schema->error, c->document ? c->document->path : STR(""), node ? node->line : 0, 0,
		 (struct str){0});
}

void schema_warn(struct schema *schema, struct str file, int line, const char *format, ...)
{
	if (schema->n_warnings == schema->limits.warnings) {
		schema->more_warnings++;
		return;
	}
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	struct soap_warning *warning = schema_alloc(schema, sizeof *warning);
	if (!warning)
		return;
	warning->file = schema_keep(schema, file);
	warning->line = line;
	warning->text = schema_keep(schema, str_of(text));
	schema->n_warnings++;
	*schema->last_warning = warning;
	schema->last_warning = &warning->next;
}

const struct soap_warning *schema_warnings(const struct schema *schema, size_t *ret_more)
{
	if (ret_more)
		*ret_more = schema->more_warnings;
	return schema->warnings;
}

int schema_read(struct schema *schema, struct str path, struct xml_node **ret, struct error *reterr)
{
	struct str text;
	int status = schema->files.read(schema->files.context, path, schema->scratch, &text, reterr);
	if (status)
		return status;
	if (++schema->n_documents > schema->limits.documents)
		return error_set(reterr, "more than %zu documents", schema->limits.documents);
	schema->bytes += text.n;
	if (schema->bytes > schema->limits.bytes)
		return error_set(reterr, "the documents have more than %zu bytes together",
				 schema->limits.bytes);
	struct xml_limits limits = {.bytes = schema->limits.bytes};
	if (xml_parse(text, &limits, schema->scratch, ret, reterr)) {
		if (reterr)
			error_at(reterr, path, reterr->line, reterr->column, text);
		return -1;
	}
	return 0;
}

static size_t make_key(char *key, enum component kind, struct str ns, struct str name)
{
	key[0] = (char)('0' + kind);
	memcpy(key + 1, ns.p, ns.n);
	key[1 + ns.n] = '}';
	memcpy(key + 2 + ns.n, name.p, name.n);
	return 2 + ns.n + name.n;
}

struct global *schema_find(const struct schema *schema, enum component kind, struct str ns, struct str name)
{
	char small[512], *key = small;
	if (ns.n + name.n + 2 > sizeof small)
		key = mem_alloc(ns.n + name.n + 2);
	size_t n = make_key(key, kind, ns.p ? ns : STR(""), name.p ? name : STR(""));
	struct global *found;
	HASH_FIND(hh, schema->table, key, n, found);
	if (key != small)
		free(key);
	return found;
}

static size_t made_size(enum component kind)
{
	switch (kind) {
	case COMPONENT_TYPE:
		return sizeof(struct schema_type);
	case COMPONENT_ELEMENT:
		return sizeof(struct schema_element);
	case COMPONENT_ATTRIBUTE:
		return sizeof(struct schema_attribute);
	case COMPONENT_GROUP:
		return sizeof(struct schema_group);
	case COMPONENT_ATTRIBUTE_GROUP:
		break;
	}
	return 1;
}

static void name_made(struct global *global)
{
	struct schema_type *type = global->made;
	struct schema_element *element = global->made;
	struct schema_group *group = global->made;
	if (global->kind == COMPONENT_TYPE) {
		type->ns = global->ns;
		type->name = global->name;
	} else if (global->kind == COMPONENT_ELEMENT) {
		element->ns = global->ns;
		element->name = global->name;
	} else if (global->kind == COMPONENT_GROUP) {
		group->ns = global->ns;
		group->name = global->name;
	}
}

/* The first of a name counts: sets in the wild hold the same schema twice. A redefinition takes its place and
 * remembers it. */
static void add_global(struct schema *schema, const struct schema_document *document,
		       const struct xml_node *node, enum component kind, bool redefines)
{
	struct str name = str_trim(xsd_attr(node, "name"));
	if (!name.n) {
		schema_warn(schema, document->path, node->line,
			    "a global " STR_FMT " without a name is passed over", STR_ARG(node->name));
		return;
	}
	struct global *before = schema_find(schema, kind, document->ns, name);
	if (before && !redefines)
		return;
	if (HASH_COUNT(schema->table) >= GLOBALS_MAX) {
		schema->failed = true;
		error_set(&schema->error, "more than %d global components", GLOBALS_MAX);
		return;
	}
	struct global *global = schema_alloc(schema, sizeof *global + document->ns.n + name.n + 2);
	if (!global)
		return;
	global->kind = kind;
	global->ns = document->ns;
	global->name = schema_keep(schema, name);
	global->node = node;
	global->document = document;
	global->original = before;
	global->key_n = make_key(global->key, kind, global->ns, global->name);
	global->made = schema_alloc(schema, made_size(kind));
	if (!global->made)
		return;
	name_made(global);
	if (before)
		HASH_DELETE(hh, schema->table, before);
	HASH_ADD_KEYPTR(hh, schema->table, global->key, global->key_n, global);
	*schema->last = global;
	schema->last = &global->next;
}

static void add_globals(struct schema *schema, const struct schema_document *document,
			const struct xml_node *parent, bool redefines)
{
	static const struct {
		const char *name;
		enum component kind;
	} kinds[] = {
		{"element", COMPONENT_ELEMENT}, {"complexType", COMPONENT_TYPE},
		{"simpleType", COMPONENT_TYPE}, {"attribute", COMPONENT_ATTRIBUTE},
		{"group", COMPONENT_GROUP},     {"attributeGroup", COMPONENT_ATTRIBUTE_GROUP},
	};
	for (const struct xml_node *node = parent->first; node && !schema->failed; node = node->next)
		for (size_t i = 0; i < countof(kinds); i++)
			if (is_xsd(node, kinds[i].name))
				add_global(schema, document, node, kinds[i].kind, redefines);
}

static int add_schema(struct schema *schema, const struct xml_node *node, struct str path, struct str ns,
		      int depth, struct error *reterr);

static bool has_namespace(const struct schema *schema, struct str ns)
{
	for (const struct schema_document *document = schema->documents; document; document = document->next)
		if (str_eq(document->ns, ns))
			return true;
	return false;
}

static bool has_document(const struct schema *schema, struct str path, struct str ns)
{
	for (const struct schema_document *document = schema->documents; document; document = document->next)
		if (str_eq(document->path, path) && !document->root->parent && str_eq(document->ns, ns))
			return true;
	return false;
}

/* A namespace that everybody imports and hardly anybody ships. */
static int add_standard(struct schema *schema, struct str ns, struct error *reterr)
{
	struct str text = standard_schema(ns);
	if (!text.p || has_namespace(schema, ns))
		return text.p ? 0 : 1;
	struct xml_node *root;
	if (xml_parse(text, NULL, schema->scratch, &root, reterr))
		return -1;
	return add_schema(schema, root, STR("(built in)"), ns, 0, reterr);
}

/* `ns` is what the reference says, or of an include the namespace around it. */
static int add_referenced(struct schema *schema, const struct schema_document *from,
			  const struct xml_node *node, struct str ns, bool include, int depth,
			  struct error *reterr)
{
	struct str location = str_trim(xsd_attr(node, "schemaLocation")), path;
	/* An import without a location names a namespace that stands elsewhere in the set. */
	if (!location.n)
		return include ? 0 : add_standard(schema, ns, reterr) < 0 ? -1 : 0;
	if (!soap_path_join(from->path, location, schema->arena, &path)) {
		int standard = include ? 1 : add_standard(schema, ns, reterr);
		if (include || (standard > 0 && !has_namespace(schema, ns)))
			schema_warn(schema, from->path, node->line,
				    "'" STR_FMT "' is not in the folder of the WSDL and is not read",
				    STR_ARG(location));
		return standard < 0 ? -1 : 0;
	}
	if (has_document(schema, path, ns))
		return 0;
	struct xml_node *root;
	int status = schema_read(schema, path, &root, reterr);
	if (status < 0)
		return -1;
	if (status > 0) {
		if (include || add_standard(schema, ns, reterr) > 0)
			schema_warn(schema, from->path, node->line, "there is no file '" STR_FMT "'",
				    STR_ARG(path));
		return 0;
	}
	if (!is_xsd(root, "schema")) {
		schema_warn(schema, from->path, node->line, "'" STR_FMT "' holds no schema", STR_ARG(path));
		return 0;
	}
	struct str target = str_trim(xsd_attr(root, "targetNamespace"));
	if (!include && !str_eq(target, ns))
		schema_warn(schema, from->path, node->line,
			    "'" STR_FMT "' is imported as '" STR_FMT "' and says it is '" STR_FMT "'",
			    STR_ARG(path), STR_ARG(ns), STR_ARG(target));
	return add_schema(schema, root, path, include && !target.n ? ns : target, depth + 1, reterr);
}

static bool is_redefinition(const struct xml_node *node)
{
	return is_xsd(node, "redefine") || is_xsd(node, "override");
}

static int add_schema(struct schema *schema, const struct xml_node *node, struct str path, struct str ns,
		      int depth, struct error *reterr)
{
	if (depth > INCLUDE_DEPTH_MAX)
		return error_set(reterr, "'" STR_FMT "': more than %d schemas that include each other",
				 STR_ARG(path), INCLUDE_DEPTH_MAX);
	if (!node->parent && has_document(schema, path, ns))
		return 0;
	struct schema_document *document = schema_alloc(schema, sizeof *document);
	if (!document) {
		*reterr = schema->error;
		return -1;
	}
	document->root = node;
	document->path = schema_keep(schema, path);
	document->ns = schema_keep(schema, ns.p ? ns : STR(""));
	document->elements_qualified =
		str_eq(str_trim(xsd_attr(node, "elementFormDefault")), STR("qualified"));
	document->attributes_qualified =
		str_eq(str_trim(xsd_attr(node, "attributeFormDefault")), STR("qualified"));
	document->next = schema->documents;
	schema->documents = document;
	for (const struct xml_node *child = node->first; child; child = child->next) {
		bool import = is_xsd(child, "import");
		if (!import && !is_xsd(child, "include") && !is_redefinition(child))
			continue;
		struct str target = import ? str_trim(xsd_attr(child, "namespace")) : document->ns;
		if (add_referenced(schema, document, child, target.p ? target : STR(""), !import, depth,
				   reterr))
			return -1;
		if (is_redefinition(child))
			add_globals(schema, document, child, true);
	}
	add_globals(schema, document, node, false);
	if (schema->failed) {
		*reterr = schema->error;
		return -1;
	}
	return 0;
}

int schema_add(struct schema *schema, const struct xml_node *node, struct str path, struct error *reterr)
{
	struct error ignored;
	return add_schema(schema, node, path, str_trim(xsd_attr(node, "targetNamespace")), 0,
			  reterr ? reterr : &ignored);
}

static struct global *find_anywhere(struct schema *schema, enum component kind, struct str name)
{
	struct global *found = NULL;
	if (schema->guesses++ >= GUESSES_MAX)
		return NULL;
	for (struct global *global = schema->first; global; global = global->next)
		if (global->kind == kind && str_eq(global->name, name)) {
			if (found)
				return NULL;
			found = global;
		}
	return found;
}

static const char *kind_name(enum component kind)
{
	static const char *const names[] = {
		[COMPONENT_TYPE] = "type",
		[COMPONENT_ELEMENT] = "element",
		[COMPONENT_ATTRIBUTE] = "attribute",
		[COMPONENT_GROUP] = "group",
		[COMPONENT_ATTRIBUTE_GROUP] = "attribute group",
	};
	return names[kind];
}

struct global *schema_resolve(struct compile *c, const struct xml_node *node, enum component kind,
			      struct str qname)
{
	struct str ns = STR(""), name = qname;
	bool declared = xml_qname(node, qname, &ns, &name);
	/* In a schema without a namespace that another one includes, a bare name means the including
	 * namespace. */
	if (declared && !ns.n)
		ns = c->document->ns;
	struct global *found = declared ? schema_find(c->schema, kind, ns, name) : NULL;
	struct error ignored;
	if (!found && declared && standard_schema(ns).p && !has_namespace(c->schema, ns) &&
	    add_standard(c->schema, ns, &ignored) == 0)
		found = schema_find(c->schema, kind, ns, name);
	if (found && found == c->global && found->original)
		return found->original;
	if (found)
		return found;
	if (!declared) {
		const char *colon = qname.n ? memchr(qname.p, ':', qname.n) : NULL;
		if (colon)
			name = (struct str){colon + 1, qname.n - (size_t)(colon + 1 - qname.p)};
	}
	found = find_anywhere(c->schema, kind, name);
	if (found)
		schema_warn(c->schema, c->document->path, node->line,
			    "%s '" STR_FMT "' is not in that namespace; the one in '" STR_FMT "' is taken",
			    kind_name(kind), STR_ARG(qname), STR_ARG(found->ns));
	else
		schema_warn(c->schema, c->document->path, node->line, "there is no %s '" STR_FMT "'",
			    kind_name(kind), STR_ARG(qname));
	return found;
}
