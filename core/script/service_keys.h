/* core/script/service_keys.h
 *
 * The table of a service, key by key, while rules load. Every kind of service is a list of keys: each names
 * the function that reads its value. A new key is one such function and one line in that list
 * (declare_service.c).
 */
#pragma once

#include "script/load.h"

/* The service's table, while it is read. */
struct reading {
	lua_State *L;
	struct loader *loader;
	struct slot *slot;
	struct service *service;
	int table;
	bool has_url;
	bool is_soap;
	struct soap_declaration *soap; /* of a SOAP service, while it is read: declare_soap.c */
	const char *body_key;          /* the one that gave the body; NULL: none so far */
};

/* The value is on top of the stack and stays there; `where` is its place. Reports what is wrong with it. */
struct service_key {
	const char *name;
	void (*read)(struct reading *reading, const char *key, const struct where *where);
};

/* Reports unknown keys, then reads those that are there, in the order of the list. `what`: "http.service". */
void read_keys(struct reading *reading, const char *what, const struct service_key *keys, size_t n);

/* The same for a table within it, at `index`. */
void read_keys_of(struct reading *reading, int index, const char *what, const struct where *where,
		  const struct service_key *keys, size_t n);

/* --- values on top of the stack: service_keys.c */
void wrong_type(struct reading *reading, const struct where *where, const char *key, const char *wanted);
bool read_flag(struct reading *reading, const char *key, const struct where *where, bool otherwise);

/* False when it is no duration from `least_ms` to `most_ms`; that is reported. */
bool read_duration(struct reading *reading, const char *key, const struct where *where, int64_t least_ms,
		   int64_t most_ms, int64_t *ret_ms);

/* --- the request: service_request.c, service_rows.c */
void read_url(struct reading *reading, const char *key, const struct where *where);
void read_body(struct reading *reading, const char *key,
	       const struct where *where); /* form json xml text body */
void read_params(struct reading *reading, const char *key, const struct where *where);
void read_headers(struct reading *reading, const char *key, const struct where *where);
void read_form(struct reading *reading, const char *key, const struct where *where);

/* --- how it proves who asks: service_identity.c; after the headers */
void read_auth(struct reading *reading, const char *key, const struct where *where);
/* --- what goes along: service_content.c; after the body */
void read_mappings(struct reading *reading, const char *key, const struct where *where);
void read_script_result(struct reading *reading, const char *key, const struct where *where);
void read_debug(struct reading *reading, const char *key, const struct where *where);
void read_cloudevents(struct reading *reading, const char *key, const struct where *where);

void read_sign(struct reading *reading, const char *key, const struct where *where);

/* --- what happens to its deliveries: service_delivery.c */
void read_retry(struct reading *reading, const char *key, const struct where *where);
void read_statuses(struct reading *reading, const char *key,
		   const struct where *where); /* success dead_on retry_on */
void read_expires(struct reading *reading, const char *key, const struct where *where);
void read_order(struct reading *reading, const char *key, const struct where *where);

/* --- how much of it may be used, and how its server is reached: service_limits.c */
void read_limit(struct reading *reading, const char *key, const struct where *where);
void read_failing(struct reading *reading, const char *key, const struct where *where);
void read_egress(struct reading *reading, const char *key, const struct where *where);
void read_redirects(struct reading *reading, const char *key, const struct where *where);
void read_http2(struct reading *reading, const char *key, const struct where *where);
void read_ca(struct reading *reading, const char *key, const struct where *where);
void read_crl(struct reading *reading, const char *key, const struct where *where);

#define SERVICE_LIMIT_KEYS                                                             \
	{"limit", read_limit}, {"failing", read_failing}, {"egress", read_egress},     \
		{"redirects", read_redirects}, {"http2", read_http2}, {"ca", read_ca}, \
	{                                                                              \
		"crl", read_crl                                                        \
	}
