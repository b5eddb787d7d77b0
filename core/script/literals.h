/* core/script/literals.h
 *
 * The texts with tags that stand in the operators' sources. What a rule hands to a service is a value, and a
 * '#ani#' inside of it is text; but a text that the operator wrote into the script, word for word, is a
 * template. Belongs to one state.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/template.h"

/* Where a text of a rule can stand in a request. */
enum place_of_text {
	PLACE_TEXT, /* values of params and forms too: request_build writes those for their place */
	PLACE_JSON,
	PLACE_JSON_STRING, /* with its quotes */
	PLACE_XML,
	PLACE_URL,
	PLACE_HEADER,
	PLACES,
};

struct literal {
	struct str text;
	const struct template *compiled[PLACES]; /* NULL: not needed yet */
};

struct literals {
	struct arena arena;
	struct literal *items; /* sorted by text */
	size_t n, capacity;
};

void literals_init(struct literals *literals);
void literals_finish(struct literals *literals);

/* Takes in the strings of a source. */
void literals_add(struct literals *literals, struct str source);

/* The template that the text is at this place; NULL in *ret when it is not a literal or has no tags. Fails
 * when it is no good template there. */
int literals_template(struct literals *literals, struct str text, enum place_of_text place,
		      const struct template **ret, struct error *reterr);

/* Compiles a text for a place. */
int literal_compile(struct str text, enum place_of_text place, struct arena *arena, struct template *ret,
		    struct error *reterr);
