#include "format/template_scan.h"

#include "format/json.h"

enum { SAMPLE_ARENA_MAX = 64 << 20 };

struct walk {
	struct str text;
	struct spans *spans;
	size_t at, k; /* the next byte, the next span */
	bool in_string;
	size_t string_start; /* behind the opening quote */
};

/* A string before ':' is a key. `at` is behind its closing quote. */
static bool is_key(struct str text, size_t at)
{
	while (at < text.n && strchr(" \t\r\n", text.p[at]) && text.p[at])
		at++;
	return at < text.n && text.p[at] == ':';
}

static int place_span(struct walk *walk, struct error *reterr)
{
	struct span *span = &walk->spans->spans[walk->k++];
	struct str text = walk->text;
	walk->at = span->end;
	span->escape = walk->in_string ? ESCAPE_JSON_STRING : ESCAPE_JSON_VALUE;
	if (!walk->in_string) {
		span_drop_json(span);
		return 0;
	}
	bool whole = span->start == walk->string_start && span->end < text.n && text.p[span->end] == '"';
	if (!whole || !span_wants_json(span))
		return 0;
	if (is_key(text, span->end + 1)) {
		error_set(reterr, "a key of an object is text: the tag '" STR_FMT "' cannot be json there",
			  STR_ARG(span->tag));
		return template_error_at(reterr, text, span->start);
	}
	span->escape = ESCAPE_JSON_VALUE;
	span_drop_json(span);
	span->start--;
	walk->at = ++span->end;
	walk->in_string = false;
	return 0;
}

static bool at_span(const struct walk *walk)
{
	return walk->k < walk->spans->n && walk->at == walk->spans->spans[walk->k].start;
}

static void step(struct walk *walk)
{
	char c = walk->text.p[walk->at++];
	if (c == '"') {
		walk->in_string = !walk->in_string;
		walk->string_start = walk->at;
	} else if (c == '\\' && walk->in_string && !at_span(walk)) {
		walk->at++;
	}
}

/* The text with something harmless in each tag's place, of the same length so that places in it are places in
 * the text. An array stands for a value: unlike a number or a string it is wrong beside another value, and as
 * a key. */
static char *make_sample(struct str text, const struct spans *spans)
{
	char *sample = mem_strndup(text.p, text.n);
	for (size_t i = 0; i < spans->n; i++) {
		const struct span *span = &spans->spans[i];
		bool value = span->escape == ESCAPE_JSON_VALUE;
		memset(sample + span->start, value ? ' ' : 'x', span->end - span->start);
		if (value)
			memcpy(sample + span->start, "[]", 2);
	}
	return sample;
}

/* The byte at this line and column, which count from 1. */
static size_t offset_of(struct str text, int line, int column)
{
	size_t at = 0;
	for (; line > 1 && at < text.n; at++)
		line -= text.p[at] == '\n';
	return at + (column > 0 ? (size_t)column - 1 : 0);
}

/* The operator did not write the sample, so no message may quote it. */
static const struct span *value_span_at(const struct spans *spans, size_t at)
{
	for (size_t i = 0; i < spans->n; i++) {
		const struct span *span = &spans->spans[i];
		if (span->escape == ESCAPE_JSON_VALUE && span->start <= at && at < span->end)
			return span;
	}
	return NULL;
}

static int check_sample(struct str text, const struct spans *spans, struct error *reterr)
{
	struct str sample = {make_sample(text, spans), text.n};
	struct arena arena;
	struct value value;
	struct error error;
	arena_init(&arena, SAMPLE_ARENA_MAX);
	int r = json_parse(sample, (struct json_limits){0}, &arena, &value, &error);
	if (r < 0 && reterr) {
		/* A tag can hold newlines that its sample has not. */
		size_t at = offset_of(sample, error.line, error.column);
		const struct span *span = value_span_at(spans, at);
		*reterr = error;
		if (span)
			error_set(reterr, "a value cannot stand here: the tag '" STR_FMT "'",
				  STR_ARG(span->tag));
		error_prefix(reterr, "not valid JSON");
		template_error_at(reterr, text, at);
	}
	arena_finish(&arena);
	free((char *)(uintptr_t)sample.p);
	return r;
}

int template_place_json(struct str text, struct spans *spans, struct error *reterr)
{
	struct walk walk = {.text = text, .spans = spans};
	while (walk.at < text.n) {
		if (!at_span(&walk))
			step(&walk);
		else if (place_span(&walk, reterr) < 0)
			return -1;
	}
	return check_sample(text, spans, reterr);
}
