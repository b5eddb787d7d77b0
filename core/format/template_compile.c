#include "format/template.h"

#include "format/encode.h"
#include "format/json.h"
#include "format/secret_mark.h"
#include "format/template_scan.h"
#include "format/url.h"

void template_builder_init(struct template_builder *builder, struct arena *arena)
{
	*builder = (struct template_builder){.arena = arena};
	buf_init(&builder->literal, TEMPLATE_TEXT_MAX);
}

void template_builder_finish(struct template_builder *builder)
{
	buf_finish(&builder->literal);
	free(builder->parts);
	*builder = (struct template_builder){0};
}

void template_builder_text(struct template_builder *builder, struct str text)
{
	buf_str(&builder->literal, text);
}

/* The literal so far and what stands behind it become one part. */
static void add_part(struct template_builder *builder, struct template_part part)
{
	if (builder->n == builder->capacity) {
		builder->capacity = builder->capacity ? builder->capacity * 2 : 8;
		builder->parts = mem_realloc(builder->parts, builder->capacity * sizeof part);
	}
	part.literal = arena_copy(builder->arena, buf_view(&builder->literal));
	builder->failed = builder->failed || builder->literal.overflow || !part.literal.p;
	buf_clear(&builder->literal);
	builder->parts[builder->n++] = part;
}

/* A secret is a part of the text, whatever the event holds. */
static void add_secret(struct template_builder *builder, const struct span *span)
{
	bool quotes = span->escape == ESCAPE_JSON_VALUE;
	if (quotes)
		buf_char(&builder->literal, '"');
	secret_mark_add(&builder->literal, quotes ? ESCAPE_JSON_STRING : span->escape, span->tag);
	if (quotes)
		buf_char(&builder->literal, '"');
}

static void add_span(struct template_builder *builder, const struct span *span)
{
	if (span->secret) {
		add_secret(builder, span);
		return;
	}
	add_part(builder, (struct template_part){
				  .tag = span->tag,
				  .escape = span->escape,
				  .n_filters = span->n_filters,
				  .filters = span->n_filters ? span->filters : NULL,
			  });
}

int template_builder_done(struct template_builder *builder, struct template *ret)
{
	if (builder->literal.n || builder->literal.overflow)
		add_part(builder, (struct template_part){0});
	size_t size = builder->n * sizeof builder->parts[0];
	struct template_part *parts = size ? arena_alloc(builder->arena, size) : NULL;
	if (builder->failed || (size && !parts))
		return -1;
	if (size)
		memcpy(parts, builder->parts, size);
	*ret = (struct template){.parts = parts, .n = builder->n};
	return 0;
}

/* How the operator's own text is written in each context. */
static void add_literal(struct template_builder *builder, enum template_context context, struct str text)
{
	switch (context) {
	case CONTEXT_FORM:
		encode_form(&builder->literal, text);
		break;
	case CONTEXT_QUERY:
		encode_percent(&builder->literal, text);
		break;
	case CONTEXT_JSON_STRING:
		json_write_escaped(&builder->literal, text);
		break;
	default:
		buf_str(&builder->literal, text);
	}
}

static void add_all(struct template_builder *builder, enum template_context context, struct str text,
		    const struct spans *spans)
{
	size_t at = 0;
	for (size_t i = 0; i < spans->n; i++) {
		const struct span *span = &spans->spans[i];
		add_literal(builder, context, (struct str){text.p + at, span->start - at});
		add_span(builder, span);
		at = span->end;
	}
	add_literal(builder, context, (struct str){text.p + at, text.n - at});
}

static void place_everywhere(struct spans *spans, enum escape escape)
{
	for (size_t i = 0; i < spans->n; i++)
		spans->spans[i].escape = escape;
}

/* A line break would end the header and begin another. */
static int place_header(struct str text, struct spans *spans, struct error *reterr)
{
	size_t at = 0;
	for (size_t k = 0; at < text.n; at++) {
		if (k < spans->n && at == spans->spans[k].start)
			at = spans->spans[k++].end - 1;
		else if ((unsigned char)text.p[at] < ' ' || text.p[at] == 0x7F)
			break;
	}
	place_everywhere(spans, ESCAPE_HEADER);
	if (at >= text.n)
		return 0;
	error_set(reterr, "a header cannot hold a line break or another control character");
	return template_error_at(reterr, text, at);
}

