/* core/soap/wsdl.h
 *
 * A WSDL 1.1 description with its schemas: services, ports, operations, and what goes in and comes out.
 *
 * Loaded once from files that lie in one folder, immutable from then on; any thread may read it. Nothing is
 * fetched.
 */
#pragma once

#include "soap/schema.h"
#include "soap/schema_load.h"

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_SOAP12 "http://www.w3.org/2003/05/soap-envelope"

enum soap_version { SOAP_ANY, SOAP_11, SOAP_12 };
enum soap_addressing { ADDRESSING_NONE, ADDRESSING_2005 };

/* One part of a message: an element of the schemas, or a named value of a type. */
struct soap_part {
	struct str name;
	const struct schema_element *element; /* or NULL */
	const struct schema_type *type;       /* never NULL */
};

struct soap_header {
	struct soap_part part;
	struct str ns; /* for a part that is a type */
	bool encoded, required;
};

struct soap_message {
	bool present; /* a one-way operation has no output */
	bool encoded;
	struct str ns; /* of an rpc call's wrapper */
	struct soap_part *parts;
	struct soap_header *headers;
	uint32_t n_parts, n_headers;
	struct str wsa_action;
};

struct soap_fault {
	struct str name;
	struct soap_part part;
};

struct soap_operation {
	struct str name;
	struct str documentation;
	bool rpc;
	struct str action;
	struct soap_message input, output;
	struct soap_fault *faults;
	uint32_t n_faults;
};

struct soap_port {
	struct str name, address;
	enum soap_version version;
	enum soap_addressing addressing; /* what the binding asks for */
	struct soap_operation *operations;
	uint32_t n_operations;
};

struct soap_service {
	struct str name;
	struct soap_port *ports;
	uint32_t n_ports;
};

struct wsdl {
	struct soap_service *services;
	uint32_t n_services;
	struct str target_ns;
	const struct schema *schema;
};

/* `path` is the WSDL's file as soap_files knows it. Free the result with wsdl_free. Warnings: wsdl_warnings.
 */
int wsdl_load(const struct soap_files *files, struct str path, struct wsdl **ret, struct error *reterr);
void wsdl_free(struct wsdl *wsdl); /* NULL is allowed */

const struct soap_warning *wsdl_warnings(const struct wsdl *wsdl, size_t *ret_more);

/* What a caller asks for by name; an absent name (p == NULL) is any. */
struct soap_choice {
	struct str service, port, operation;
	enum soap_version version;
};

struct soap_target {
	const struct soap_service *service;
	const struct soap_port *port;
	const struct soap_operation *operation;
	enum soap_version version;
};

/* The first operation that fits. The error names what there is. */
int wsdl_find(const struct wsdl *wsdl, const struct soap_choice *choice, struct soap_target *ret,
	      struct error *reterr);
