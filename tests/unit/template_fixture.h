/* What the tests of templates share: compile a text, fill it in, and look at what came out. */
#pragma once

#include "sample_event.h"

#include <expat.h>
#include <stdio.h>

#include "format/template.h"

struct fixture {
	struct arena arena;
	struct runlog log;
	struct error error;
	struct buf out;
};

static inline int set_up(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	arena_init(&f->arena, 64 << 20);
	runlog_init(&f->log, &f->arena, 100);
	buf_init(&f->out, 4 << 20);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	arena_finish(&f->arena);
	buf_finish(&f->out);
	free(f);
	return 0;
}

/* The text in a copy of its exact size on the heap: a read past its end is seen, and nothing of it may be
 * needed later. */
static inline int compile(struct fixture *f, enum template_context context, struct str text,
			  struct template *ret)
{
	char *copy = mem_alloc(text.n);
	if (text.n)
		memcpy(copy, text.p, text.n);
	int r = template_compile((struct str){copy, text.n}, context, &f->arena, ret, &f->error);
	free(copy);
	return r;
}

static inline const char *fill_event(struct fixture *f, enum template_context context, const char *text,
				     const struct event *event)
{
	struct template template;
	buf_clear(&f->out);
	if (compile(f, context, str_of(text), &template) < 0)
		return f->error.what;
	if (template_fill(&template, event, false, STR("crm"), &f->out, &f->log, &f->error) < 0)
		return f->error.what;
	return buf_z(&f->out);
}

static inline const char *fill_in(struct fixture *f, enum template_context context, const char *text,
				  const char *data)
{
	struct event *event = event_with(data);
	const char *result = fill_event(f, context, text, event);
	event_unref(event);
	return result;
}

/* What an agent may write, and more. */
#define NASTY_JSON "\"\\\"q\\\" 'a'\\n\\r\\t<b>&amp; ]]> % + @ # \\\\ / ?=; \\u260e \\u0000\\u001b\""
#define NASTY      "\"q\" 'a'\n\r\t<b>&amp; ]]> % + @ # \\ / ?=; \u260e \0\x1b"

__attribute__((unused)) static const char nasty_event[] =
	"{\"x\":" NASTY_JSON ",\"n\":12345678901234567890,\"t\":true,\"z\":null,"
	"\"e\":\"\",\"list\":[1,\"<\"],\"s\":\"plain\"}";

static inline void collect(void *context, const XML_Char *text, int n)
{
	buf_add(context, text, (size_t)n);
}

/* All text of the document, as a reader gets it. */
static inline void read_xml(const char *xml, size_t n, struct buf *out)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	XML_SetUserData(parser, out);
	XML_SetCharacterDataHandler(parser, collect);
	if (XML_Parse(parser, xml, (int)n, XML_TRUE) != XML_STATUS_OK)
		fail_msg("%s: %s", XML_ErrorString(XML_GetErrorCode(parser)), xml);
	XML_ParserFree(parser);
}