/* What is wrong with the URL whatever its tags hold. Where it starts with a tag nothing is known yet. */
static int check_url(struct str text, const struct spans *spans, struct error *reterr)
{
	struct buf sample;
	size_t at = 0;
	if (spans->n && spans->spans[0].start == 0)
		return 0;
	buf_init(&sample, TEMPLATE_TEXT_MAX);
	for (size_t i = 0; i < spans->n; i++) {
		buf_add(&sample, text.p + at, spans->spans[i].start - at);
		buf_char(&sample, '1');
		at = spans->spans[i].end;
	}
	buf_add(&sample, text.p + at, text.n - at);
	int r = url_check(buf_view(&sample), reterr);
	buf_finish(&sample);
	return r < 0 ? template_error_at(reterr, text, 0) : 0;
}

static int place(struct str text, enum template_context context, struct spans *spans, struct error *reterr)
{
	switch (context) {
	case CONTEXT_TEXT:
		place_everywhere(spans, ESCAPE_NONE);
		return 0;
	case CONTEXT_JSON:
		return template_place_json(text, spans, reterr);
	case CONTEXT_XML:
		return template_place_xml(text, spans, reterr);
	case CONTEXT_FORM:
		place_everywhere(spans, ESCAPE_FORM);
		return 0;
	case CONTEXT_URL:
		return template_place_url(text, spans, reterr) < 0 ? -1 : check_url(text, spans, reterr);
	case CONTEXT_QUERY:
		place_everywhere(spans, ESCAPE_URL_QUERY);
		return 0;
	case CONTEXT_HEADER:
		return place_header(text, spans, reterr);
	case CONTEXT_JSON_STRING:
		place_everywhere(spans, ESCAPE_JSON_STRING);
		return 0;
	}
	return 0;
}

int template_builder_json_string(struct template_builder *builder, struct str text, struct error *reterr)
{
	struct spans spans;
	if (template_scan(text, builder->arena, &spans, reterr) < 0)
		return -1;
	place_everywhere(&spans, ESCAPE_JSON_STRING);
	bool whole = spans.n == 1 && spans.spans[0].start == 0 && spans.spans[0].end == text.n;
	if (whole && span_wants_json(&spans.spans[0])) {
		spans.spans[0].escape = ESCAPE_JSON_VALUE;
		span_drop_json(&spans.spans[0]);
		add_span(builder, &spans.spans[0]);
	} else {
		template_builder_text(builder, STR("\""));
		add_all(builder, CONTEXT_JSON_STRING, text, &spans);
		template_builder_text(builder, STR("\""));
	}
	spans_finish(&spans);
	return 0;
}

/* A host is shown wherever an attempt is; and a secret with "]]>" in it would end its section. */
static int check_secrets(struct str text, const struct spans *spans, struct error *reterr)
{
	for (size_t i = 0; i < spans->n; i++) {
		const struct span *span = &spans->spans[i];
		enum escape escape = span->escape;
		if (!span->secret || (escape != ESCAPE_URL_AUTHORITY && escape != ESCAPE_URL_WHOLE &&
				      escape != ESCAPE_XML_CDATA))
			continue;
		error_set(reterr, "a secret cannot stand in %s",
			  escape == ESCAPE_XML_CDATA ? "a CDATA section" : "the host of a URL");
		return template_error_at(reterr, text, span->start);
	}
	return 0;
}

static int build_document(struct template_builder *builder, struct str text, enum template_context context,
			  struct error *reterr)
{
	struct spans spans;
	if (template_scan(text, builder->arena, &spans, reterr) < 0)
		return -1;
	int r = place(text, context, &spans, reterr);
	if (r == 0)
		r = check_secrets(text, &spans, reterr);
	if (r == 0)
		add_all(builder, context, text, &spans);
	spans_finish(&spans);
	return r;
}

int template_compile(struct str text, enum template_context context, struct arena *arena,
		     struct template *ret, struct error *reterr)
{
	struct template_builder builder;
	template_builder_init(&builder, arena);
	int r = context == CONTEXT_JSON_STRING ? template_builder_json_string(&builder, text, reterr)
					       : build_document(&builder, text, context, reterr);
	if (r == 0 && template_builder_done(&builder, ret) < 0)
		r = error_set(reterr, "the rules are too large");
	template_builder_finish(&builder);
	return r;
}

int template_of_secret(struct str text, enum template_context context, struct arena *arena,
		       struct template *ret)
{
	struct template_builder builder;
	template_builder_init(&builder, arena);
	add_literal(&builder, context, text);
	int r = template_builder_done(&builder, ret);
	template_builder_finish(&builder);
	return r;
}

bool template_has_tags(const struct template *template)
{
	for (size_t i = 0; i < template->n; i++) {
		if (template->parts[i].tag.p)
			return true;
	}
	return false;
}

void template_each_tag(const struct template *template, void (*each)(void *context, struct str tag),
		       void *context)
{
	for (size_t i = 0; i < template->n; i++) {
		if (template->parts[i].tag.p)
			each(context, template->parts[i].tag);
	}
}
