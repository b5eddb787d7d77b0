#include "format/template.h"
#include "format/template_scan.h"

/* Where in a URL a byte stands (RFC 3986, section 3). */
enum url_place { URL_START, URL_SCHEME, URL_AUTHORITY, URL_PATH, URL_QUERY, URL_FRAGMENT };

static int bad_character(struct str text, size_t at, struct error *reterr)
{
	unsigned char c = (unsigned char)text.p[at];
	if (c == ' ')
		error_set(reterr, "a URL cannot hold a space");
	else
		error_set(reterr, "a URL cannot hold the control character 0x%02x", c);
	error_hint(reterr, "a space in a URL is written %%20");
	return template_error_at(reterr, text, at);
}

static bool is_http(struct str text)
{
	return (text.n >= 7 && str_eq_nocase((struct str){text.p, 7}, STR("http://"))) ||
	       (text.n >= 8 && str_eq_nocase((struct str){text.p, 8}, STR("https://")));
}

/* The start of the text up to the first tag must say the whole scheme, so that no event can choose another.
 */
static int check_scheme(struct str text, const struct spans *spans, struct error *reterr)
{
	struct str literal = {text.p, spans->n ? spans->spans[0].start : text.n};
	if (spans->n && literal.n == 0)
		return 0;
	if (is_http(literal))
		return 0;
	error_set(reterr, "the URL must start with http:// or https://");
	return template_error_at(reterr, text, 0);
}

/* What follows a literal byte. */
static enum url_place place_after(enum url_place place, struct str text, size_t at)
{
	char c = text.p[at];
	switch (place) {
	case URL_START:
	case URL_SCHEME:
		if (c == '/' && at >= 2 && text.p[at - 1] == '/' && text.p[at - 2] == ':')
			return URL_AUTHORITY;
		return URL_SCHEME;
	case URL_AUTHORITY:
		if (c == '/')
			return URL_PATH;
		/* fall through */
	case URL_PATH:
		if (c == '?')
			return URL_QUERY;
		/* fall through */
	case URL_QUERY:
		return c == '#' ? URL_FRAGMENT : place;
	case URL_FRAGMENT:
		return URL_FRAGMENT;
	}
	return place;
}

static enum escape escape_at(enum url_place place)
{
	switch (place) {
	case URL_START:
		return ESCAPE_URL_WHOLE;
	case URL_SCHEME:
	case URL_AUTHORITY:
		return ESCAPE_URL_AUTHORITY;
	case URL_PATH:
		return ESCAPE_URL_PATH;
	case URL_QUERY:
	case URL_FRAGMENT:
		break;
	}
	return ESCAPE_URL_QUERY;
}

/* Behind a tag that holds the start of the URL: its path, unless the text says that the tag was the scheme
 * alone. */
static enum url_place place_after_start(struct str text, size_t at)
{
	return str_starts((struct str){text.p + at, text.n - at}, STR("://")) ? URL_SCHEME : URL_PATH;
}

int template_place_url(struct str text, struct spans *spans, struct error *reterr)
{
	enum url_place place = URL_START;
	size_t k = 0;
	if (check_scheme(text, spans, reterr) < 0)
		return -1;
	for (size_t at = 0; at < text.n;) {
		if (k < spans->n && at == spans->spans[k].start) {
			struct span *span = &spans->spans[k++];
			span->escape = escape_at(place);
			at = span->end;
			if (place == URL_START)
				place = place_after_start(text, at);
			continue;
		}
		unsigned char c = (unsigned char)text.p[at];
		if (c <= ' ' || c == 0x7F)
			return bad_character(text, at, reterr);
		place = place_after(place, text, at++);
	}
	return 0;
}

bool template_fills_host(const struct template *template)
{
	for (size_t i = 0; i < template->n; i++) {
		enum escape escape = template->parts[i].escape;
		if (template->parts[i].tag.p &&
		    (escape == ESCAPE_URL_WHOLE || escape == ESCAPE_URL_AUTHORITY))
			return true;
	}
	return false;
}
