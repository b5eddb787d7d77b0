/* core/model/peer.h
 *
 * How the server behind a service may be reached. Immutable, lives in the arena of its ruleset.
 */
#pragma once

#include "model/network.h"

struct peer_options {
	const struct network *egress; /* may be reached by this service, beside the public internet */
	size_t n_egress;
	bool host_from_event; /* a tag stands in the URL's host: an event chooses where to */
	bool http2;           /* offered to the server, by TLS alone */
	int redirects_max;    /* followed; 0: none */
	/* Certificates in PEM that may sign the server's, in the place of the system's: the text, or a file's
	 * path. Files may be relative to the rules folder. */
	struct str ca, ca_file;
	struct str crl_file; /* lists of revoked certificates; absent: nobody is asked */
};
