#include "format/secret_mark.h"

#include <stdio.h>
#include <sys/auxv.h>

enum { NUMBER_DIGITS = 16, PREFIX_N = 2 + NUMBER_DIGITS };

/* The kernel gives every process 16 bytes of chance; the number is made of them and does not tell them. */
static void write_prefix(char prefix[PREFIX_N + 1])
{
	const char *chance = (const char *)getauxval(AT_RANDOM);
	ensure(chance);
	snprintf(prefix, PREFIX_N + 1, "Zs%016llx", (unsigned long long)str_hash((struct str){chance, 16}));
}

bool secret_name_is_good(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alnum && c != '_' && c != '-' && (c != '.' || i == 0))
			return false;
	}
	return name.n > 0 && name.n <= SECRET_NAME_MAX;
}

void secret_mark_add(struct buf *out, enum escape escape, struct str name)
{
	char prefix[PREFIX_N + 1];
	write_prefix(prefix);
	buf_str(out, str_of(prefix));
	buf_char(out, (char)('A' + (int)escape));
	for (size_t i = 0; i < name.n; i++)
		buf_printf(out, "%02x", (unsigned char)name.p[i]);
	buf_char(out, 'Z');
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool secret_mark_find(struct str text, size_t from, struct secret_mark *ret)
{
	char prefix[PREFIX_N + 1];
	if (text.n < from + PREFIX_N)
		return false;
	write_prefix(prefix);
	const char *found = memmem(text.p + from, text.n - from, prefix, PREFIX_N);
	if (!found)
		return false;
	size_t at = (size_t)(found - text.p), i = at + PREFIX_N, n = 0;
	*ret = (struct secret_mark){.at = at};
	ensure(i < text.n);
	ret->escape = (enum escape)(text.p[i++] - 'A');
	for (; i + 1 < text.n && digit(text.p[i]) >= 0 && n < SECRET_MARK_MAX; i += 2)
		ret->name[n++] = (char)(digit(text.p[i]) * 16 + digit(text.p[i + 1]));
	ensure(i < text.n && text.p[i] == 'Z');
	ret->n = i + 1 - at;
	return true;
}

bool template_has_secrets(const struct template *template)
{
	struct secret_mark mark;
	for (size_t i = 0; i < template->n; i++) {
		if (secret_mark_find(template->parts[i].literal, 0, &mark))
			return true;
	}
	return false;
}

void template_each_secret(const struct template *template, void (*each)(void *context, const char *name),
			  void *context)
{
	struct secret_mark mark;
	for (size_t i = 0; i < template->n; i++) {
		struct str literal = template->parts[i].literal;
		for (size_t at = 0; secret_mark_find(literal, at, &mark); at = mark.at + mark.n)
			each(context, mark.name);
	}
}

/* --- taking them out of a request --- */

struct masking {
	struct buf text;  /* one masked text after the other */
	struct buf slots; /* struct secret_slot */
	struct buf names; /* of the slots, each with its zero */
	enum body_kind body;
};

static enum escape escape_in(const struct masking *masking, enum slot_part part, struct str text,
			     const struct secret_mark *mark)
{
	switch (part) {
	case SLOT_URL:
		return memchr(text.p, '?', mark->at) ? ESCAPE_URL_QUERY : ESCAPE_URL_PATH;
	case SLOT_HEADER:
		return ESCAPE_HEADER;
	case SLOT_BODY:
		break;
	}
	if (masking->body == BODY_JSON)
		return ESCAPE_JSON_STRING;
	if (masking->body == BODY_FORM)
		return ESCAPE_FORM;
	/* A mark that does not know its place: what is safe in an attribute is so in a text. */
	if (masking->body == BODY_XML)
		return mark->escape == ESCAPE_NONE ? ESCAPE_XML_ATTRIBUTE : mark->escape;
	return ESCAPE_NONE;
}

/* The masked text, by its offset: the buffer moves while it grows. */
static struct str mask(struct masking *masking, enum slot_part part, size_t header, struct str text)
{
	size_t start = masking->text.n, at = 0;
	struct secret_mark mark;
	for (; secret_mark_find(text, at, &mark); at = mark.at + mark.n) {
		buf_add(&masking->text, text.p + at, mark.at - at);
		struct secret_slot slot = {
			.part = part,
			.header = (uint32_t)header,
			.at = (uint32_t)(masking->text.n - start),
			.escape = escape_in(masking, part, text, &mark),
			.name = {(const char *)masking->names.n, strlen(mark.name)},
		};
		buf_add(&masking->slots, &slot, sizeof slot);
		buf_add(&masking->names, mark.name, slot.name.n + 1);
		buf_str(&masking->text, SLOT_MASK);
	}
	buf_add(&masking->text, text.p + at, text.n - at);
	return (struct str){(const char *)start, masking->text.n - start};
}

static struct str placed(const struct buf *buf, struct str s)
{
	return (struct str){buf_view(buf).p + (size_t)s.p, s.n};
}

/* What stands before the path decides who is asked, and is shown wherever an attempt is. */
static bool is_in_authority(struct str url)
{
	struct secret_mark mark;
	const char *authority = memmem(url.p, url.n, "://", 3);
	if (!secret_mark_find(url, 0, &mark))
		return false;
	if (!authority)
		return true;
	size_t start = (size_t)(authority + 3 - url.p);
	return mark.at < start || !memchr(url.p + start, '/', mark.at - start);
}

int request_mask(const struct request *request, enum body_kind body, struct request **ret,
		 struct error *reterr)
{
	struct masking masking = {.body = body};
	if (is_in_authority(request->url)) {
		error_set(reterr, "a secret cannot stand in the host of a URL");
		error_hint(reterr, "behind the host it can: https://crm.example.com/#secret:name#");
		return -1;
	}
	buf_init(&masking.text, SIZE_MAX / 4);
	buf_init(&masking.slots, SIZE_MAX / 4);
	buf_init(&masking.names, SIZE_MAX / 4);
	struct request masked = *request;
	struct header *headers = mem_alloc((request->n_headers + 1) * sizeof *headers);
	masked.url = mask(&masking, SLOT_URL, 0, request->url);
	for (size_t i = 0; i < request->n_headers; i++) {
		headers[i].name = request->headers[i].name;
		headers[i].value = mask(&masking, SLOT_HEADER, i, request->headers[i].value);
	}
	masked.body = mask(&masking, SLOT_BODY, 0, request->body);
	masked.url = placed(&masking.text, masked.url);
	for (size_t i = 0; i < request->n_headers; i++)
		headers[i].value = placed(&masking.text, headers[i].value);
	masked.body = placed(&masking.text, masked.body);
	masked.headers = headers;
	masked.slots = (struct secret_slot *)(void *)masking.slots.p;
	masked.n_slots = masking.slots.n / sizeof *masked.slots;
	for (size_t i = 0; i < masked.n_slots; i++)
		masked.slots[i].name = placed(&masking.names, masked.slots[i].name);
	int r = masked.n_slots > SECRET_SLOTS_MAX
			? error_set(reterr, "over %d secrets in one request", SECRET_SLOTS_MAX)
			: 0;
	if (r == 0)
		*ret = request_copy(&masked);
	free(headers);
	buf_finish(&masking.text);
	buf_finish(&masking.slots);
	buf_finish(&masking.names);
	return r;
}
