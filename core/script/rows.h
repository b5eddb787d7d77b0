/* core/script/rows.h
 *
 * Names and values as operators write them: a list of pairs { { "a", 1 }, { "b", 2 } }, which keeps its
 * order, or a table { a = 1, b = 2 }, whose names are sorted.
 */
#pragma once

#include "script/sandbox.h"
#include "script/where.h"

struct rows_item {
	struct str name;
	int index; /* in a list, from 1; 0: by name */
};

/* Calls back for each row with its value on top of the stack; stops when `each` returns non-zero, and returns
 * that. Returns -1 when the table at `index` has no rows in it: reterr says why, ret_bad which entry. */
int rows_each(lua_State *L, int index, int (*each)(void *context, lua_State *L, const struct rows_item *item),
	      void *context, struct where_step *ret_bad, struct error *reterr);

/* How many entries the table has at most. */
size_t rows_count(lua_State *L, int index);
