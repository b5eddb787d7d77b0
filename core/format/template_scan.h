/* core/format/template_scan.h
 *
 * Inside of the template compiler: the tags of a text, before their places are known. One file a language of
 * bodies finds the places: template_json.c, template_xml.c, template_url.c. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/template.h"

enum { TEMPLATE_TEXT_MAX = 1 << 20 };

struct span {
	size_t start, end; /* bytes of the text that the tag takes the place of, [start, end) */
	struct str tag;    /* this and the filters live in the arena given to template_scan */
	bool secret;       /* #secret:name#: the tag is the secret's name */
	enum escape escape;
	int n_filters;
	struct filter *filters;
};

struct spans {
	struct span *spans;
	size_t n, capacity;
};

/* Finds all tags. On failure there is nothing to finish. */
int template_scan(struct str text, struct arena *arena, struct spans *ret, struct error *reterr);
void spans_finish(struct spans *spans);

/* Fills an error with the place of the byte `at` in `text`. Returns -1. */
int template_error_at(struct error *error, struct str text, size_t at);

/* Does the tag end in `json`? And, for places where the value keeps its type anyhow, drops that filter. */
bool span_wants_json(const struct span *span);
void span_drop_json(struct span *span);

/* Each gives every span its escape, or says what is wrong and where. */
int template_place_json(struct str text, struct spans *spans, struct error *reterr);
int template_place_xml(struct str text, struct spans *spans, struct error *reterr);
int template_place_url(struct str text, struct spans *spans, struct error *reterr);
