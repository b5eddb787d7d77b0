/* core/base/fault.h
 *
 * Named places at which a test makes the program go wrong. They are there in builds with a sanitizer only; in
 * all others fault_is is `false`.
 */
#pragma once

#include "base/base.h"

#ifdef FAULT_POINTS
/* Does the environment's SWITCHHOOK_FAULT say "POINT:DETAIL"? */
bool fault_is(const char *point, struct str detail);
#else
static inline bool fault_is(const char *point, struct str detail)
{
	return false;
}
#endif
