/* core/script/require.h
 *
 * Running the chunk of a file.
 */
#pragma once

#include "script/state.h"

/* Runs the file; leaves what it returned on the stack. */
void run_file(lua_State *L, const struct source_file *file);
