#include "format/xml.h"

#include <expat.h>
#include <iconv.h>
#include <stdio.h>

/* No XML document can hold this character, so it parts a name from its namespace without doubt. */
enum { SEPARATOR = 0x1F };

enum { INPUT_PIECE = 1 << 20 };

struct reader {
	XML_Parser parser;
	struct arena *arena;
	struct xml_limits limits;
	struct buf text; /* character data that no element has yet */
	struct xml_node *root, *open, *closed;
	const struct xml_scope *scope;
	size_t depth, elements;
	bool stopped;
	struct error error;
};

static void stop(struct reader *reader)
{
	if (!reader->stopped)
		XML_StopParser(reader->parser, XML_FALSE);
	reader->stopped = true;
}

static void *take(struct reader *reader, size_t n)
{
	void *p = arena_zalloc(reader->arena, n);
	if (!p && !reader->stopped) {
		error_set(&reader->error, "the document is too large");
		stop(reader);
	}
	return p;
}

static struct str take_copy(struct reader *reader, struct str s)
{
	struct str copy = arena_copy(reader->arena, s);
	if (!copy.p && !reader->stopped) {
		error_set(&reader->error, "the document is too large");
		stop(reader);
	}
	return copy.p ? copy : STR("");
}

/* Character data belongs before the first child of the open element or behind its last one. */
static void settle_text(struct reader *reader)
{
	if (!reader->text.n)
		return;
	if (reader->open) {
		struct str text = take_copy(reader, buf_view(&reader->text));
		if (reader->open->last)
			reader->open->last->tail = text;
		else
			reader->open->text = text;
	}
	buf_clear(&reader->text);
}

/* A namespace is copied once where it is declared, and pointed at from then on. */
static struct str known_uri(struct reader *reader, struct str uri)
{
	for (const struct xml_scope *scope = reader->scope; scope; scope = scope->outer)
		if (str_eq(scope->uri, uri))
			return scope->uri;
	if (str_eq(uri, STR(XML_NS_XML)))
		return STR(XML_NS_XML);
	return take_copy(reader, uri);
}

static void split_name(struct reader *reader, const char *name, struct str *ret_ns, struct str *ret_name)
{
	const char *mark = strchr(name, SEPARATOR);
	struct str local = str_of(mark ? mark + 1 : name);
	*ret_ns = mark ? known_uri(reader, (struct str){name, mark - name}) : STR("");
	if (local.n > reader->limits.name || ret_ns->n > reader->limits.name) {
		error_set(&reader->error, "a name of more than %zu bytes", reader->limits.name);
		stop(reader);
		local.n = 0;
	}
	*ret_name = take_copy(reader, local);
}

static bool within_limits(struct reader *reader, size_t n_attrs)
{
	if (++reader->depth > reader->limits.depth)
		error_set(&reader->error, "more than %zu elements inside of each other",
			  reader->limits.depth);
	else if (++reader->elements > reader->limits.elements)
		error_set(&reader->error, "more than %zu elements", reader->limits.elements);
	else if (n_attrs > reader->limits.attributes)
		error_set(&reader->error, "more than %zu attributes on one element",
			  reader->limits.attributes);
	else
		return true;
	stop(reader);
	return false;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = data;
	if (reader->stopped)
		return;
	size_t n = 0;
	while (attributes[2 * n])
		n++;
	if (!within_limits(reader, n))
		return;
	settle_text(reader);
	struct xml_node *node = take(reader, sizeof *node);
	struct xml_attr *attrs = n ? take(reader, n * sizeof *attrs) : NULL;
	if (!node || (n && !attrs))
		return;
	node->line = (int)XML_GetCurrentLineNumber(reader->parser);
	node->scope = reader->scope;
	node->text = node->tail = STR("");
	node->attrs = attrs;
	node->n_attrs = (uint32_t)n;
	split_name(reader, name, &node->ns, &node->name);
	for (size_t i = 0; i < n; i++) {
		split_name(reader, attributes[2 * i], &attrs[i].ns, &attrs[i].name);
		attrs[i].value = take_copy(reader, str_of(attributes[2 * i + 1]));
	}
	node->parent = reader->open;
	if (!reader->open)
		reader->root = node;
	else if (reader->open->last)
		reader->open->last->next = node;
	else
		reader->open->first = node;
	if (reader->open)
		reader->open->last = node;
	reader->open = node;
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct reader *reader = data;
	if (reader->stopped)
		return;
	settle_text(reader);
	reader->depth--;
	reader->open = reader->open->parent;
}

static void XMLCALL on_text(void *data, const XML_Char *text, int n)
{
	struct reader *reader = data;
	if (reader->open)
		buf_add(&reader->text, text, (size_t)n);
}

