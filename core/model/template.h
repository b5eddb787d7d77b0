/* core/model/template.h
 *
 * A text with tags, compiled: literals and tags by turns, each tag knowing the place where it stands. Made by
 * format/template.h when rules are loaded; immutable, shared by threads, lives in the arena of its unit.
 */
#pragma once

#include "base/base.h"

/* How a tag's value must be written where it stands. */
enum escape {
	ESCAPE_NONE,          /* text bodies, keys of `once` */
	ESCAPE_JSON_STRING,   /* inside the quotes of a JSON string */
	ESCAPE_JSON_VALUE,    /* where a whole JSON value stands; the value keeps its type */
	ESCAPE_FORM,          /* application/x-www-form-urlencoded */
	ESCAPE_URL_PATH,      /* RFC 3986 path segment: everything but unreserved is percent-encoded */
	ESCAPE_URL_QUERY,     /* RFC 3986 query component */
	ESCAPE_URL_AUTHORITY, /* host or port: only characters that are safe there, else the build fails */
	ESCAPE_URL_WHOLE, /* the template starts with this tag: scheme and all, kept as it is; must be http or
			     https */
	ESCAPE_XML_TEXT,
	ESCAPE_XML_ATTRIBUTE,
	ESCAPE_XML_CDATA,
	ESCAPE_HEADER, /* no CR, LF, NUL: they become spaces */
};

enum filter_kind {
	FILTER_DEFAULT, /* default:'none' */
	FILTER_E164,    /* e164:US */
	FILTER_TIME, /* time:'%Y-%m-%d','Europe/Berlin','America/New_York': format, zone of the output, zone
			of a naive input */
	FILTER_SECONDS, /* seconds: "01:35" becomes 95 */
	FILTER_UPPER,
	FILTER_LOWER,
	FILTER_TRIM,
	FILTER_JSON, /* json: the value as JSON, with its type */
};

enum { FILTER_ARGS_MAX = 3, FILTERS_MAX = 8 };

struct filter {
	enum filter_kind kind;
	int n_args;
	struct str args[FILTER_ARGS_MAX];
};

struct template_part {
	struct str literal; /* written before the tag; may be empty */
	struct str tag;     /* p == NULL: the last part of a template may be a literal alone */
	enum escape escape;
	int n_filters;
	const struct filter *filters;
};

struct template
{
	const struct template_part *parts;
	size_t n;
};
