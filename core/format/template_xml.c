#include "format/template_scan.h"

#include <ctype.h>
#include <expat.h>

/* The structure is expat's: it parses the text with a harmless sample in each tag's place, of the same
 * length, and each of its events says which bytes it covers. */
struct check {
	XML_Parser parser;
	struct str text;
	struct spans *spans;
	const char **wrong; /* of each span: why it cannot stand there; NULL when it can */
	size_t k;           /* spans before it are placed; events come in order of the text */
	bool in_cdata;
	bool wrong_encoding;
};

static const char not_here[] = "a tag cannot stand here";

/* Takes the spans that start in the bytes of the current event. */
static struct span *next_span(struct check *check, size_t *ret_index)
{
	XML_Index start = XML_GetCurrentByteIndex(check->parser);
	XML_Index end = start + XML_GetCurrentByteCount(check->parser);
	while (check->k < check->spans->n && (XML_Index)check->spans->spans[check->k].start < start)
		check->k++;
	if (check->k >= check->spans->n || (XML_Index)check->spans->spans[check->k].start >= end)
		return NULL;
	*ret_index = check->k;
	return &check->spans->spans[check->k++];
}

static void place_all(struct check *check, enum escape escape, const char *wrong)
{
	size_t i;
	for (struct span *span = next_span(check, &i); span; span = next_span(check, &i)) {
		span->escape = escape;
		check->wrong[i] = wrong;
	}
}

static void on_text(void *context, const XML_Char *text, int n)
{
	struct check *check = context;
	place_all(check, check->in_cdata ? ESCAPE_XML_CDATA : ESCAPE_XML_TEXT, NULL);
}

static void on_cdata_start(void *context)
{
	((struct check *)context)->in_cdata = true;
}

static void on_cdata_end(void *context)
{
	((struct check *)context)->in_cdata = false;
}

static void on_comment(void *context, const XML_Char *text)
{
	place_all(context, ESCAPE_NONE, "a tag cannot stand in a comment");
}

static void on_instruction(void *context, const XML_Char *target, const XML_Char *data)
{
	place_all(context, ESCAPE_NONE, "a tag cannot stand in a processing instruction");
}

static void on_end(void *context, const XML_Char *name)
{
	place_all(context, ESCAPE_NONE, "a tag cannot stand in an element's name");
}

/* In a start tag the quotes tell values from names; a tag's own quotes are part of the tag. */
static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct check *check = context;
	size_t at = (size_t)XML_GetCurrentByteIndex(check->parser), i;
	char quote = 0;
	for (struct span *span = next_span(check, &i); span; span = next_span(check, &i)) {
		for (; at < span->start; at++) {
			char c = check->text.p[at];
			if (quote ? c == quote : c == '"' || c == '\'')
				quote = quote ? 0 : c;
		}
		at = span->end;
		span->escape = ESCAPE_XML_ATTRIBUTE;
		check->wrong[i] = quote ? NULL : "a tag cannot stand in the name of an element or attribute";
	}
}

static void on_declaration(void *context, const XML_Char *version, const XML_Char *encoding, int standalone)
{
	struct check *check = context;
	place_all(check, ESCAPE_NONE, "a tag cannot stand in the XML declaration");
	check->wrong_encoding = encoding && !str_eq_nocase(str_of(encoding), STR("utf-8"));
	if (check->wrong_encoding)
		XML_StopParser(check->parser, XML_FALSE);
}

static void set_handlers(struct check *check)
{
	XML_Parser parser = check->parser;
	XML_SetUserData(parser, check);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetCdataSectionHandler(parser, on_cdata_start, on_cdata_end);
	XML_SetCommentHandler(parser, on_comment);
	XML_SetProcessingInstructionHandler(parser, on_instruction);
	XML_SetXmlDeclHandler(parser, on_declaration);
}

static int report_wrong(struct check *check, struct error *reterr)
{
	for (size_t i = 0; i < check->spans->n; i++) {
		if (!check->wrong[i])
			continue;
		error_set(reterr, "%s", check->wrong[i]);
		error_hint(reterr, "tags may stand in text, in CDATA and in the values of attributes");
		return template_error_at(reterr, check->text, check->spans->spans[i].start);
	}
	return 0;
}

/* A misplaced tag that broke the document says more than what expat found: expat stops at the start of the
 * name or token that the tag is part of. */
static bool broken_by_tag(const struct check *check, size_t at)
{
	if (check->k >= check->spans->n || check->spans->spans[check->k].end < at)
		return false;
	for (; at < check->spans->spans[check->k].start; at++) {
		char c = check->text.p[at];
		if (!isalnum((unsigned char)c) && (!c || !strchr("_:.-&/", c)))
			return false;
	}
	return true;
}

static int report(struct check *check, enum XML_Status status, struct error *reterr)
{
	XML_Index index = XML_GetCurrentByteIndex(check->parser);
	size_t at = index < 0 ? 0 : (size_t)index;
	if (check->wrong_encoding && check->k == 0) {
		error_set(reterr,
			  "the XML declaration names another encoding than UTF-8, in which bodies go out");
		return template_error_at(reterr, check->text, at);
	}
	if (status == XML_STATUS_OK || check->wrong_encoding || broken_by_tag(check, at))
		return report_wrong(check, reterr);
	error_set(reterr, "not well-formed XML: %s", XML_ErrorString(XML_GetErrorCode(check->parser)));
	return template_error_at(reterr, check->text, at);
}

static char *make_sample(struct str text, const struct spans *spans)
{
	char *sample = mem_strndup(text.p, text.n);
	for (size_t i = 0; i < spans->n; i++)
		memset(sample + spans->spans[i].start, 'x', spans->spans[i].end - spans->spans[i].start);
	return sample;
}

int template_place_xml(struct str text, struct spans *spans, struct error *reterr)
{
	struct check check = {.parser = XML_ParserCreate("UTF-8"), .text = text, .spans = spans};
	ensure(check.parser);
	char *sample = make_sample(text, spans);
	check.wrong = mem_alloc(spans->n * sizeof check.wrong[0]);
	for (size_t i = 0; i < spans->n; i++)
		check.wrong[i] = not_here;
	set_handlers(&check);
	enum XML_Status status = XML_Parse(check.parser, sample, (int)text.n, XML_TRUE);
	int r = report(&check, status, reterr);
	XML_ParserFree(check.parser);
	free(check.wrong);
	free(sample);
	return r;
}
