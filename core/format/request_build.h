/* core/format/request_build.h
 *
 * From a service and an event to the exact bytes of a request.
 */
#pragma once

#include "base/error.h"
#include "model/event.h"
#include "model/limits.h"
#include "model/request.h"
#include "model/runlog.h"
#include "model/service.h"

enum { REQUEST_BODY_MAX = LIMIT_BODY_MOST, REQUEST_URL_MAX = 8192, REQUEST_HEADERS_MAX = 32768 };

/* Parts that a rule gives instead of the declared ones: final values, not templates. Absent parts have p ==
 * NULL. */
struct overrides {
	struct str method;
	struct str url;
	const struct header *params, *headers; /* each replaces the declared one of its name, or is added */
	size_t n_params, n_headers;
	bool has_body;
	enum body_kind body_kind;
	struct str body;           /* JSON, XML, TEXT, RAW: as it goes out */
	const struct header *form; /* FORM: all rows */
	size_t n_form;

	/* Values of the declared rows that are functions, in order: params, headers, form. */
	const struct str *dynamic;
	size_t n_dynamic;
};

/* Builds the request; `overrides` may be NULL. The result is one allocation, free() it. Adds content-type
 * where a body kind has one and no header says otherwise. Fails on a URL that is not http or https or has no
 * host, a header name that is not a token, a header that the engine itself must set (host, content-length,
 * transfer-encoding, connection and the like), sizes above the limits, and, if the service is strict, an
 * absent tag. Secrets are masked, and the request's slots say where they go. */
int request_build(const struct service *service, const struct event *event, const struct overrides *overrides,
		  struct runlog *log, struct request **ret, struct error *reterr);

/* May a rule set this header? `name` in lower case. */
bool header_is_ours(struct str name);
bool header_name_is_token(struct str name);
bool header_value_is_clean(struct str value); /* no control characters */
