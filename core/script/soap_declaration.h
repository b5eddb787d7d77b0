/* core/script/soap_declaration.h
 *
 * A SOAP service while it is read: what declare_soap.c (WSDL and all that both kinds have) and soap_hand.c
 * (an operation by hand) share.
 */
#pragma once

#include "script/service_keys.h"

#include "soap/client.h"

struct soap_declaration {
	struct soap_client *client;
	struct str wsdl; /* its path; p == NULL: by hand */
	struct where wsdl_where, operation_where;
	bool broken, has_endpoint, has_args, has_xml;

	/* by hand */
	struct str ns;
	bool qualified;
	struct soap_input *inputs;
	size_t n_inputs;
};

/* The text on top of the stack, kept; false, and reported, when it is none. */
bool soap_text(struct reading *reading, const char *key, const struct where *where, struct str *ret);

/* It lives as long as the file's unit. */
void soap_own_wsdl(struct loader *loader, struct wsdl *wsdl);

/* Moves `where` from the arguments to the field that the path names. */
void soap_mark(const struct soap_path *path, struct where *where);

void soap_read_later(struct reading *reading, const char *key, const struct where *where);
void soap_read_namespace(struct reading *reading, const char *key, const struct where *where);
void soap_read_action(struct reading *reading, const char *key, const struct where *where);
void soap_read_qualified(struct reading *reading, const char *key, const struct where *where);
void soap_read_inputs(struct reading *reading, const char *key, const struct where *where);
void soap_read_returns(struct reading *reading, const char *key, const struct where *where);
void soap_read_xml(struct reading *reading, const char *key, const struct where *where);

/* The operation by hand, once all keys are read. */
void soap_by_hand(struct reading *reading);
