#include "format/url.h"

#include <ctype.h>

enum { HOST_MAX = 253, PORT_MAX = 65535 };

/* Behind "http://" or "https://"; 0 for anything else. */
static size_t scheme_length(struct str url)
{
	if (url.n > 7 && str_eq_nocase((struct str){url.p, 7}, STR("http://")))
		return 7;
	if (url.n > 8 && str_eq_nocase((struct str){url.p, 8}, STR("https://")))
		return 8;
	return 0;
}

static int check_characters(struct str url, struct error *reterr)
{
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];
		if (c < 0x20 || c == 0x7F)
			return error_set(reterr, "the URL holds a control character (0x%02x)", c);
	}
	return 0;
}

static bool is_host_character(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_';
}

static int check_name(struct str host, struct error *reterr)
{
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		if (is_host_character(c))
			continue;
		error_set(reterr, "the URL's host holds a character that no host has (0x%02x)", c);
		if (c >= 0x80)
			error_hint(reterr, "write an international name in its ASCII form: xn--…");
		return -1;
	}
	return 0;
}

/* "[::1]": which addresses there are is for the resolver to know. */
static int check_address(struct str host, struct error *reterr)
{
	bool right = host.n > 2 && host.p[host.n - 1] == ']';
	for (size_t i = 1; right && i + 1 < host.n; i++)
		right = isxdigit((unsigned char)host.p[i]) || host.p[i] == ':' || host.p[i] == '.';
	return right ? 0 : error_set(reterr, "the URL's host is no IPv6 address in brackets");
}

static int check_port(struct str port, struct error *reterr)
{
	int number = 0;
	for (size_t i = 0; i < port.n && number <= PORT_MAX; i++) {
		if (!isdigit((unsigned char)port.p[i]))
			return error_set(reterr, "the URL's port is no number");
		number = number * 10 + (port.p[i] - '0');
	}
	if (number < 1 || number > PORT_MAX)
		return error_set(reterr, "the URL's port is not between 1 and %d", PORT_MAX);
	return 0;
}

/* Where the port's ':' stands; the end if there is no port. */
static size_t host_end(struct str authority)
{
	size_t at = 0;
	if (authority.n && authority.p[0] == '[') {
		while (at < authority.n && authority.p[at] != ']')
			at++;
		return at < authority.n ? at + 1 : at;
	}
	while (at < authority.n && authority.p[at] != ':')
		at++;
	return at;
}

static int check_authority(struct str authority, struct error *reterr)
{
	if (memchr(authority.p, '@', authority.n)) {
		error_set(reterr, "a user or password cannot stand in a URL");
		error_hint(reterr, "use auth = http.basic(user, password)");
		return -1;
	}
	size_t end = host_end(authority);
	struct str host = {authority.p, end};
	if (host.n == 0)
		return error_set(reterr, "the URL has no host");
	if (host.n > HOST_MAX)
		return error_set(reterr, "the URL's host is over %d bytes", HOST_MAX);
	if ((host.p[0] == '[' ? check_address(host, reterr) : check_name(host, reterr)) < 0)
		return -1;
	if (end == authority.n)
		return 0;
	if (authority.p[end] != ':')
		return error_set(reterr, "the URL's host is no IPv6 address in brackets");
	return check_port((struct str){authority.p + end + 1, authority.n - end - 1}, reterr);
}

int url_check(struct str url, struct error *reterr)
{
	size_t start = scheme_length(url), end;
	if (url.n == 0)
		return error_set(reterr, "the URL is empty");
	if (check_characters(url, reterr) < 0)
		return -1;
	if (!start && (str_eq_nocase(url, STR("http://")) || str_eq_nocase(url, STR("https://"))))
		return error_set(reterr, "the URL has no host");
	if (!start)
		return error_set(reterr, "the URL does not start with http:// or https://");
	for (end = start; end < url.n && !strchr("/?#", url.p[end]);)
		end++;
	return check_authority((struct str){url.p + start, end - start}, reterr);
}

static bool must_encode(unsigned char c)
{
	return c >= 0x80 || c == ' ';
}

bool url_needs_encoding(struct str url)
{
	for (size_t i = 0; i < url.n; i++) {
		if (must_encode((unsigned char)url.p[i]))
			return true;
	}
	return false;
}

void url_encode_rest(struct buf *out, struct str url)
{
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];
		if (must_encode(c))
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, (char)c);
	}
}
