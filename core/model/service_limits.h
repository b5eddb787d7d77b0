/* core/model/service_limits.h
 *
 * How much of a service may be used. Part of a service: immutable once loaded.
 */
#pragma once

#include "base/base.h"

struct service_limits {
	int concurrency;       /* requests on the wire at once; 0: adaptive */
	int64_t rate;          /* calls in `period_ms`; 0: no limit */
	int64_t period_ms;     /* 0 without a rate */
	int64_t burst;         /* of them at once, after a rest; at least 1 with a rate */
	size_t body_max;       /* bytes of a request's body; 0: what every request is bound to */
	int64_t failing_ms;    /* it is told when the service has failed for so long; 0: the default */
	bool failing_disables; /* then it is paused */
};
