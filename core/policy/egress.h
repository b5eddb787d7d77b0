/* core/policy/egress.h
 *
 * Which addresses may be connected to. Asked with the address itself, after the name was looked up, for each
 * attempt: what a name meant a moment ago says nothing. Pure; any thread.
 *
 * Everything that is not the public internet is refused: loopback, private and shared ranges, link-local with
 * the clouds' metadata, multicast, reserved and documentation ranges, and the same behind IPv4-mapped and
 * translated IPv6 addresses. What is refused may be allowed by range.
 */
#pragma once

#include "model/peer.h"

struct sockaddr;

enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_LOOPBACK,
	ADDRESS_PRIVATE,
	ADDRESS_LINK_LOCAL,
	ADDRESS_METADATA,
	ADDRESS_TRANSLATED, /* leads to an IPv4 address that a gateway decides on */
	ADDRESS_RESERVED,
};

enum address_kind address_kind(const struct ip_address *address);
const char *address_kind_name(enum address_kind kind); /* "a loopback address" */

/* False when it is neither IPv4 nor IPv6. */
bool ip_address_of(const struct sockaddr *address, struct ip_address *ret);

/* What the operator of the engine allows. */
struct egress {
	const struct network *networks;
	size_t n_networks;
	bool loopback; /* for hosts that the rules themselves write as a loopback address */
};

/* May this address be connected to? `peer` is the service's, or NULL. `written_loopback`: the URL's host is
 * itself a loopback address, or localhost; no name server had a say. */
bool egress_allows(const struct egress *egress, const struct peer_options *peer, bool written_loopback,
		   const struct ip_address *address);

/* Is this host, as it stands in a URL, loopback by itself? An IPv6 address without its brackets. */
bool host_is_loopback(struct str host);
