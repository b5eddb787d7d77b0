#include "policy/egress.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { IPV4 = 12 };

struct range {
	uint8_t first[4];
	int bits;
	enum address_kind kind;
};

/* IANA's special-purpose registries, and the metadata services that lie outside of link-local. The first that
 * fits counts. */
static const struct range ipv4_ranges[] = {
	{{169, 254, 169, 254}, 32, ADDRESS_METADATA}, /* AWS, GCP, Azure, and most others */
	{{169, 254, 170, 2}, 32, ADDRESS_METADATA},   /* AWS ECS */
	{{100, 100, 100, 200}, 32, ADDRESS_METADATA}, /* Alibaba */
	{{168, 63, 129, 16}, 32, ADDRESS_METADATA},   /* Azure's wire server; public by its number */
	{{192, 0, 0, 192}, 32, ADDRESS_METADATA},     /* Oracle */
	{{0, 0, 0, 0}, 8, ADDRESS_LOOPBACK},          /* Linux takes 0.0.0.0 for this machine */
	{{127, 0, 0, 0}, 8, ADDRESS_LOOPBACK},        {{10, 0, 0, 0}, 8, ADDRESS_PRIVATE},
	{{100, 64, 0, 0}, 10, ADDRESS_PRIVATE},       {{172, 16, 0, 0}, 12, ADDRESS_PRIVATE},
	{{192, 168, 0, 0}, 16, ADDRESS_PRIVATE},      {{169, 254, 0, 0}, 16, ADDRESS_LINK_LOCAL},
	{{192, 0, 0, 0}, 24, ADDRESS_RESERVED},       {{192, 0, 2, 0}, 24, ADDRESS_RESERVED},
	{{192, 88, 99, 0}, 24, ADDRESS_RESERVED},     {{198, 18, 0, 0}, 15, ADDRESS_RESERVED},
	{{198, 51, 100, 0}, 24, ADDRESS_RESERVED},    {{203, 0, 113, 0}, 24, ADDRESS_RESERVED},
	{{224, 0, 0, 0}, 3, ADDRESS_RESERVED}, /* multicast, reserved, broadcast */
};

static const struct {
	uint8_t first[16];
	int bits;
	enum address_kind kind;
} ipv6_ranges[] = {
	{{0xfd, 0, 0x0e, 0xc2, [15] = 0x54, [14] = 0x02}, 128, ADDRESS_METADATA}, /* AWS: fd00:ec2::254 */
	{{0xfd, 0x20, 0, 0xce, [15] = 0x54, [14] = 0x02}, 128, ADDRESS_METADATA}, /* GCP: fd20:ce::254 */
	{{[15] = 1}, 128, ADDRESS_LOOPBACK},
	{{0}, 128, ADDRESS_LOOPBACK}, /* Linux takes :: for this machine */
	{{0xfc}, 7, ADDRESS_PRIVATE},
	{{0xfe, 0xc0}, 10, ADDRESS_PRIVATE},
	{{0xfe, 0x80}, 10, ADDRESS_LINK_LOCAL},
	{{0x20, 0x01}, 32, ADDRESS_TRANSLATED},                /* Teredo */
	{{0x20, 0x02}, 16, ADDRESS_TRANSLATED},                /* 6to4 */
	{{0, 0x64, 0xff, 0x9b, 0, 1}, 48, ADDRESS_TRANSLATED}, /* NAT64 of a site's own */
	{{0}, 96, ADDRESS_TRANSLATED},                         /* IPv4-compatible */
	{{[8] = 0xff, [9] = 0xff}, 96, ADDRESS_TRANSLATED},    /* SIIT: ::ffff:0:a.b.c.d */
	{{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_RESERVED},
	{{0x3f, 0xff}, 20, ADDRESS_RESERVED},
};

static bool is_mapped(const struct ip_address *address)
{
	static const uint8_t prefix[IPV4] = {[10] = 0xff, [11] = 0xff};
	return memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

/* The well-known NAT64: the way to the IPv4 internet from a network that has only IPv6. */
static bool is_nat64(const struct ip_address *address)
{
	static const uint8_t prefix[IPV4] = {0, 0x64, 0xff, 0x9b};
	return memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

/* ISATAP: an interface id that holds an IPv4 address, below any prefix. */
static bool is_isatap(const struct ip_address *address)
{
	const uint8_t *id = address->bytes + 8;
	return (id[0] & 0xfd) == 0 && id[1] == 0 && id[2] == 0x5e && id[3] == 0xfe;
}

static enum address_kind ipv4_kind(const uint8_t *bytes)
{
	struct ip_address address = {{[10] = 0xff, [11] = 0xff}};
	memcpy(address.bytes + IPV4, bytes, 4);
	for (size_t i = 0; i < countof(ipv4_ranges); i++) {
		struct network network = {{{[10] = 0xff, [11] = 0xff}}, 96 + ipv4_ranges[i].bits};
		memcpy(network.address.bytes + IPV4, ipv4_ranges[i].first, 4);
		if (network_holds(&network, &address))
			return ipv4_ranges[i].kind;
	}
	return ADDRESS_PUBLIC;
}

enum address_kind address_kind(const struct ip_address *address)
{
	if (is_mapped(address) || is_nat64(address))
		return ipv4_kind(address->bytes + IPV4);
	for (size_t i = 0; i < countof(ipv6_ranges); i++) {
		struct network network = {.bits = ipv6_ranges[i].bits};
		memcpy(network.address.bytes, ipv6_ranges[i].first, 16);
		if (network_holds(&network, address))
			return ipv6_ranges[i].kind;
	}
	if (is_isatap(address))
		return ADDRESS_TRANSLATED;
	/* Nothing else was ever given out. */
	return (address->bytes[0] & 0xe0) == 0x20 ? ADDRESS_PUBLIC : ADDRESS_RESERVED;
}

const char *address_kind_name(enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_PUBLIC:
		return "a public address";
	case ADDRESS_LOOPBACK:
		return "a loopback address";
	case ADDRESS_PRIVATE:
		return "a private address";
	case ADDRESS_LINK_LOCAL:
		return "a link-local address";
	case ADDRESS_METADATA:
		return "a cloud's metadata service";
	case ADDRESS_TRANSLATED:
		return "a translated address";
	case ADDRESS_RESERVED:
		return "a reserved address";
	}
	return "an unknown address";
}

bool ip_address_of(const struct sockaddr *address, struct ip_address *ret)
{
	struct ip_address found = {{[10] = 0xff, [11] = 0xff}};
	if (address->sa_family == AF_INET)
		memcpy(found.bytes + IPV4, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(found.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	else
		return false;
	*ret = found;
	return true;
}

static bool any_holds(const struct network *networks, size_t n, const struct ip_address *address)
{
	for (size_t i = 0; i < n; i++)
		if (network_holds(&networks[i], address))
			return true;
	return false;
}

bool egress_allows(const struct egress *egress, const struct peer_options *peer, bool written_loopback,
		   const struct ip_address *address)
{
	enum address_kind kind = address_kind(address);
	if (kind == ADDRESS_PUBLIC)
		return true;
	if (kind == ADDRESS_LOOPBACK && egress->loopback && written_loopback &&
	    !(peer && peer->host_from_event))
		return true;
	return any_holds(egress->networks, egress->n_networks, address) ||
	       (peer && any_holds(peer->egress, peer->n_egress, address));
}

bool host_is_loopback(struct str host)
{
	struct ip_address address;
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (str_eq_nocase(host, STR("localhost")))
		return true;
	return ip_address_parse(host, &address) && address_kind(&address) == ADDRESS_LOOPBACK;
}
