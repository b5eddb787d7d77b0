/* core/policy/failing.h
 *
 * For how long a service has failed without one success, and when somebody should be told: after 50, 70, 90
 * and 100 percent of a period. Owned by one shard; not thread-safe. Never reads a clock.
 */
#pragma once

#include "base/base.h"

struct failing {
	bool failing;
	int64_t since_us; /* the first failure after the last success */
	int told;         /* percent */
};

/* An attempt has ended. Returns the percentage to be told now, the highest that has been passed, or 0. */
int failing_note(struct failing *failing, bool success, int64_t period_us, int64_t now_us);
