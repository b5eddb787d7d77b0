/* core/script/testing_private.h
 *
 * What a state for tests has beside the rules' own: `test`, and what it stands on.
 */
#pragma once

#include "script/sandbox.h"

void lib_testing_open(lua_State *L);
