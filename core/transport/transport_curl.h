/* core/transport/transport_curl.h
 *
 * The real transport: libcurl's multi interface on a libuv loop. HTTP/1.1, connections kept and reused, http
 * and https only, no proxy from the environment, names resolved by uv_getaddrinfo and pinned. The address of
 * each new connection is checked before it is opened, and that of a kept one before it is used again.
 */
#pragma once

#include "policy/egress.h"
#include "transport/transport.h"

#include <uv.h>

struct transport_curl_options {
	int connections_max;          /* open at once, of all hosts; 0: 1,000 */
	int connections_per_host_max; /* 0: 200 */
	int idle_handles_max;         /* pooled easy handles; 0: 200 */
	const char *user_agent;       /* "switchhook/0.1"; lives as long as the transport */
	const char *ca_file;          /* NULL: the system's; tests have their own */
	const char *files_folder;     /* of relative paths of certificates; NULL: the working folder */
	const struct egress *egress;  /* lives as long as the transport; NULL: any address, for a client whose
					 user names it */
	const char *proxy;            /* "http://proxy:3128": everything goes by it; NULL: none */
};

/* Call once in the process before the first, and after the last. */
int transport_curl_global_init(void);
void transport_curl_global_finish(void);

/* Is this a proxy's URL: http://HOST:PORT? Any thread. */
int transport_proxy_check(const char *proxy, struct error *reterr);

/* Creates it on the loop's thread. `clock` and `timers` are the thread's own (base/timers.h): whoever drives
 * the loop runs the timers. transport_destroy closes its handles; the loop must be run until they are closed.
 */
/* "7.88.1". Any thread. */
const char *transport_curl_version(void);

int transport_curl_create(uv_loop_t *loop, struct clock *clock, struct timers *timers,
			  const struct transport_curl_options *options, struct transport **ret,
			  struct error *reterr);
