/* core/policy/retry.h
 *
 * What follows an attempt: success, another attempt, or the end. A pure function of the attempt and a number
 * of chance; never reads a clock.
 */
#pragma once

#include "model/request.h"

enum { RETRY_STEPS_MAX = 16 };

struct retry_policy {
	int n_delays;                       /* attempts are one more: the first goes at once */
	int64_t delays_ms[RETRY_STEPS_MAX]; /* before the 2nd, 3rd, … attempt */
	int jitter_percent;                 /* each delay is this much longer or shorter, by chance */
};

/* A few tries within a minute. */
extern const struct retry_policy retry_default;

enum verdict { VERDICT_DELIVERED, VERDICT_RETRY, VERDICT_DEAD };

/* `attempt` counts from 1. RETRY: ret_delay_ms is the wait. 2xx is delivered; 410 is dead at once, 400, 413
 * and 422 after one more try, and what we refused ourselves is dead; everything else is tried again while the
 * policy has delays. After 429 and 503 a Retry-After in seconds (RFC 9110, section 10.2.3) lengthens the
 * wait, up to an hour. */
enum verdict retry_decide(const struct retry_policy *policy, int attempt, const struct answer *answer,
			  uint64_t chance, int64_t *ret_delay_ms);
