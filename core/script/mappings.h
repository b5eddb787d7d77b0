/* core/script/mappings.h
 *
 * mappings { original = replacement } while rules load: the pairs of all files that a script has run so far.
 */
#pragma once

#include "script/load.h"

/* A sorted copy of the pairs, in the unit that is being filled, which needs their files from then on. NULL
 * when nothing was declared. */
const struct mappings *mappings_declared(lua_State *L);

void lib_mappings_open(lua_State *L);
