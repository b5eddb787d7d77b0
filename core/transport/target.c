#include "transport/target.h"

#include <arpa/inet.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_odd_characters(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f)
			return true;
	}
	return false;
}

static const char *take_scheme(struct str *url, struct target *target)
{
	if (url->n > 7 && strncasecmp(url->p, "http://", 7) == 0)
		*target = (struct target){.port = 80};
	else if (url->n > 8 && strncasecmp(url->p, "https://", 8) == 0)
		*target = (struct target){.port = 443, .tls = true};
	else
		return "the URL must begin with http:// or https:// and name a host";
	size_t n = target->tls ? 8 : 7;
	*url = (struct str){url->p + n, url->n - n};
	return NULL;
}

/* `text` is what stands behind the host: empty, or a colon and the port. */
static const char *take_port(struct str text, struct target *target)
{
	if (text.n == 0)
		return NULL;
	unsigned port = 0;
	for (size_t i = 1; i < text.n && port <= UINT16_MAX; i++) {
		if (!is_digit(text.p[i]))
			return "the URL's port is no number";
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	if (text.p[0] != ':' || text.n < 2 || port == 0 || port > UINT16_MAX)
		return "the URL's port is not between 1 and 65535";
	target->port = (uint16_t)port;
	return NULL;
}

static bool is_address(int family, struct str host)
{
	char text[INET6_ADDRSTRLEN + 1], address[sizeof(struct in6_addr)];
	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = 0;
	return inet_pton(family, text, address) == 1;
}

/* 127.1, 0x7f.0.0.1 and 2130706433 are addresses to curl and to the resolver, each in its own way. */
static bool looks_like_number(struct str host)
{
	size_t end = host.n && host.p[host.n - 1] == '.' ? host.n - 1 : host.n;
	size_t begin = end;
	while (begin && host.p[begin - 1] != '.')
		begin--;
	return begin < end && is_digit(host.p[begin]);
}

static bool is_host_name(struct str host)
{
	if (host.n == 0 || host.n > TARGET_HOST_MAX || host.p[0] == '.')
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i], lower = (char)(c | 0x20);
		if (c == '.' && i + 1 < host.n && host.p[i + 1] == '.')
			return false;
		if (!is_digit(c) && !(lower >= 'a' && lower <= 'z') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

static const char *take_name(struct str host, struct target *target)
{
	target->host = host;
	target->kind = TARGET_NAME;
	if (!is_host_name(host))
		return "the URL's host is no valid name";
	if (looks_like_number(host)) {
		if (!is_address(AF_INET, host))
			return "the URL's host is neither a name nor an address";
		target->kind = TARGET_IPV4;
	}
	return NULL;
}

static const char *take_bracketed(struct str authority, struct target *target, struct str *ret_rest)
{
	const char *end = memchr(authority.p, ']', authority.n);
	if (!end)
		return "the URL's address has no closing bracket";
	target->host = (struct str){authority.p + 1, (size_t)(end - authority.p - 1)};
	target->kind = TARGET_IPV6;
	if (!is_address(AF_INET6, target->host))
		return "the URL's host is no valid address";
	*ret_rest = (struct str){end + 1, authority.n - target->host.n - 2};
	return NULL;
}

const char *target_parse(struct str url, struct target *ret)
{
	if (has_odd_characters(url))
		return "the URL holds spaces, control characters or bytes that are not ASCII";
	struct target target;
	const char *wrong = take_scheme(&url, &target);
	if (wrong)
		return wrong;
	size_t n = 0;
	while (n < url.n && url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#')
		n++;
	struct str authority = {url.p, n}, rest = {0};
	if (n && authority.p[0] == '[') {
		wrong = take_bracketed(authority, &target, &rest);
	} else {
		const char *colon = n ? memchr(authority.p, ':', n) : NULL;
		size_t host_n = colon ? (size_t)(colon - authority.p) : n;
		rest = (struct str){authority.p + host_n, n - host_n};
		wrong = take_name((struct str){authority.p, host_n}, &target);
	}
	if (!wrong)
		wrong = take_port(rest, &target);
	if (!wrong)
		*ret = target;
	return wrong;
}
