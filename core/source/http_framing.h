/* core/source/http_framing.h
 *
 * Is the head of a request one that every server on its way reads alike? Requests that two servers could cut
 * apart differently are refused: that is how one sender's bytes become another's request. Pure functions.
 */
#pragma once

#include "base/error.h"
#include "model/request.h"

struct http_framing {
	bool chunked;
	bool has_length;
	uint64_t length; /* of the body, when has_length */
};

/* Checks names, values, Host, Content-Length, Transfer-Encoding, Expect and the headers that may come only
 * once. `version` is "HTTP/1.1" and the like. On error ret_status is the answer's: 400, 417 or 501, and the
 * connection must be closed after it. */
int http_framing_check(struct str version, const struct header *headers, size_t n, struct http_framing *ret,
		       int *ret_status, struct error *reterr);

/* Do the header lines, as they lie in the parsed text from `start` (the first name) to `end` (the body),
 * follow each other with exactly CR LF between them? If not, some text was skipped or moved by the parser: a
 * folded line, a NUL, a bare LF. */
bool http_framing_is_whole(const char *start, const char *end, const struct header *headers, size_t n);

/* Is the request target free of spaces, controls, '%' without two hex digits, and %00? */
int http_framing_check_target(struct str target, struct error *reterr);
