/* core/soap/client.h
 *
 * A declared SOAP service: which description it goes by, and what its answers mean. Immutable once made; any
 * thread.
 */
#pragma once

#include "model/request.h"
#include "soap/answer.h"
#include "soap/envelope.h"

enum { SOAP_FAULT_RULES_MAX = 32, SOAP_INPUTS_MAX = 200 };

/* What a service says about a fault by its code, in the place of the general rule. */
struct soap_fault_rule {
	struct str code;
	bool retry;
};

struct soap_client {
	const struct wsdl *wsdl;        /* NULL: the body is XML by hand */
	struct soap_choice choice;      /* operation: the one of `fire`; p == NULL: none */
	struct str action;              /* by hand */
	enum builtin returns;           /* by hand: the type of the result */
	bool addressing, no_addressing; /* in the place of what the binding asks for */
	struct str username, password;
	bool has_security, digest, secret_password;
	int64_t timestamp_ms; /* 0: none */
	struct soap_fault_rule faults[SOAP_FAULT_RULES_MAX];
	size_t n_faults;
};

/* One input of an operation without WSDL. */
struct soap_input {
	struct str name, type; /* type: "string", "int", … of XML Schema */
	bool optional;
};

struct soap_by_hand {
	struct str ns, service, port, operation, action, endpoint;
	enum soap_version version;
	bool qualified; /* the inputs are in the namespace, as with .NET */
	const struct soap_input *inputs;
	size_t n_inputs;
};

/* An operation by hand as a WSDL of its own, so that it is checked, built and read like all others. Free with
 * wsdl_free. */
int soap_by_hand_wsdl(const struct soap_by_hand *by_hand, struct wsdl **ret, struct error *reterr);

/* The operation of that name (p == NULL: the declared one). */
int soap_client_find(const struct soap_client *client, struct str operation, struct soap_target *ret,
		     struct error *reterr);

/* The SOAPAction of a request, which is also the action of WS-Addressing when nothing else is said. */
struct str soap_client_action(const struct soap_client *client, const struct soap_target *target);

/* Which operation a request calls, by its body; p == NULL when that cannot be told. The text is the WSDL's.
 */
struct str soap_client_operation(const struct soap_client *client, const struct request *request);

/* Reads an answer. The result lives in `arena`. */
int soap_client_read(const struct soap_client *client, struct str operation, const struct answer *answer,
		     struct arena *arena, struct soap_answer *ret, struct error *reterr);

/* What the answer to a delivery is: a fault makes it a failure, whatever its status, and one that is the
 * sender's (Client, Sender), or of an unknown code, is final. A success that is no envelope is a failure too.
 */
void soap_client_judge(const struct soap_client *client, struct answer *answer);

/* The scripted answer of a simulated service to this request: its output from a value (NULL: empty). */
int soap_client_answer(const struct soap_client *client, const struct request *request,
		       const struct value *output, struct buf *out, struct error *reterr);
