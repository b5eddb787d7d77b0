/* core/api/mask.h
 *
 * What the delivery log does not show of requests and answers. Any thread.
 */
#pragma once

#include "base/buf.h"

/* Is the value of this header a secret? The case of `name` is ignored. */
bool header_is_secret(struct str name);

/* The URL, with three stars for a password. */
void mask_url(struct buf *out, struct str url);
