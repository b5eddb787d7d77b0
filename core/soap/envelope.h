/* core/soap/envelope.h
 *
 * Values into SOAP envelopes.
 *
 * Arguments are a JSON object (model/value.h): a key is the local name of an element, in any order; "@name"
 * is an attribute, "#text" the text beside attributes, "#any" a list of XML texts for a wildcard, "@xsi:type"
 * a type as
 * "{namespace}Name". An array repeats its element, null is xsi:nil. For document style the keys are the
 * children of the body's element, for rpc and for a body of several parts the names of the parts. Everything
 * is checked against the schemas; an error names the field by its path, as in
 * "CreateOrder/order/lines[2]/sku". Any thread.
 */
#pragma once

#include "model/value.h"
#include "soap/security.h"
#include "soap/wsdl.h"

struct soap_addressing_headers {
	struct str action, to, message_id, reply_to; /* action.p == NULL: no addressing headers */
};

struct soap_envelope_options {
	const struct value *headers; /* an object: key = local name of the header's element; or NULL */
	const struct soap_security *security;
	struct soap_addressing_headers addressing;
	bool empty_is_list; /* Lua's empty table stands for no values where several may stand */
};

/* Adds the request for these arguments to `out`. `options` may be NULL. */
int soap_request_build(const struct wsdl *wsdl, const struct soap_target *target, const struct value *args,
		       const struct soap_envelope_options *options, struct buf *out, struct error *reterr);

/* The answer that a service would give: what `output` lacks is filled with empty values (texts empty, numbers
 * 0, false, the first of an enumeration). For simulated answers. `output` may be NULL: all of it is empty.
 * Wrong and unknown fields are errors. */
int soap_answer_build(const struct wsdl *wsdl, const struct soap_target *target, const struct value *output,
		      struct buf *out, struct error *reterr);

/* Where in the arguments an error is: "CreateOrder", "order", "lines"[2], "sku". The names are the arguments'
 * and the WSDL's. */
struct soap_path_step {
	struct str name;
	uint32_t index; /* from 1; 0: not one of several */
};

struct soap_path {
	struct soap_path_step steps[64];
	size_t n;
};

/* A value that is not known yet, for checks: it fits everywhere. */
struct value soap_unknown_value(void);

/* Checks arguments without building anything: the first error. With `some` missing fields are not looked for:
 * not all arguments are known. `ret_path` is filled with an error, and may be NULL. */
int soap_request_check(const struct wsdl *wsdl, const struct soap_target *target, const struct value *args,
		       const struct value *headers, bool some, struct soap_path *ret_path,
		       struct error *reterr);

/* An envelope around a body that is already XML, for services without a WSDL. */
int soap_envelope_wrap(enum soap_version version, struct str body,
		       const struct soap_envelope_options *options, struct buf *out, struct error *reterr);

/* The Content-Type of a request. */
void soap_content_type(struct buf *out, enum soap_version version, struct str action);
