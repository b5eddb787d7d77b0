/* core/format/json.h
 *
 * JSON text (RFC 8259) to values and back. Reading is yajl's; numbers keep their text. Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/value.h"

struct json_limits {
	size_t depth;  /* of arrays and objects; 0: 64 */
	size_t values; /* how many in all; 0: 100,000 */
};

/* Reads one document; everything lives in `arena`. Errors have line and column (in bytes, from 1) and say
 * what is wrong. */
int json_parse(struct str text, struct json_limits limits, struct arena *arena, struct value *ret,
	       struct error *reterr);

/* The same without a copy of the text: strings point into `text`, which must live as long as `arena`. */
int json_parse_in_place(struct str text, struct json_limits limits, struct arena *arena, struct value *ret,
			struct error *reterr);

/* Goes over one document without reading it: `*at` as below; ret is the document. What is wrong inside of
 * strings shows only when it is parsed. */
int json_skip(struct str text, size_t *at, struct str *ret, struct error *reterr);

/* An error found in a part of `text` that starts at `from`: makes line and column count from the start of
 * `text`. An error without a place gets that of the part's start. */
void json_error_in(struct error *error, struct str text, size_t from);

/* As a reader of several documents in one text: `*at` is where to begin and, afterwards, where the next
 * begins. White space between is skipped; returns 1 when there is none left. Line and column count from the
 * start of `text`. */
int json_parse_next(struct str text, size_t *at, struct json_limits limits, struct arena *arena,
		    struct value *ret, struct error *reterr);

void json_write(struct buf *out, const struct value *value);

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD: what we write is always valid. */
void json_write_string(struct buf *out, struct str s);

/* The same without the quotes. */
void json_write_escaped(struct buf *out, struct str s);

/* The shortest text that reads back as the same number; NaN and infinities, which JSON cannot say, become
 * null. */
void json_write_double(struct buf *out, double number);
