/* core/script/soap_value.h
 *
 * Lua's tables as arguments of SOAP operations.
 */
#pragma once

#include "script/sandbox.h"

#include "model/value.h"

/* How texts become values; NULL: as they are. */
struct soap_texts {
	int (*text)(struct soap_texts *texts, lua_State *L, int index, struct value *ret,
		    struct error *reterr);
	void *context;
	struct arena *arena;
};

/* The value at `index`, in the arena of `texts`. Runs no Lua code. Functions and the like are errors, in
 * reterr and without a place. */
int soap_value_read(lua_State *L, int index, struct soap_texts *texts, struct value *ret,
		    struct error *reterr);
