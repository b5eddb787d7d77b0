/* core/format/template.h
 *
 * From a text with #tags# to a compiled template, and from that to the bytes of one event.
 *
 *   #ani#   #ani|e164:US#   #call_start|time:'%H:%M','America/New_York'#   #x|default:'none'|upper#
 *
 * A name is [A-Za-z_][A-Za-z0-9_]*. A '#' that opens no tag is text: no name behind it ("#1", "# "), or a
 * name with neither '#' nor '|' behind it ("#fff;"). '##' is text as well, and of '##ani#' the first '#' is
 * text. Tags are found from left to right, wherever they stand: of '#a#b#' the second half is text.
 *
 * '#secret:name#' is the secret of that name; format/secret_mark.h says what becomes of it. It can stand
 * wherever a tag can, but for the host of a URL and a CDATA section, and takes no filter.
 *
 * The filters are described in format/filter.h. Their arguments are bare words of [A-Za-z0-9_+./:%-] or
 * stand in single quotes, with '' for a quote; anything may stand between these, '#' and '|' as well. Spaces
 * around
 * '|', ':' and ',' are allowed. A name with '|' behind it is a tag when any '#' follows or a known filter:
 * a slip in it is an error, and is not sent as text.
 */
#pragma once

#include "base/error.h"
#include "model/event.h"
#include "model/runlog.h"
#include "model/service.h"

/* Where the whole text stands; the place of each tag follows from what surrounds it. */
enum template_context {
	CONTEXT_TEXT,
	CONTEXT_JSON, /* a whole document; must be valid JSON once its tags are filled */
	CONTEXT_XML,  /* a whole document; well formed once filled. Tags in comments, names or DOCTYPE are
			 errors */
	CONTEXT_FORM, /* one value of a form */
	CONTEXT_URL,
	CONTEXT_QUERY, /* one value of the URL's query */
	CONTEXT_HEADER,
	CONTEXT_JSON_STRING, /* one JSON string, given without its quotes, filled with them; "#x|json#" alone
				makes the whole a JSON value */
};

/* Compiles; everything is copied into `arena`. Errors say what and where in the text: error.line and
 * error.column (0 when no place is to blame) count from the start of `text`, error.excerpt is that line of
 * it. */
int template_compile(struct str text, enum template_context context, struct arena *arena,
		     struct template *ret, struct error *reterr);

/* A value that holds marks of secrets (format/secret_mark.h) and no tags, for its place. -1 when the arena is
 * full. */
int template_of_secret(struct str text, enum template_context context, struct arena *arena,
		       struct template *ret);

/* Is there any tag in it? */
bool template_has_tags(const struct template *template);

/* Of a URL: does a tag choose its host or port? */
bool template_fills_host(const struct template *template);

/* Calls back once for each tag in the template. */
void template_each_tag(const struct template *template, void (*each)(void *context, struct str tag),
		       void *context);

/* Adds the filled text to `out`. A tag that the event lacks is empty (null as a JSON value) with a line in
 * `log`, or, if `strict`, an error. `what` names the service in both. `log` may be NULL; a line that it
 * already holds is not added again. A value that is not of its filter's kind stays as it was, with a line in
 * `log`. On error, which is also that `out` is full, `out` holds what it held before. */
int template_fill(const struct template *template, const struct event *event, bool strict, struct str what,
		  struct buf *out, struct runlog *log, struct error *reterr);

/* The same with the values of tags replaced, as they come, before their filters. `mappings` may be NULL. */
int template_fill_mapped(const struct template *template, const struct event *event, bool strict,
			 struct str what, const struct mappings *mappings, struct buf *out,
			 struct runlog *log, struct error *reterr);

/* A Lua table as JSON body is compiled piece by piece: literals and tags are added to a builder, which
 * becomes one template. */
struct template_builder {
	struct arena *arena;
	struct buf literal;
	struct template_part *parts;
	size_t n, capacity;
	bool failed; /* too large; told by template_builder_done */
};

void template_builder_init(struct template_builder *builder, struct arena *arena);
void template_builder_finish(struct template_builder *builder);
void template_builder_text(struct template_builder *builder, struct str text); /* as it is */

/* A string of the operator's as a JSON string, quotes included, with its tags. */
int template_builder_json_string(struct template_builder *builder, struct str text, struct error *reterr);

/* -1 when the text is over 1 MiB or the arena is full; ret is untouched then. */
int template_builder_done(struct template_builder *builder, struct template *ret);
