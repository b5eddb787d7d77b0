#include "policy/retry.h"

enum { RETRY_AFTER_MAX_MS = 3600 * 1000 };

const struct retry_policy retry_default = {
	.n_delays = 3, .delays_ms = {1000, 5000, 25000}, .jitter_percent = 20};

/* A date instead of seconds is passed over: it would need a clock, and the policy's own delay is never wrong.
 */
static int64_t retry_after_ms(const struct answer *answer)
{
	if (answer->status != 429 && answer->status != 503)
		return 0;
	struct str value = str_trim(answer_header(answer, STR("retry-after")));
	int64_t ms = 0;
	if (value.n == 0)
		return 0;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return 0;
		if (ms < RETRY_AFTER_MAX_MS)
			ms = ms * 10 + (value.p[i] - '0') * 1000;
	}
	return ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}

static int attempts_allowed(const struct retry_policy *policy, const struct answer *answer)
{
	int all = policy->n_delays + 1;
	if (answer->failure == FAILURE_REFUSED)
		return 1;
	if (answer->failure != FAILURE_STATUS)
		return all;
	switch (answer->status) {
	case 410:
		return 1;
	case 400:
	case 413:
	case 422:
		return all < 2 ? all : 2;
	default:
		return all;
	}
}

enum verdict retry_decide(const struct retry_policy *policy, int attempt, const struct answer *answer,
			  uint64_t chance, int64_t *ret_delay_ms)
{
	ensure(attempt >= 1);
	if (answer->failure == FAILURE_NONE)
		return VERDICT_DELIVERED;
	if (attempt >= attempts_allowed(policy, answer))
		return VERDICT_DEAD;
	int64_t delay = policy->delays_ms[attempt - 1];
	int64_t spread = delay * policy->jitter_percent / 100;
	if (spread > 0)
		delay += (int64_t)(chance % (uint64_t)(2 * spread + 1)) - spread;
	int64_t asked = retry_after_ms(answer);
	*ret_delay_ms = delay > asked ? delay : asked;
	return VERDICT_RETRY;
}