static void XMLCALL on_scope(void *data, const XML_Char *prefix, const XML_Char *uri)
{
	struct reader *reader = data;
	if (reader->stopped)
		return;
	struct xml_scope *scope = take(reader, sizeof *scope);
	if (!scope)
		return;
	scope->prefix = take_copy(reader, prefix ? str_of(prefix) : STR(""));
	scope->uri = known_uri(reader, uri ? str_of(uri) : STR(""));
	scope->outer = reader->scope;
	reader->scope = scope;
}

static void XMLCALL on_scope_end(void *data, const XML_Char *prefix)
{
	struct reader *reader = data;
	if (!reader->stopped && reader->scope)
		reader->scope = reader->scope->outer;
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system,
			       const XML_Char *public, int internal)
{
	struct reader *reader = data;
	error_set(&reader->error, "a DOCTYPE is not taken");
	error_hint(&reader->error, "entities and what they fetch have no place in a SOAP message");
	stop(reader);
}

/* Files of one byte a character that still live in the wild. iconv loads code by name, so only names that are
 * known get there. */
static bool is_old_encoding(const char *name)
{
	static const char *const families[] = {"windows-125", "cp125", "iso-8859-", "koi8-"};
	for (size_t i = 0; i < countof(families); i++) {
		size_t n = strlen(families[i]);
		if (strncasecmp(name, families[i], n) == 0 && strlen(name) <= n + 2 &&
		    strspn(name + n, "0123456789ruRU") == strlen(name + n))
			return true;
	}
	return false;
}

static int XMLCALL on_encoding(void *data, const XML_Char *name, XML_Encoding *ret)
{
	if (!is_old_encoding(name))
		return XML_STATUS_ERROR;
	iconv_t converter = iconv_open("UCS-4LE", name);
	if (converter == (iconv_t)-1)
		return XML_STATUS_ERROR;
	for (int i = 0; i < 256; i++) {
		char in = (char)i, *in_at = &in;
		unsigned char out[4] = {0};
		char *out_at = (char *)out;
		size_t in_n = 1, out_n = sizeof out;
		bool known = iconv(converter, &in_at, &in_n, &out_at, &out_n) != (size_t)-1 && out_n == 0;
		ret->map[i] = known ? out[0] | out[1] << 8 | out[2] << 16 : -1;
	}
	iconv_close(converter);
	ret->data = NULL;
	ret->convert = NULL;
	ret->release = NULL;
	return XML_STATUS_OK;
}

static void set_limits(struct xml_limits *limits, const struct xml_limits *given)
{
	*limits = given ? *given : (struct xml_limits){0};
	limits->bytes = limits->bytes ? limits->bytes : 16 << 20;
	limits->depth = limits->depth ? limits->depth : 128;
	limits->elements = limits->elements ? limits->elements : 1000000;
	limits->attributes = limits->attributes ? limits->attributes : 256;
	limits->name = limits->name ? limits->name : 1024;
}

static bool feed(struct reader *reader, struct str text)
{
	for (size_t at = 0;;) {
		size_t n = text.n - at < INPUT_PIECE ? text.n - at : INPUT_PIECE;
		bool last = at + n == text.n;
		if (XML_Parse(reader->parser, text.p + at, (int)n, last) != XML_STATUS_OK)
			return false;
		if (last)
			return true;
		at += n;
	}
}

static void place_error(struct reader *reader)
{
	if (!reader->stopped)
		error_set(&reader->error, "not well-formed XML: %s",
			  XML_ErrorString(XML_GetErrorCode(reader->parser)));
	reader->error.line = (int)XML_GetCurrentLineNumber(reader->parser);
	reader->error.column = (int)XML_GetCurrentColumnNumber(reader->parser) + 1;
}

int xml_parse(struct str text, const struct xml_limits *limits, struct arena *arena, struct xml_node **ret,
	      struct error *reterr)
{
	struct reader reader = {.arena = arena};
	set_limits(&reader.limits, limits);
	if (text.n > reader.limits.bytes)
		return error_set(reterr, "the document has %zu bytes, more than %zu", text.n,
				 reader.limits.bytes);
	if (!text.n)
		return error_set(reterr, "no XML: the document is empty");
	reader.parser = XML_ParserCreateNS(NULL, SEPARATOR);
	ensure(reader.parser);
	buf_init(&reader.text, reader.limits.bytes);
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetNamespaceDeclHandler(reader.parser, on_scope, on_scope_end);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	XML_SetUnknownEncodingHandler(reader.parser, on_encoding, NULL);
	bool ok = feed(&reader, text) && !reader.stopped;
	if (ok)
		*ret = reader.root;
	else
		place_error(&reader);
	XML_ParserFree(reader.parser);
	buf_finish(&reader.text);
	if (!ok && reterr)
		*reterr = reader.error;
	return ok ? 0 : -1;
}
