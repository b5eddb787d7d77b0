#include "policy/retry.h"

#include "format/http_date.h"

#include <stdio.h>

#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS   ((int64_t)3600000)

const struct retry_policy retry_default = {
	.attempts = 8,
	.n_delays = 7,
	.delays_ms = {5000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS,
		      10 * HOUR_MS},
	.jitter_percent = 20,
};

void retry_judge(const struct retry_policy *policy, struct answer *answer)
{
	if (!policy->has_success || (answer->failure != FAILURE_NONE && answer->failure != FAILURE_STATUS))
		return;
	if (status_set_has(&policy->success, answer->status)) {
		answer->failure = FAILURE_NONE;
		answer->detail[0] = 0;
	} else if (answer->failure == FAILURE_NONE) {
		answer->failure = FAILURE_STATUS;
		snprintf(answer->detail, sizeof answer->detail,
			 "answered with status %d, which the service does not count as success",
			 answer->status);
	}
}

static bool read_seconds(struct str text, int64_t *ret_ms)
{
	int64_t ms = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		if (ms < RETRY_AFTER_MAX_MS)
			ms = ms * 10 + (text.p[i] - '0') * 1000;
	}
	*ret_ms = ms;
	return text.n > 0;
}

/* A date is measured from the answer's own Date where it has one: the two clocks need not agree. */
static int64_t retry_after_ms(const struct answer *answer, int64_t now_ms)
{
	struct str value = str_trim(answer_header(answer, STR("retry-after")));
	struct str date = str_trim(answer_header(answer, STR("date")));
	int64_t ms = 0, until_ms;
	if (!read_seconds(value, &ms) && http_date_read(value, &until_ms)) {
		http_date_read(date, &now_ms);
		ms = until_ms > now_ms ? until_ms - now_ms : 0;
	}
	return ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}

int64_t retry_pause_ms(const struct answer *answer, int64_t now_ms)
{
	return answer->status == 429 || answer->status == 503 ? retry_after_ms(answer, now_ms) : 0;
}

static int attempts_allowed(const struct retry_policy *policy, const struct answer *answer)
{
	if (answer->failure == FAILURE_REFUSED || answer->final)
		return 1;
	if (answer->failure != FAILURE_STATUS || status_set_has(&policy->retry_on, answer->status))
		return policy->attempts;
	if (status_set_has(&policy->dead_on, answer->status))
		return 1;
	switch (answer->status) {
	case 410:
		return 1;
	case 400:
	case 413:
	case 422:
		return policy->attempts < 2 ? policy->attempts : 2;
	default:
		return policy->attempts;
	}
}

static int64_t scheduled_ms(const struct retry_policy *policy, int attempt, uint64_t chance)
{
	int last = policy->n_delays - 1;
	int64_t delay = policy->delays_ms[attempt - 1 < last ? attempt - 1 : last];
	int64_t spread = delay * policy->jitter_percent / 100;
	return spread > 0 ? delay + (int64_t)(chance % (uint64_t)(2 * spread + 1)) - spread : delay;
}

int64_t retry_longest_ms(const struct retry_policy *policy)
{
	int64_t longest = RETRY_AFTER_MAX_MS;
	for (int i = 0; i < policy->n_delays; i++) {
		int64_t delay = policy->delays_ms[i];
		delay += delay * policy->jitter_percent / 100;
		longest = delay > longest ? delay : longest;
	}
	return longest;
}

enum verdict retry_decide(const struct retry_policy *policy, int attempt, const struct answer *answer,
			  int64_t now_ms, uint64_t chance, int64_t *ret_delay_ms)
{
	ensure(attempt >= 1);
	if (answer->failure == FAILURE_NONE)
		return VERDICT_DELIVERED;
	if (attempt >= attempts_allowed(policy, answer))
		return VERDICT_DEAD;
	int64_t delay = scheduled_ms(policy, attempt, chance);
	int64_t asked = answer->failure == FAILURE_STATUS ? retry_after_ms(answer, now_ms) : 0;
	if (answer->status == 429 && asked < RETRY_FLOOR_429_MS)
		asked = RETRY_FLOOR_429_MS;
	*ret_delay_ms = delay > asked ? delay : asked;
	return VERDICT_RETRY;
}
