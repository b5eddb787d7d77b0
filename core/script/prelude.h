/* core/script/prelude.h
 *
 * The Lua that ships inside the program (scripts/prelude), in the order in which it is run.
 */
#pragma once

#include "base/base.h"

extern const struct str prelude_texts[];
extern const size_t prelude_n;

/* The same for states of tests, after the others. */
extern const struct str test_prelude_texts[];
extern const size_t test_prelude_n;
