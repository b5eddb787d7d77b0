#include "model/network.h"

#include <arpa/inet.h>

enum { TEXT_MAX = INET6_ADDRSTRLEN, IPV4_OFFSET = 12, IPV4_BITS_OFFSET = 96 };

static const uint8_t mapped[IPV4_OFFSET] = {[10] = 0xff, [11] = 0xff};

static bool is_ipv4(struct str text)
{
	return text.n && !memchr(text.p, ':', text.n);
}

bool ip_address_parse(struct str text, struct ip_address *ret)
{
	char z[TEXT_MAX + 1];
	struct ip_address address;
	if (text.n > TEXT_MAX)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	memcpy(address.bytes, mapped, sizeof mapped);
	bool good = is_ipv4(text) ? inet_pton(AF_INET, z, address.bytes + IPV4_OFFSET) == 1
				  : inet_pton(AF_INET6, z, address.bytes) == 1;
	if (good)
		*ret = address;
	return good;
}

static bool parse_bits(struct str text, int most, int *ret)
{
	int bits = 0;
	if (text.n == 0 || text.n > 3)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		bits = bits * 10 + (text.p[i] - '0');
	}
	*ret = bits;
	return bits <= most;
}

/* The bits of byte `i` that belong to the network. */
static uint8_t mask_of(int bits, int i)
{
	int here = bits - i * 8;
	return here >= 8 ? 0xff : here <= 0 ? 0 : (uint8_t)(0xff << (8 - here));
}

int network_parse(struct str text, struct network *ret, struct error *reterr)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct str address = {text.p, slash ? (size_t)(slash - text.p) : text.n};
	struct network network = {.bits = 128};
	int offset = is_ipv4(address) ? IPV4_BITS_OFFSET : 0, bits = 128 - offset;
	if (!ip_address_parse(address, &network.address) ||
	    (slash && !parse_bits((struct str){slash + 1, (size_t)(text.p + text.n - slash - 1)},
				  128 - offset, &bits))) {
		error_set(reterr, "'%.*s' is no range of addresses", text.n < 80 ? (int)text.n : 80, text.p);
		error_hint(reterr, "write 10.0.0.0/8, 192.168.7.4 or fd00::/8");
		return -1;
	}
	network.bits = bits + offset;
	for (int i = 0; i < 16; i++) {
		if (network.address.bytes[i] & (uint8_t)~mask_of(network.bits, i)) {
			error_set(reterr, "'" STR_FMT "' names one address and the size of a range",
				  STR_ARG(text));
			error_hint(reterr,
				   "write its first address before the slash, or leave the slash out");
			return -1;
		}
	}
	*ret = network;
	return 0;
}

bool network_holds(const struct network *network, const struct ip_address *address)
{
	for (int i = 0; i < 16; i++)
		if ((network->address.bytes[i] ^ address->bytes[i]) & mask_of(network->bits, i))
			return false;
	return true;
}
