/* core/api/json_put.h
 *
 * JSON written member by member. The commas come by themselves: one is put unless a bracket was opened last.
 * Any thread.
 */
#pragma once

#include "base/buf.h"
#include "model/request.h"

void put_item(struct buf *out); /* before each item of an array */
void put_key(struct buf *out, const char *key);

void put_text(struct buf *out, const char *key, struct str text);         /* p == NULL: null */
void put_text_or_null(struct buf *out, const char *key, struct str text); /* also when it is empty */
void put_number(struct buf *out, const char *key, int64_t number);
void put_bool(struct buf *out, const char *key, bool value);
void put_null(struct buf *out, const char *key);

/* RFC 3339 with milliseconds; null for 0. */
void put_time(struct buf *out, const char *key, int64_t ms);

/* "key":["a","b"] */
void put_texts(struct buf *out, const char *key, const struct str *texts, size_t n);

/* "body", or "body_base64" when it is not UTF-8. */
void put_body(struct buf *out, struct str body);

/* "headers":{…}. Several of one name are one member, their values joined as in a header line; secrets are
 * masked. */
void put_headers(struct buf *out, const struct header *headers, size_t n);
