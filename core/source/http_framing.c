#include "source/http_framing.h"

/* Two of these in one request mean that somebody wants two readers to see two different requests. */
static const struct str only_once[] = {
	{"host", 4},           {"content-length", 14}, {"transfer-encoding", 17},
	{"authorization", 13}, {"content-type", 12},   {"expect", 6},
};

static bool is_token_char(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];
		if ((c < ' ' && c != '\t') || c == 127)
			return true;
	}
	return false;
}

static int check_texts(const struct header *headers, size_t n, struct error *reterr)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_token(headers[i].name))
			return error_set(reterr, "header %zu has a name that is no token", i + 1);
		if (has_control(headers[i].value))
			return error_set(reterr, "header '" STR_FMT "' has a control character in its value",
					 STR_ARG(headers[i].name));
	}
	return 0;
}

static int check_repeats(const struct header *headers, size_t n, struct error *reterr)
{
	bool seen[countof(only_once)] = {0};
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < countof(only_once); k++) {
			if (!str_eq_nocase(headers[i].name, only_once[k]))
				continue;
			if (seen[k])
				return error_set(reterr, "header '" STR_FMT "' is given twice",
						 STR_ARG(headers[i].name));
			seen[k] = true;
		}
	}
	return 0;
}

static struct str find(const struct header *headers, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(headers[i].name, name))
			return headers[i].value;
	return (struct str){0};
}

static int check_host(struct str version, struct str host, struct error *reterr)
{
	if (!host.p)
		return str_eq(version, STR("HTTP/1.0"))
			       ? 0
			       : error_set(reterr, "an HTTP/1.1 request needs a Host header");
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = host.p[i];
		if (c >= 0x80 || strchr(" \t,/?#@\\\"<>", c))
			return error_set(reterr, "the Host header is no host");
	}
	return 0;
}

static int read_length(struct str text, uint64_t *ret, struct error *reterr)
{
	uint64_t length = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned char)text.p[i] - '0';
		if (digit > 9 || length > (UINT64_MAX - digit) / 10)
			return error_set(reterr, "Content-Length is no number of bytes");
		length = length * 10 + digit;
	}
	if (text.n == 0)
		return error_set(reterr, "Content-Length is empty");
	*ret = length;
	return 0;
}

static int check_length(struct str version, const struct header *headers, size_t n, struct http_framing *ret,
			int *ret_status, struct error *reterr)
{
	struct str length = find(headers, n, STR("content-length"));
	struct str encoding = find(headers, n, STR("transfer-encoding"));
	if (length.p && encoding.p)
		return error_set(reterr, "Content-Length and Transfer-Encoding do not go together");
	if (length.p) {
		ret->has_length = true;
		return read_length(length, &ret->length, reterr);
	}
	if (!encoding.p)
		return 0;
	if (str_eq(version, STR("HTTP/1.0")))
		return error_set(reterr, "HTTP/1.0 knows no Transfer-Encoding");
	if (!str_eq_nocase(encoding, STR("chunked"))) {
		*ret_status = 501;
		return error_set(reterr, "the only Transfer-Encoding taken is chunked");
	}
	ret->chunked = true;
	return 0;
}

int http_framing_check(struct str version, const struct header *headers, size_t n, struct http_framing *ret,
		       int *ret_status, struct error *reterr)
{
	int status = 400;
	struct http_framing framing = {0};
	if (check_texts(headers, n, reterr) < 0 || check_repeats(headers, n, reterr) < 0 ||
	    check_host(version, find(headers, n, STR("host")), reterr) < 0 ||
	    check_length(version, headers, n, &framing, &status, reterr) < 0) {
		*ret_status = status;
		return -1;
	}
	struct str expect = find(headers, n, STR("expect"));
	if (expect.p && !str_eq_nocase(expect, STR("100-continue"))) {
		*ret_status = 417;
		return error_set(reterr, "the only Expect taken is 100-continue");
	}
	*ret = framing;
	return 0;
}

bool http_framing_is_whole(const char *start, const char *end, const struct header *headers, size_t n)
{
	const char *at = start;
	for (size_t i = 0; i < n; i++) {
		if (headers[i].name.p != at)
			return false;
		at = headers[i].value.p + headers[i].value.n + 2;
	}
	return at + 2 == end;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int http_framing_check_target(struct str target, struct error *reterr)
{
	for (size_t i = 0; i < target.n; i++) {
		unsigned char c = target.p[i];
		if (c <= ' ' || c == 127)
			return error_set(reterr, "the request target has a space or control character in it");
		if (c != '%')
			continue;
		int high = i + 2 < target.n ? hex_digit(target.p[i + 1]) : -1;
		int low = i + 2 < target.n ? hex_digit(target.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			return error_set(reterr,
					 "a '%%' of the request target is not followed by two hex digits");
		if (high == 0 && low == 0)
			return error_set(reterr, "the request target has a NUL in it");
	}
	return 0;
}
