/* core/api/guard.h
 *
 * Browsers are told by strangers' pages what to ask. Who may ask, by what a browser says of where it comes
 * from: against pages of other sites, and against names that were made to point here (DNS rebinding).
 * Pure functions, any thread.
 */
#pragma once

#include "base/error.h"

struct guard_request {
	struct str method, path;
	bool host_is_ours;                               /* whatever it is */
	struct str host, origin, fetch_site, fetch_mode; /* headers; p == NULL: absent */
};

/* `names` are the names, beside addresses and localhost, under which this engine may be asked. Senders of
 * events are no browsers and may use any name, unless they say where they come from. 0, or -1 with the error:
 * the answer is 403. */
int guard_check(const struct guard_request *request, const char *const *names, size_t n_names,
		struct error *reterr);
