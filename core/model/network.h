/* core/model/network.h
 *
 * A range of addresses, as operators write it: "10.0.0.0/8", "192.168.7.4", "fd00:1::/32". IPv4 is kept as
 * IPv6 maps it (::ffff:a.b.c.d), so that one comparison serves both. Any thread.
 */
#pragma once

#include "base/error.h"

struct ip_address {
	uint8_t bytes[16];
};

struct network {
	struct ip_address address;
	int bits; /* of the 128 that count */
};

/* False when the text is no address. "[::1]" is none. */
bool ip_address_parse(struct str text, struct ip_address *ret);

/* An address alone is a network of one. Fails on what is neither, and when bits are set behind the prefix:
 * 10.1.2.3/8 is a slip, and a guess would allow more than was meant. */
int network_parse(struct str text, struct network *ret, struct error *reterr);

bool network_holds(const struct network *network, const struct ip_address *address);
