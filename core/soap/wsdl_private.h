/* core/soap/wsdl_private.h
 *
 * What the two halves of the WSDL loader share: documents into a table of named items (wsdl_load.c), and
 * those into services with operations (wsdl_bind.c). Not for others.
 */
#pragma once

#include "soap/schema_private.h"
#include "soap/wsdl.h"

#define NS_WSDL        "http://schemas.xmlsoap.org/wsdl/"
#define NS_WSDL20      "http://www.w3.org/ns/wsdl"
#define NS_WSDL_SOAP11 "http://schemas.xmlsoap.org/wsdl/soap/"
#define NS_WSDL_SOAP12 "http://schemas.xmlsoap.org/wsdl/soap12/"

enum wsdl_kind { WSDL_MESSAGE, WSDL_PORT_TYPE, WSDL_BINDING, WSDL_SERVICE };

struct wsdl_item {
	enum wsdl_kind kind;
	struct str name;
	const struct xml_node *node;
	const struct schema_document *document; /* the WSDL it stands in: path and namespace */
	struct wsdl_item *next;
	struct soap_operation *operations; /* of a binding, once it is bound */
	uint32_t n_operations;
	bool bound;
	UT_hash_handle hh;
	size_t key_n;
	char key[];
};

struct wsdl_loaded {
	struct wsdl wsdl; /* first: what others see */
	struct arena arena, scratch;
	struct schema *schema;
	struct wsdl_item *table, *first, **last;
	struct schema_document *documents; /* WSDL files that were taken in */
	size_t guesses;                    /* names found in another namespace */
};

static inline bool is_wsdl(const struct xml_node *node, const char *name)
{
	return xml_is(node, STR(NS_WSDL), str_of(name));
}

struct wsdl_item *wsdl_item_find(struct wsdl_loaded *loaded, enum wsdl_kind kind, const struct xml_node *node,
				 const struct schema_document *document, struct str qname);

int wsdl_bind(struct wsdl_loaded *loaded, struct error *reterr);

/* Once the schemas are finished: what type each part has. */
void wsdl_settle(struct wsdl_loaded *loaded);
