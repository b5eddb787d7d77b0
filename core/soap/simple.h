/* core/soap/simple.h
 *
 * Values of simple types: are they right, and what do they look like on the wire. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "soap/schema.h"

/* Checks a text against the type and all that it is derived from. ret is the text as it goes out (white space
 * replaced or collapsed as the type says), in `scratch` or a slice of `text`. The error says what was
 * expected and what came. */
int simple_check(const struct schema_type *type, struct str text, struct arena *scratch, struct str *ret,
		 struct error *reterr);

/* The lexical rule of a built-in type; white space is already collapsed. */
bool builtin_valid(enum builtin builtin, struct str text);

/* "xs:int"; for messages. */
struct str builtin_name(enum builtin builtin);

/* BUILTIN_NONE when there is none of this name. The list types (NMTOKENS …) are named types, not builtins. */
enum builtin builtin_find(struct str name);

/* The order of two numbers or times of the type's kind: <0, 0, >0; 2 when there is none. */
int builtin_compare(enum builtin builtin, struct str a, struct str b);

/* Lexical rules of the dates and times (simple_time.c). */
bool time_valid(enum builtin builtin, struct str text);
int time_compare(enum builtin builtin, struct str a, struct str b);

/* Room for an error text of a facet: "one of 'A', 'B'". */
void facets_expected(const struct schema_type *type, struct buf *out);
