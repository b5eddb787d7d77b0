/* core/transport/target.h
 *
 * Where a URL points. Stricter than curl, so that both always understand the same host and port: only what
 * this file took apart is resolved, and only what was resolved is connected to. Any thread.
 */
#pragma once

#include "base/base.h"

enum target_kind { TARGET_NAME, TARGET_IPV4, TARGET_IPV6 };

enum { TARGET_HOST_MAX = 253 };

struct target {
	struct str host; /* points into the URL; an IPv6 address without its brackets */
	uint16_t port;
	bool tls;
	enum target_kind kind;
};

/* NULL when the URL is good, else why it is not; a text that shows nothing of the URL. */
const char *target_parse(struct str url, struct target *ret);
