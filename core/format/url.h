/* core/format/url.h
 *
 * What a URL must be before anything is sent to it. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* http or https, a host, perhaps a port; no user and password, no control characters. Bytes past ASCII and
 * spaces are allowed behind the host: url_encode_rest is for them. Errors never show the URL, which can hold
 * secrets. */
int url_check(struct str url, struct error *reterr);

/* Adds `url` to `out`, with what is not ASCII, and spaces, percent-encoded. */
void url_encode_rest(struct buf *out, struct str url);

/* Is there anything to encode? */
bool url_needs_encoding(struct str url);
