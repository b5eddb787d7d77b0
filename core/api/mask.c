#include "api/mask.h"

bool header_is_secret(struct str name)
{
	static const char *const secret[] = {"authorization", "proxy-authorization", "cookie", "set-cookie"};
	for (size_t i = 0; i < countof(secret); i++)
		if (str_eq_nocase(name, str_of(secret[i])))
			return true;
	return false;
}

/* The authority ends at the first of "/?#"; its last '@' ends what stands before the host (RFC 3986). */
void mask_url(struct buf *out, struct str url)
{
	const char *slashes = memmem(url.p, url.n, "://", 3);
	size_t from = slashes ? (size_t)(slashes - url.p) + 3 : 0, end = from, at = 0, colon = 0;
	for (; end < url.n && !strchr("/?#", url.p[end]); end++) {
		if (url.p[end] == '@')
			at = end;
		if (url.p[end] == ':' && !colon && !at)
			colon = end;
	}
	if (!slashes || !at || !colon) {
		buf_str(out, url);
		return;
	}
	buf_add(out, url.p, colon + 1);
	buf_str(out, STR("***"));
	buf_add(out, url.p + at, url.n - at);
}
