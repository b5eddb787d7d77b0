#include "format/template_scan.h"

#include "format/filter.h"
#include "format/secret_mark.h"

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9');
}

static bool is_bare(char c)
{
	return is_name(c) || (c && strchr("+./:%-", c));
}

int template_error_at(struct error *error, struct str text, size_t at)
{
	int line = 1;
	size_t start = 0;
	for (size_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	error_at(error, STR(""), line, (int)(at - start) + 1, text);
	return -1;
}

struct scanner {
	struct str text;
	size_t at;
	struct arena *arena;
	struct error *reterr;
};

static bool at_char(const struct scanner *scanner, char c)
{
	return scanner->at < scanner->text.n && scanner->text.p[scanner->at] == c;
}

static bool take_char(struct scanner *scanner, char c)
{
	bool there = at_char(scanner, c);
	scanner->at += there;
	return there;
}

static struct str take_while(struct scanner *scanner, bool (*wanted)(char))
{
	size_t start = scanner->at;
	while (scanner->at < scanner->text.n && wanted(scanner->text.p[scanner->at]))
		scanner->at++;
	return (struct str){scanner->text.p + start, scanner->at - start};
}

static void skip_spaces(struct scanner *scanner)
{
	while (take_char(scanner, ' '))
		;
}

/* 'it''s': the opening quote has been taken. The text goes to the arena, its quotes undoubled. */
static int take_quoted(struct scanner *scanner, size_t tag_at, struct str *ret)
{
	struct str text = scanner->text;
	size_t end = scanner->at;
	for (; end < text.n; end++) {
		if (text.p[end] != '\'')
			continue;
		if (end + 1 == text.n || text.p[end + 1] != '\'')
			break;
		end++;
	}
	if (end >= text.n) {
		error_set(scanner->reterr, "the quote in a tag's filter is not closed");
		return template_error_at(scanner->reterr, text, tag_at);
	}
	char *copy = arena_alloc(scanner->arena, end - scanner->at + 1);
	if (!copy)
		return error_set(scanner->reterr, "the rules are too large");
	size_t n = 0;
	for (size_t i = scanner->at; i < end; i++) {
		copy[n++] = text.p[i];
		i += text.p[i] == '\'';
	}
	scanner->at = end + 1;
	*ret = (struct str){copy, n};
	return 0;
}

/* ":a,'b'" up to FILTER_ARGS_MAX + 1 words, so that one too many is told apart. */
static int take_words(struct scanner *scanner, size_t tag_at, struct filter_word *words, int *ret_n)
{
	int n = 0;
	do {
		skip_spaces(scanner);
		if (n > FILTER_ARGS_MAX)
			break;
		struct filter_word word = {.quoted = take_char(scanner, '\'')};
		if (!word.quoted)
			word.text = take_while(scanner, is_bare);
		else if (take_quoted(scanner, tag_at, &word.text) < 0)
			return -1;
		if (!word.quoted && word.text.n == 0) {
			error_set(scanner->reterr, "an argument of a tag's filter is missing");
			error_hint(scanner->reterr,
				   "put single quotes around anything but letters, digits and +./:%%-");
			return template_error_at(scanner->reterr, scanner->text, scanner->at);
		}
		words[n++] = word;
		skip_spaces(scanner);
	} while (take_char(scanner, ','));
	*ret_n = n;
	return 0;
}

/* One filter, from its name to the '|' or '#' behind it. */
static int take_filter(struct scanner *scanner, size_t tag_at, struct filter *ret)
{
	struct filter_word words[FILTER_ARGS_MAX + 1];
	int n = 0;
	skip_spaces(scanner);
	size_t start = scanner->at;
	struct str name = take_while(scanner, is_name);
	if (name.n == 0) {
		error_set(scanner->reterr, "a filter's name is missing after '|'");
		return template_error_at(scanner->reterr, scanner->text, start);
	}
	skip_spaces(scanner);
	if (take_char(scanner, ':') && take_words(scanner, tag_at, words, &n) < 0)
		return -1;
	skip_spaces(scanner);
	if (filter_compile(name, words, n, scanner->arena, ret, scanner->reterr) < 0)
		return template_error_at(scanner->reterr, scanner->text, start);
	if (at_char(scanner, '#') || at_char(scanner, '|'))
		return 0;
	error_set(scanner->reterr, "the tag is not closed: '#' or '|' must follow the filter '" STR_FMT "'",
		  STR_ARG(name));
	return template_error_at(scanner->reterr, scanner->text, scanner->at);
}

static int take_filters(struct scanner *scanner, size_t tag_at, struct span *span)
{
	struct filter filters[FILTERS_MAX];
	int n = 0;
	while (take_char(scanner, '|')) {
		if (n == FILTERS_MAX) {
			error_set(scanner->reterr, "a tag has at most %d filters", FILTERS_MAX);
			return template_error_at(scanner->reterr, scanner->text, scanner->at - 1);
		}
		if (n && filters[n - 1].kind == FILTER_JSON) {
			error_set(scanner->reterr, "'json' must be the last filter of a tag");
			return template_error_at(scanner->reterr, scanner->text, scanner->at - 1);
		}
		if (take_filter(scanner, tag_at, &filters[n]) < 0)
			return -1;
		n++;
	}
	span->n_filters = n;
	span->filters = arena_alloc(scanner->arena, (size_t)n * sizeof filters[0]);
	if (!span->filters)
		return error_set(scanner->reterr, "the rules are too large");
	memcpy(span->filters, filters, (size_t)n * sizeof filters[0]);
	return 0;
}

/* Is "#name|" the start of a tag? A slip in a tag must be told, not sent: only where nothing speaks for a
 * tag, neither a '#' that could close it nor the name of a filter, is it text. */
static bool filters_follow(struct scanner scanner)
{
	scanner.at++;
	struct str rest = {scanner.text.p + scanner.at, scanner.text.n - scanner.at};
	if (rest.n && memchr(rest.p, '#', rest.n))
		return true;
	skip_spaces(&scanner);
	return filter_is_known(take_while(&scanner, is_name));
}

static bool is_secret_name(char c)
{
	return is_name(c) || c == '-' || c == '.';
}

/* "#secret" has been taken and ':' follows: the rest up to the '#'. */
static int take_secret(struct scanner *scanner, struct span *span)
{
	scanner->at++;
	struct str name = take_while(scanner, is_secret_name);
	if (!secret_name_is_good(name) || !at_char(scanner, '#')) {
		error_set(scanner->reterr, "this is no secret: write #secret:name#, without a filter");
		error_hint(scanner->reterr, "a name is up to %d letters, digits, '_', '-' and '.'",
			   SECRET_NAME_MAX);
		return template_error_at(scanner->reterr, scanner->text, span->start);
	}
	span->secret = true;
	span->tag = name;
	return 0;
}

/* At a '#'. Returns 1 and the span if it opens a tag, 0 if it is text. */
static int take_tag(struct scanner *scanner, struct span *ret)
{
	struct span span = {.start = scanner->at++};
	if (scanner->at == scanner->text.n || !is_name_start(scanner->text.p[scanner->at]))
		return 0;
	struct str name = take_while(scanner, is_name);
	if (at_char(scanner, ':') && str_eq(name, STR("secret"))) {
		if (take_secret(scanner, &span) < 0)
			return -1;
		name = span.tag;
	} else if (at_char(scanner, '|') && filters_follow(*scanner)) {
		if (take_filters(scanner, span.start, &span) < 0)
			return -1;
	} else if (!at_char(scanner, '#')) {
		return 0;
	}
	span.end = ++scanner->at;
	span.tag = arena_copy(scanner->arena, name);
	if (!span.tag.p)
		return error_set(scanner->reterr, "the rules are too large");
	*ret = span;
	return 1;
}

static void spans_add(struct spans *spans, struct span span)
{
	if (spans->n == spans->capacity) {
		spans->capacity = spans->capacity ? spans->capacity * 2 : 8;
		spans->spans = mem_realloc(spans->spans, spans->capacity * sizeof span);
	}
	spans->spans[spans->n++] = span;
}

void spans_finish(struct spans *spans)
{
	free(spans->spans);
	*spans = (struct spans){0};
}

int template_scan(struct str text, struct arena *arena, struct spans *ret, struct error *reterr)
{
	struct scanner scanner = {.text = text, .arena = arena, .reterr = reterr};
	struct spans spans = {0};
	struct span span;
	if (text.n > TEMPLATE_TEXT_MAX)
		return error_set(reterr, "the text is over %d bytes", TEMPLATE_TEXT_MAX);
	while (scanner.at < text.n) {
		const char *hash = memchr(text.p + scanner.at, '#', text.n - scanner.at);
		if (!hash)
			break;
		scanner.at = (size_t)(hash - text.p);
		int found = take_tag(&scanner, &span);
		if (found < 0) {
			spans_finish(&spans);
			return -1;
		}
		if (found)
			spans_add(&spans, span);
	}
	*ret = spans;
	return 0;
}

bool span_wants_json(const struct span *span)
{
	return span->n_filters && span->filters[span->n_filters - 1].kind == FILTER_JSON;
}

void span_drop_json(struct span *span)
{
	if (span_wants_json(span))
		span->n_filters--;
}
