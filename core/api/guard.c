#include "api/guard.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { HOST_MAX = 255, SHOWN_MAX = 80 };

/* Without its port, and without the brackets of IPv6. */
static struct str host_name(struct str host)
{
	if (host.n && host.p[0] == '[') {
		const char *end = memchr(host.p, ']', host.n);
		return end ? (struct str){host.p + 1, (size_t)(end - host.p - 1)} : (struct str){"", 0};
	}
	const char *colon = memchr(host.p, ':', host.n);
	return (struct str){host.p, colon ? (size_t)(colon - host.p) : host.n};
}

/* No name points to an address that is written as an address. */
static bool is_address(struct str name)
{
	char z[HOST_MAX + 1], raw[sizeof(struct in6_addr)];
	if (name.n > HOST_MAX)
		return false;
	snprintf(z, sizeof z, STR_FMT, STR_ARG(name));
	return inet_pton(AF_INET, z, raw) == 1 || inet_pton(AF_INET6, z, raw) == 1;
}

static bool is_ours(struct str host, const char *const *names, size_t n_names)
{
	struct str name = host_name(host);
	if (str_eq_nocase(name, STR("localhost")) || is_address(name))
		return true;
	for (size_t i = 0; i < n_names; i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static bool is_same_origin(struct str origin, struct str host)
{
	size_t skip = str_starts(origin, STR("http://")) ? 7 : str_starts(origin, STR("https://")) ? 8 : 0;
	return skip && str_eq_nocase((struct str){origin.p + skip, origin.n - skip}, host);
}

static bool takes_events(const struct guard_request *request)
{
	return str_eq(request->path, STR("/v1/events")) || str_starts(request->path, STR("/v1/events/"));
}

static bool is_probe(const struct guard_request *request)
{
	return str_eq(request->path, STR("/healthz")) || str_eq(request->path, STR("/readyz")) ||
	       str_eq(request->path, STR("/metrics"));
}

/* Somebody follows a link to the console: that shows a page to whoever clicked, and does nothing. */
static bool is_visit(const struct guard_request *request)
{
	return str_eq(request->method, STR("GET")) && str_eq(request->fetch_mode, STR("navigate")) &&
	       !str_starts(request->path, STR("/v1/"));
}

static int shown(struct str s)
{
	return (int)(s.n < SHOWN_MAX ? s.n : SHOWN_MAX);
}

int guard_check(const struct guard_request *request, const char *const *names, size_t n_names,
		struct error *reterr)
{
	struct str host = request->host, origin = request->origin, site = request->fetch_site;
	bool foreign = site.n && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none"));
	if (foreign && !is_visit(request)) {
		error_set(reterr, "a page of another site may not ask this engine");
		return -1;
	}
	if (origin.n && !is_same_origin(origin, host)) {
		error_set(reterr, "the Origin '%.*s' is not this engine", shown(origin), origin.p);
		error_hint(reterr,
			   "pages of other sites may not ask it; a proxy must pass Host on as it came");
		return -1;
	}
	if ((takes_events(request) && !origin.n && !site.n) || is_probe(request))
		return 0;
	if (request->host_is_ours || is_ours(host, names, n_names))
		return 0;
	error_set(reterr, "the Host '%.*s' is not this engine", shown(host), host.p);
	error_hint(reterr, "ask it by its address or as localhost, or name it: run --host NAME");
	return -1;
}
