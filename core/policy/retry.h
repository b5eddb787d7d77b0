/* core/policy/retry.h
 *
 * What follows an attempt: success, another attempt, or the end. Pure functions of the attempt, the moment
 * and a number of chance; never reads a clock.
 */
#pragma once

#include "model/request.h"
#include "model/retry.h"

enum {
	RETRY_FLOOR_429_MS = 60 * 1000,        /* who says 429 is not asked again sooner */
	RETRY_AFTER_MAX_MS = 24 * 3600 * 1000, /* what a Retry-After asks beyond this is not granted */
};

/* At once, after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h: eight attempts in about 27.5 hours. */
extern const struct retry_policy retry_default;

/* For how long a service asks to be left alone: the Retry-After of a 429 or 503, within RETRY_AFTER_MAX_MS; 0
 * when there is none. */
int64_t retry_pause_ms(const struct answer *answer, int64_t now_ms);

enum verdict { VERDICT_DELIVERED, VERDICT_RETRY, VERDICT_DEAD };

/* What the answer is to this service: its `success` decides whether a status is FAILURE_NONE or
 * FAILURE_STATUS. Answers without a status stay as they are. */
void retry_judge(const struct retry_policy *policy, struct answer *answer);

/* No wait is longer. */
int64_t retry_longest_ms(const struct retry_policy *policy);

/* `attempt` counts from 1; the answer is judged already. RETRY: ret_delay_ms is the wait.
 *
 * Where the policy says nothing else, 410 is dead at once, 400, 413 and 422 after one more try, what we
 * refused ourselves and what is final is dead, and everything else is tried again while the policy has
 * attempts. A Retry-After, in seconds or as a date (RFC 9110, section 10.2.3), lengthens the wait within
 * RETRY_AFTER_MAX_MS; after 429 it is at least RETRY_FLOOR_429_MS. */
enum verdict retry_decide(const struct retry_policy *policy, int attempt, const struct answer *answer,
			  int64_t now_ms, uint64_t chance, int64_t *ret_delay_ms);
