/* core/script/lua_value.h
 *
 * JSON values of ours to values of Lua and back. All functions may raise memory errors of Lua.
 */
#pragma once

#include "script/sandbox.h"
#include "script/where.h"

/* JSON's null in Lua. */
#define LUA_JSON_NULL NULL

/* Pushes the value. Numbers: an integer if it fits 64 bits, a float if it is a real, else its digits as text.
 * null becomes json.null inside of arrays and objects, and at the top if `top_null`, else nil. */
void value_push(lua_State *L, const struct value *value, bool top_null);

/* Pushes a text for people: as tostring, without addresses. */
void value_push_shown(lua_State *L, int index);

/* Writes a Lua value as JSON: sorted keys, exact integers. */
struct json_writer {
	struct buf *out;
	bool pairs; /* a list of { name, value } pairs is an object in that order */

	/* Writes a string; NULL: as it is. */
	int (*string)(struct json_writer *writer, struct str s, struct error *reterr);
	void *context;

	/* Of the value that is being written; after an error, of the one that is wrong. The texts belong to
	 * the tables. */
	struct where_step path[WHERE_DEPTH_MAX];
	int depth;
};

/* The value at `index`. Runs no Lua code. An error in reterr is not raised and has no place. */
int json_write_lua(lua_State *L, int index, struct json_writer *writer, struct error *reterr);

/* A number at `index` as text: integers exact, floats as short as they read back. False for NaN and
 * infinities. */
bool number_write(lua_State *L, int index, struct buf *out);
