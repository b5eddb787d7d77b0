/* core/soap/schema.h
 *
 * XML Schema 1.0 as structs: what a WSDL's types say, ready to build and read messages.
 *
 * A schema set is loaded once (schema_load.h), lives in one arena, and is immutable from then on: any thread
 * may read it. Types, elements and groups refer to each other by pointer and may do so in circles; only what
 * would never end (a group inside of itself, a type that is its own base) is refused when it is loaded.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

#define NS_XSD      "http://www.w3.org/2001/XMLSchema"
#define NS_XSI      "http://www.w3.org/2001/XMLSchema-instance"
#define NS_SOAPENC  "http://schemas.xmlsoap.org/soap/encoding/"
#define NS_SOAPENC2 "http://www.w3.org/2003/05/soap-encoding"

enum { OCCURS_UNBOUNDED = -1 };

/* The built-in types of XML Schema part 2. Those from BUILTIN_INTEGER on are integers. */
enum builtin {
	BUILTIN_NONE,
	BUILTIN_ANY_TYPE,
	BUILTIN_ANY_SIMPLE,
	BUILTIN_STRING,
	BUILTIN_NORMALIZED,
	BUILTIN_TOKEN,
	BUILTIN_LANGUAGE,
	BUILTIN_NMTOKEN,
	BUILTIN_NAME,
	BUILTIN_NCNAME,
	BUILTIN_BOOLEAN,
	BUILTIN_FLOAT,
	BUILTIN_DOUBLE,
	BUILTIN_DURATION,
	BUILTIN_DATETIME,
	BUILTIN_TIME,
	BUILTIN_DATE,
	BUILTIN_GYEARMONTH,
	BUILTIN_GYEAR,
	BUILTIN_GMONTHDAY,
	BUILTIN_GDAY,
	BUILTIN_GMONTH,
	BUILTIN_HEX,
	BUILTIN_BASE64,
	BUILTIN_URI,
	BUILTIN_QNAME,
	BUILTIN_DECIMAL,
	BUILTIN_INTEGER,
	BUILTIN_NONPOSITIVE,
	BUILTIN_NEGATIVE,
	BUILTIN_LONG,
	BUILTIN_INT,
	BUILTIN_SHORT,
	BUILTIN_BYTE,
	BUILTIN_NONNEGATIVE,
	BUILTIN_ULONG,
	BUILTIN_UINT,
	BUILTIN_USHORT,
	BUILTIN_UBYTE,
	BUILTIN_POSITIVE,
};

enum derivation { DERIVED_BY_RESTRICTION, DERIVED_BY_EXTENSION };
enum variety { VARIETY_ATOMIC, VARIETY_LIST, VARIETY_UNION };

struct pattern_code; /* soap/pattern.h */

/* What a restriction adds to its base. An absent text has p == NULL, an absent count is -1. */
struct facets {
	struct str *enumeration;
	struct pattern_code **patterns; /* one of them must match */
	struct str *pattern_texts;
	uint32_t n_enumeration, n_patterns;
	int64_t length, min_length, max_length, total_digits, fraction_digits;
	struct str min_inclusive, max_inclusive, min_exclusive, max_exclusive;
	char whitespace; /* 'p'reserve, 'r'eplace, 'c'ollapse; 0: as the base */
};

struct schema_attribute {
	struct str ns, name;
	const struct schema_type *type;
	struct str fixed, default_value; /* p == NULL: none */
	bool required, prohibited;
};

enum particle_kind {
	PARTICLE_ELEMENT,
	PARTICLE_SEQUENCE,
	PARTICLE_CHOICE,
	PARTICLE_ALL,
	PARTICLE_GROUP, /* a named group, by reference */
	PARTICLE_ANY,
};

struct particle {
	enum particle_kind kind;
	int32_t min, max; /* max: OCCURS_UNBOUNDED or a number */
	union {
		const struct schema_element *element;
		struct schema_group *group;
		struct {
			struct particle *items;
			uint32_t n;
		};
	};
};

struct schema_group {
	struct str ns, name;
	struct particle particle; /* n == 0: empty */
	uint32_t size;            /* particles, with those of the groups in it; 0: not yet known */
	bool measuring;
};

struct schema_element {
	struct str ns, name;
	const struct schema_type *type;
	struct schema_element *head;               /* of the substitution group that it is a member of */
	const struct schema_element **substitutes; /* what may stand in its place, members of members too */
	uint32_t n_substitutes;
	bool nillable, abstract;
	struct str fixed, default_value; /* p == NULL: none */
};

/* What may stand in a complex type's content, for reading answers. Sorted by name. */
struct field {
	const struct schema_element *element;
	bool many; /* can occur more than once: always an array */
	uint32_t order;
};

struct schema_type {
	struct str ns, name;            /* name.n == 0: anonymous */
	const struct schema_type *base; /* NULL: a built-in type */
	enum derivation derivation;
	bool complex, abstract, mixed, unresolved, is_builtin;

	/* simple types */
	enum builtin builtin; /* the nearest built-in type; of lists and unions ANY_SIMPLE */
	enum variety variety;
	const struct schema_type *item;     /* of a list */
	const struct schema_type **members; /* of a union */
	uint32_t n_members;
	struct facets *facets; /* own ones, or NULL */

	/* complex types, as declared */
	const struct schema_type *simple; /* simple content: the type of the text */
	bool has_particle, any_attribute, simple_content;
	struct particle particle;
	struct schema_attribute *own_attributes;
	uint32_t n_own_attributes;
	const struct schema_type *array_item; /* of a SOAP-encoded array */
	uint32_t array_ranks; /* [][] of its wsdl:arrayType: more than one is an array of arrays */

	/* complex types, with what they inherit */
	const struct particle *const *content; /* one after the other */
	struct schema_attribute *attributes;
	struct field *fields;
	uint32_t n_content, n_attributes, n_fields;
	bool has_any;             /* a wildcard among its content */
	bool finished, finishing; /* while loading */
};

enum component {
	COMPONENT_TYPE,
	COMPONENT_ELEMENT,
	COMPONENT_ATTRIBUTE,
	COMPONENT_GROUP,
	COMPONENT_ATTRIBUTE_GROUP
};

struct schema; /* the set */

/* The global component; NULL when there is none. */
const struct schema_type *schema_type(const struct schema *schema, struct str ns, struct str name);
const struct schema_element *schema_element(const struct schema *schema, struct str ns, struct str name);

/* The one type of this name in any namespace; NULL when there is none or more than one. */
const struct schema_type *schema_type_anywhere(const struct schema *schema, struct str name);

/* A built-in type as a type. Static, never NULL. */
const struct schema_type *schema_builtin(enum builtin builtin);

/* Is `type` the other or derived from it? */
bool schema_derives(const struct schema_type *type, const struct schema_type *from);

/* The field of that name; the namespace decides between two, and is else not looked at. NULL: none. */
const struct field *schema_field(const struct schema_type *type, struct str ns, struct str name);

/* "string", "Order", or for an anonymous type "a structure" or what its base is called. */
struct str schema_type_name(const struct schema_type *type);
