/* core/source/ingest_forms.h
 *
 * From what a sender posted to events, whatever form it has: CloudEvents structured, batch and binary, plain
 * JSON, NDJSON, and the short form of simple senders. Pure functions, any thread.
 */
#pragma once

#include "format/cloudevents.h"
#include "model/request.h"

struct ingest_request {
	bool is_get;                  /* then the body does not count */
	struct str type;              /* of the short form, from the path; p == NULL: the long form */
	struct str content_type;      /* p == NULL: absent */
	const struct header *headers; /* those that begin with "ce-" are looked at */
	size_t n_headers;
	const struct header *query; /* decoded, in order; only the short form looks at it */
	size_t n_query;
	struct str body;
};

/* Adds the events to the list, all or none. On error ret_status is the answer's: 400 or 415. */
int ingest_translate(const struct ingest_request *request, const struct event_limits *limits, int64_t now_ms,
		     struct event_list *list, int *ret_status, struct error *reterr);
