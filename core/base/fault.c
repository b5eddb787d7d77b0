#include "base/fault.h"

#ifdef FAULT_POINTS
bool fault_is(const char *point, struct str detail)
{
	const char *wanted = getenv("SWITCHHOOK_FAULT");
	size_t n = strlen(point);
	return wanted && strncmp(wanted, point, n) == 0 && wanted[n] == ':' &&
	       str_eq(str_of(wanted + n + 1), detail);
}
#endif
