/* core/soap/answer.h
 *
 * What a service answered: an envelope of either version, read by the schemas into a value, or a fault.
 *
 * Lists are always arrays where the schema allows more than one, integers, booleans and floats are numbers
 * and booleans, all other simple types texts; nil is null, "@name" an attribute, "#text" the text beside
 * attributes,
 * "#any" a list of XML texts. Prefixes do not matter, and small mistakes of services (an element in the wrong
 * namespace, an unknown one) are taken as they are meant. Any thread.
 */
#pragma once

#include "model/value.h"
#include "soap/wsdl.h"

struct soap_answer {
	bool is_fault;
	struct value output; /* of a fault: null */
	struct {
		struct str code;    /* "Client", "Receiver", "InvalidOrder": the local part */
		struct str subcode; /* of SOAP 1.2; p == NULL: none */
		struct str reason;
		struct value detail; /* an object by the names of its elements; null: none */
		bool retry;          /* Server and Receiver: the other side may do better later */
	} fault;
};

struct soap_answer_limits {
	size_t bytes;  /* 0: 8 MiB */
	size_t values; /* made of one answer; 0: 500,000 */
};

/* `content_type` (may be absent) finds the envelope in a multipart answer. `target` may be NULL for a service
 * without WSDL: then everything is text. The result lives in `arena`. Errors: no XML, no envelope. */
int soap_answer_read(const struct wsdl *wsdl, const struct soap_target *target, struct str body,
		     struct str content_type, const struct soap_answer_limits *limits, struct arena *arena,
		     struct soap_answer *ret, struct error *reterr);

/* The fault as an error value: {"kind":"fault","code":…,"reason":…,"detail":…}. */
int soap_fault_value(const struct soap_answer *answer, struct arena *arena, struct value *ret);

/* The root part of a multipart/related answer (MTOM, attachments), else all of it. */
struct str soap_multipart_root(struct str body, struct str content_type);
