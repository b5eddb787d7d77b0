/* core/model/service.h
 *
 * A declared web service. Immutable once loaded, shared by threads; lives in the arena of its unit.
 */
#pragma once

#include "model/auth.h"
#include "model/mapping.h"
#include "model/peer.h"
#include "model/retry.h"
#include "model/service_limits.h"
#include "model/template.h"

/* How the event itself goes along. */
enum cloudevents_mode { CLOUDEVENTS_NONE, CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BINARY };

enum body_kind { BODY_NONE, BODY_FORM, BODY_JSON, BODY_XML, BODY_TEXT, BODY_RAW };

/* A name and its value. A dynamic one gets its value from a function of the call, in Lua. */
struct row {
	struct str name;
	struct template value;
	bool dynamic;
};

struct rows {
	const struct row *rows;
	size_t n;
	bool dynamic; /* the whole list comes from a function of the call */
};

struct unit;
struct soap_client;

struct service {
	struct str name;  /* unique among all services; "group.key" unless the rules name it */
	struct str group; /* last part of the module's name: "crm" of services/crm.lua */
	struct str key;   /* its key in the table that the module returns; empty for a service that a campaign
			     keeps to itself */
	uint64_t hash;    /* of the name: chooses its shard */

	bool active;
	bool strict;  /* a tag that the event lacks stops the send */
	bool dynamic; /* some part is a function of the call: building needs Lua */

	struct str method;
	struct template url;
	bool url_dynamic;
	struct rows params, headers;
	enum body_kind body_kind;
	struct template body; /* JSON, XML, TEXT, RAW */
	struct rows form;     /* FORM */
	bool body_dynamic;

	int64_t timeout_ms; /* a whole attempt */
	struct retry_policy retry;
	int64_t expires_ms; /* after this it is not sent any more; 0: never too late */
	bool unordered;     /* deliveries of one call may overtake each other */
	struct peer_options peer;
	struct service_limits limits;

	enum cloudevents_mode cloudevents;
	bool script_result;              /* the agent's whole script goes along */
	bool debug;                      /* answers are kept in full */
	const struct mappings *mappings; /* NULL: values are sent as they are */
	const struct auth *const *auths; /* at most one of a kind */
	size_t n_auths;
	const struct signing *sign;     /* NULL: not signed */
	const struct soap_client *soap; /* soap/client.h; NULL: an HTTP service */

	struct str file; /* where it was declared */
	int line;
	const struct unit *unit; /* that declared it, and keeps it alive */
};
