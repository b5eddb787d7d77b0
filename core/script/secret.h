/* core/script/secret.h
 *
 * secret "name" in Lua: a value that nobody can read, only put into a request. It is a userdata with a text
 * in which marks stand for the secrets (format/secret_mark.h); texts that are joined to it become part of it.
 */
#pragma once

#include "script/sandbox.h"

/* The text of the secret at `index`, which the userdata keeps; p == NULL when it is none. */
struct str secret_text(lua_State *L, int index);

void lib_secret_open(lua_State *L);
