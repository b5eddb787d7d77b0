/* core/soap/schema_private.h
 *
 * What the parts of the schema loader share. Not for others.
 */
#pragma once

#include "soap/schema_load.h"

/* One <schema> element as it is being taken in. */
struct schema_document {
	const struct xml_node *root;
	struct str path, ns;
	bool elements_qualified, attributes_qualified;
	struct schema_document *next;
};

/* A global component: found by kind, namespace and name. */
struct global {
	enum component kind;
	struct str ns, name;
	const struct xml_node *node;
	const struct schema_document *document;
	struct global *original;             /* what this one redefines */
	void *made;                          /* the struct that references point to */
	struct schema_attribute *attributes; /* of an attribute group, once compiled */
	uint32_t n_attributes;
	bool any_attribute, compiled, compiling;
	struct global *next; /* in order of arrival */
	UT_hash_handle hh;
	size_t key_n;
	char key[];
};

struct named_type {
	struct str name;
	struct schema_type *type;
	UT_hash_handle hh;
};

struct owned_pattern {
	struct pattern_code *code;
	struct owned_pattern *next;
};

struct schema {
	struct arena *arena, *scratch;
	struct soap_files files;
	struct schema_limits limits;
	size_t bytes, n_documents;
	struct schema_document *documents;
	struct global *table, *first, **last;
	const struct global *current;
	size_t guesses; /* references found by their local name alone */
	struct soap_warning *warnings, **last_warning;
	size_t n_warnings, more_warnings;
	struct owned_pattern *patterns;
	struct type_list *made; /* every type, for the last pass */
	bool failed;
	struct error error;
};

/* Every complex or simple type that was made, for the last pass. */
struct type_list {
	struct schema_type *type;
	struct str file;
	int line;
	struct type_list *next;
};

/* Where a piece of a schema is being compiled. */
struct compile {
	struct schema *schema;
	const struct schema_document *document;
	const struct global *global;
};

/* Memory of the set. NULL once it is full; then the whole load fails with an error that says so. */
void *schema_alloc(struct schema *schema, size_t n);
struct str schema_keep(struct schema *schema, struct str text);

/* Fails the load; the first error stays. */
void schema_fail(struct compile *c, const struct xml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct global *schema_find(const struct schema *schema, enum component kind, struct str ns, struct str name);

/* The component that `qname`, as it stands at `node`, means. With a warning, one of that name in another
 * namespace. NULL, with a warning, when there is none. */
struct global *schema_resolve(struct compile *c, const struct xml_node *node, enum component kind,
			      struct str qname);

/* The type that a reference means; never NULL: what cannot be found is anyType. */
const struct schema_type *compile_type_reference(struct compile *c, const struct xml_node *node,
						 struct str qname);
const struct schema_type *compile_inline_type(struct compile *c, const struct xml_node *node);
void compile_type(struct compile *c, const struct xml_node *node, struct schema_type *type);
void compile_simple_type(struct compile *c, const struct xml_node *node, struct schema_type *type);
void compile_facets(struct compile *c, const struct xml_node *restriction, struct schema_type *type);
void compile_element(struct compile *c, const struct xml_node *node, struct schema_element *element);
void compile_attributes(struct compile *c, const struct xml_node *node, struct schema_type *type);
void compile_attribute_group(struct compile *c, struct global *global);
void compile_attribute(struct compile *c, const struct xml_node *node, struct schema_attribute *attribute,
		       bool global);
bool compile_particle(struct compile *c, const struct xml_node *node, struct particle *ret);
bool is_particle(const struct xml_node *node);

struct schema_type *new_type(struct compile *c, const struct xml_node *node);
void finish_types(struct schema *schema);
bool measure_group(struct schema *schema, struct schema_group *group, int depth);

static inline struct str xsd_attr(const struct xml_node *node, const char *name)
{
	return xml_attr(node, STR(""), str_of(name));
}

static inline bool xsd_true(const struct xml_node *node, const char *name)
{
	struct str value = str_trim(xsd_attr(node, name));
	return str_eq(value, STR("true")) || str_eq(value, STR("1"));
}

static inline bool is_xsd(const struct xml_node *node, const char *name)
{
	return xml_is(node, STR(NS_XSD), str_of(name));
}
