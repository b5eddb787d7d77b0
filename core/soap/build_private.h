/* core/soap/build_private.h
 *
 * What the parts of the envelope builder share: values (build_value.c), content models (build_content.c),
 * attributes (build_attributes.c), SOAP encoding (build_encoded.c) and envelopes (envelope.c). Not for
 * others.
 */
#pragma once

#include "soap/envelope.h"
#include "soap/simple.h"

enum {
	BUILD_DEPTH_MAX = 64,
	BUILD_STEPS_MAX = 2 * 1000 * 1000,
	BUILD_NAMESPACES_MAX = 100,
	BUILD_OUT_MAX = 16 << 20,
	BUILD_SCRATCH_MAX = 64 << 20,
	LENIENT_DEPTH_MAX = 12,
};

struct build {
	const struct wsdl *wsdl;
	struct buf *out;
	struct arena scratch;
	struct str namespaces[BUILD_NAMESPACES_MAX];
	size_t n_namespaces;
	struct soap_path_step path[BUILD_DEPTH_MAX];
	size_t depth, steps;
	enum soap_version version;
	bool encoded;             /* rpc/encoded: types are written beside values */
	bool lenient;             /* what is missing is filled with empty values */
	bool some;                /* only a check, and not all arguments are known */
	bool empty_is_list;       /* an empty table stands for no values where several may stand */
	struct soap_path *failed; /* takes the path of an error; NULL is allowed */
	struct error *error;
};

/* One member of an argument object and how much of it has been used. */
struct slot {
	struct str key;
	const struct value *value;
	uint32_t n, next; /* values in it, and the first that is not used yet */
};

struct slots {
	struct slot *items;
	uint32_t n;
	const struct schema_type *type;
	bool any_seen;
};

int build_fail(struct build *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool build_push(struct build *b, struct str name, uint32_t index);
void build_pop(struct build *b);

/* Adds the prefix of a namespace with its colon; nothing for no namespace. */
void build_prefix(struct build *b, struct str ns);
void build_name(struct build *b, struct str ns, struct str name);

int build_slots(struct build *b, const struct value *object, const struct schema_type *type,
		struct slots *ret);
struct slot *build_slot(const struct slots *slots, struct str key);

/* The content of a complex type, from its slots. */
int build_content(struct build *b, const struct schema_type *type, struct slots *slots);

/* What of the slots nothing took: unknown fields, too many values. */
int build_leftovers(struct build *b, const struct slots *slots);

/* What a value is declared as. */
struct declared {
	struct str ns, name;
	const struct schema_type *type;
	bool nillable;
	struct str fixed;
};

int build_element(struct build *b, const struct declared *declared, const struct value *value);

/* The attributes of a start tag that is still open. */
int build_attributes(struct build *b, const struct schema_type *type, struct slots *slots);

/* The text of a simple value, checked. */
int build_text(struct build *b, const struct schema_type *type, const struct value *value, struct str *ret);
struct str build_empty_text(const struct schema_type *type);

/* An attribute whose value is the qualified name of a type: xsi:type. */
void build_xsi_type(struct build *b, const struct schema_type *type);

int build_encoded_array(struct build *b, const struct declared *declared, const struct value *value);
bool build_takes_array(const struct schema_type *type);
bool build_is_unknown(const struct value *value);
struct str value_kind_name(const struct value *value);
