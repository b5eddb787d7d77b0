/* core/script/where.h
 *
 * Places in the operators' sources: from "the rule of line 12, its key `when`, there the key `ani`" to a line
 * and a column. Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"
#include "script/lexer.h"

enum { WHERE_DEPTH_MAX = 10 };

/* One step into a table constructor: a key, or, with key.p == NULL, the index-th value without a key. */
struct where_step {
	struct str key;
	int index;
};

struct where {
	const struct source_file *file; /* NULL: unknown */
	int line;                       /* of the call whose argument is the table */
	struct where_step path[WHERE_DEPTH_MAX];
	int depth;
};

struct where where_key(const struct where *where, struct str key);
struct where where_index(const struct where *where, int index);

/* The first token of the value there. False when the source does not show it: the table was not written at
 * the call. */
bool where_token(const struct where *where, struct token *ret);

/* Sets file, line, column and excerpt, as near as the source shows it. */
void where_mark(const struct where *where, struct error *error);

/* The same for an error of a text that is the value there: error->line and ->column count from the start of
 * that text. */
void where_mark_text(const struct where *where, struct error *error);
