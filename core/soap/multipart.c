/* Answers in parts (MTOM, SOAP with attachments): the envelope is the root part (RFC 2387). */
#include "soap/answer.h"

/* The value of a parameter of a header field, without its quotes. */
static struct str parameter(struct str field, struct str name)
{
	for (size_t at = 0; field.p && at + name.n < field.n; at++) {
		char before = at ? field.p[at - 1] : ';';
		if (field.p[at + name.n] != '=' || (before != ';' && before != ' ') ||
		    !str_eq_nocase((struct str){field.p + at, name.n}, name))
			continue;
		struct str value = {field.p + at + name.n + 1, field.n - at - name.n - 1};
		bool quoted = value.n && value.p[0] == '"';
		if (quoted)
			value = (struct str){value.p + 1, value.n - 1};
		const char *end = memchr(value.p, quoted ? '"' : ';', value.n);
		if (end)
			value.n = (size_t)(end - value.p);
		return quoted ? value : str_trim(value);
	}
	return (struct str){0};
}

static const char *find(struct str text, size_t from, struct str wanted)
{
	return text.p && from < text.n ? memmem(text.p + from, text.n - from, wanted.p, wanted.n) : NULL;
}

/* A part's content: what stands behind its first empty line. */
static struct str content_of(struct str part, struct str *ret_head)
{
	const char *crlf = find(part, 0, STR("\r\n\r\n")), *lf = find(part, 0, STR("\n\n"));
	const char *end = crlf && (!lf || crlf < lf) ? crlf : lf;
	size_t skip = end && end == crlf ? 4 : 2;
	if (!end)
		return (struct str){0};
	*ret_head = (struct str){part.p, (size_t)(end - part.p)};
	return (struct str){end + skip, part.n - (size_t)(end + skip - part.p)};
}

static bool has_id(struct str head, struct str id)
{
	return id.n && memmem(head.p, head.n, id.p, id.n);
}

struct str soap_multipart_root(struct str body, struct str content_type)
{
	struct str boundary = parameter(content_type, STR("boundary")),
		   start = parameter(content_type, STR("start"));
	struct str first = {0};
	/* Without the header the first line says it. */
	if (!boundary.n && body.n > 4 && body.p[0] == '-' && body.p[1] == '-') {
		const char *end = memchr(body.p, '\n', body.n);
		if (end)
			boundary = str_trim((struct str){body.p + 2, (size_t)(end - body.p) - 2});
	}
	if (!boundary.n || boundary.n > 200)
		return body;
	char mark[204] = "--";
	memcpy(mark + 2, boundary.p, boundary.n);
	struct str delimiter = {mark, boundary.n + 2};
	const char *at = find(body, 0, delimiter);
	while (at) {
		size_t from = (size_t)(at - body.p) + delimiter.n;
		const char *next = find(body, from, delimiter);
		struct str part = {body.p + from, (next ? (size_t)(next - body.p) : body.n) - from},
			   head = {0};
		struct str content = content_of(part, &head);
		if (content.p && !first.p)
			first = content;
		if (content.p && has_id(head, start))
			return str_trim(content);
		at = next;
	}
	return first.p ? str_trim(first) : body;
}
