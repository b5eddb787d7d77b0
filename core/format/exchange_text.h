/* core/format/exchange_text.h
 *
 * Requests and attempts as text, as the journal keeps them and the delivery log shows them. Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/request.h"
#include "model/value.h"

/* As on the wire, but for the line ends: "POST http://…\nname: value\n…\n\nbody". Exact: request_from_text
 * gives the same bytes. A slot for a secret is one more line, ":secret: body 0 17 json crm_key". */
void request_to_text(struct buf *out, const struct request *request);

/* One allocation, free() it; NULL when the text is none of ours. */
struct request *request_from_text(struct str text);

/* One attempt as a JSON object: at_ms (wall clock), took_ms, status, error (class, or null), detail, headers,
 * body (at most body_max bytes; body_base64 when it is not UTF-8), cut. */
void attempt_to_json(struct buf *out, int64_t at_ms, const struct answer *answer, size_t body_max);

/* The answer of such an object, with its time of arrival; one allocation, free() it. NULL when it is none of
 * ours. */
struct answer *attempt_from_json(const struct value *attempt, int64_t *ret_at_ms);
