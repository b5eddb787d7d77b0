/* Locations of documents, kept inside of one folder. */
#include "soap/schema_load.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Locations are URI references: "%20" is a space in a file's name. A zero byte never is. */
static bool decode(struct str location, char *out, size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = 0; i < location.n; i++) {
		char c = location.p[i];
		if (c == '#' || c == '?')
			break;
		if (c == '%' && i + 2 < location.n && hex(location.p[i + 1]) >= 0 &&
		    hex(location.p[i + 2]) >= 0) {
			c = (char)(hex(location.p[i + 1]) * 16 + hex(location.p[i + 2]));
			i += 2;
		}
		if (!c)
			return false;
		out[n++] = c == '\\' ? '/' : c;
	}
	*ret_n = n;
	return true;
}

/* "http:", "urn:", "c:" */
static bool has_scheme(struct str location)
{
	for (size_t i = 0; i < location.n; i++) {
		char c = location.p[i];
		if (c == ':')
			return true;
		if (c == '/' || c == '?' || c == '#')
			return false;
	}
	return false;
}

/* Adds the steps of `part` to the path of n bytes in `out`; false when ".." leads out. */
static bool add_steps(char *out, size_t *n, struct str part)
{
	for (size_t at = 0; at < part.n;) {
		const char *slash = memchr(part.p + at, '/', part.n - at);
		size_t step = slash ? (size_t)(slash - part.p) - at : part.n - at;
		const char *p = part.p + at;
		at += step + 1;
		if (step == 0 || (step == 1 && p[0] == '.'))
			continue;
		if (step == 2 && p[0] == '.' && p[1] == '.') {
			if (!*n)
				return false;
			while (*n && out[*n - 1] != '/')
				(*n)--;
			if (*n)
				(*n)--;
			continue;
		}
		if (*n)
			out[(*n)++] = '/';
		memcpy(out + *n, p, step);
		*n += step;
	}
	return true;
}

bool soap_path_join(struct str base, struct str location, struct arena *arena, struct str *ret)
{
	if (has_scheme(location) || !location.n || location.p[0] == '/' || location.p[0] == '\\')
		return false;
	char *decoded = arena_alloc(arena, location.n), *out = arena_alloc(arena, base.n + location.n + 2);
	size_t n = 0, decoded_n;
	if (!decoded || !out || !decode(location, decoded, &decoded_n) || !decoded_n || decoded[0] == '/')
		return false;
	size_t folder = base.n;
	while (folder && base.p[folder - 1] != '/')
		folder--;
	if (!add_steps(out, &n, (struct str){base.p, folder}) ||
	    !add_steps(out, &n, (struct str){decoded, decoded_n}) || !n)
		return false;
	out[n] = 0;
	*ret = (struct str){out, n};
	return true;
}
