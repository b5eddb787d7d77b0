/* core/source/ingest_private.h
 *
 * The translation of requests to events as its own files see it.
 */
#pragma once

#include "source/ingest_forms.h"

/* A content type without its parameters. Fails when it is malformed or names a charset that is not UTF-8. */
int media_type_parse(struct str text, struct str *ret, struct error *reterr);

/* CloudEvents binary mode: attributes in `ce-` headers, data in the body. source/ingest_binary.c */
bool ingest_is_binary(const struct ingest_request *request);
int ingest_binary(const struct ingest_request *request, struct str media_type,
		  const struct event_limits *limits, int64_t now_ms, struct event_list *list, int *ret_status,
		  struct error *reterr);

/* One event from path, query and a flat body. source/ingest_short.c */
int ingest_short(const struct ingest_request *request, struct str media_type,
		 const struct event_limits *limits, int64_t now_ms, struct event_list *list, int *ret_status,
		 struct error *reterr);
