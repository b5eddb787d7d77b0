/* core/script/declare_auth.h
 *
 * http.basic, http.oauth2 and the like: objects that services share. While rules load each becomes a struct;
 * later its userdata is a token of nothing.
 */
#pragma once

#include "script/load.h"

/* The object at `index`, or NULL when it is none. Only while rules load; one with errors is returned as well.
 */
const struct auth *auth_of(lua_State *L, int index);

/* A text, or a secret, on top of the stack; reports what else it is, and tags. */
void read_secret_text(lua_State *L, struct loader *loader, const char *key, const struct where *where,
		      struct template *ret);

void lib_auth_open(lua_State *L);
