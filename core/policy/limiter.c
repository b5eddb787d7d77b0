#include "policy/limiter.h"

void limiter_set(struct limiter *limiter, int64_t calls, int64_t period_us, int64_t burst)
{
	limiter->interval_us = calls > 0 ? period_us / calls : 0;
	limiter->slack_us = burst > 1 ? (burst - 1) * limiter->interval_us : 0;
}

int64_t limiter_wait(const struct limiter *limiter, int64_t now_us)
{
	int64_t ahead_us = limiter->next_us - limiter->slack_us - now_us;
	return limiter->interval_us && ahead_us > 0 ? ahead_us : 0;
}

int64_t limiter_take(struct limiter *limiter, int64_t now_us)
{
	int64_t wait_us = limiter_wait(limiter, now_us);
	if (wait_us || !limiter->interval_us)
		return wait_us;
	/* A rest earns a burst and no more. */
	if (limiter->next_us < now_us)
		limiter->next_us = now_us;
	limiter->next_us += limiter->interval_us;
	return 0;
}
