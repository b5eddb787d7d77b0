#include "policy/breaker.h"

enum { OPEN_FIRST_US = 5 * 1000000, OPEN_MOST_US = 60 * 1000000 };

enum breaker_sign breaker_sign_of(const struct answer *answer)
{
	switch (answer->failure) {
	case FAILURE_CONNECT:
	case FAILURE_TLS:
	case FAILURE_TIMEOUT:
	case FAILURE_RESET:
	case FAILURE_PROTOCOL:
		return SIGN_FAULT;
	case FAILURE_NONE:
		return SIGN_ALIVE;
	case FAILURE_STATUS:
		if (answer->status == 503 && answer_header(answer, STR("retry-after")).p)
			return SIGN_NOTHING;
		return answer->status >= 500 ? SIGN_FAULT : SIGN_ALIVE;
	default:
		return SIGN_NOTHING;
	}
}

const char *breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {"closed", "open", "half_open"};
	return names[state];
}

bool breaker_would_send(const struct breaker *breaker, int64_t now_us)
{
	return breaker->state == BREAKER_CLOSED ||
	       (breaker->state == BREAKER_OPEN && now_us >= breaker->until_us);
}

bool breaker_may_send(struct breaker *breaker, int64_t now_us)
{
	if (!breaker_would_send(breaker, now_us))
		return false;
	if (breaker->state == BREAKER_OPEN)
		breaker->state = BREAKER_HALF_OPEN;
	return true;
}

static void open(struct breaker *breaker, int64_t open_us, int64_t now_us)
{
	breaker->state = BREAKER_OPEN;
	breaker->open_us = open_us < OPEN_MOST_US ? open_us : OPEN_MOST_US;
	breaker->until_us = now_us + breaker->open_us;
}

static bool note_fault(struct breaker *breaker, uint64_t *seen, int64_t now_us)
{
	/* Counted from one, so that 0 is no streak. */
	if (*seen != breaker->streak + 1)
		breaker->faults++;
	*seen = breaker->streak + 1;
	if (breaker->state == BREAKER_HALF_OPEN) {
		open(breaker, breaker->open_us * 2, now_us);
		return true;
	}
	if (breaker->state == BREAKER_OPEN || breaker->faults < BREAKER_FAULTS)
		return false;
	open(breaker, OPEN_FIRST_US, now_us);
	return true;
}

/* Of two that are on their way when it closes, the later one may still fail: that is a new streak. */
bool breaker_note(struct breaker *breaker, enum breaker_sign sign, uint64_t *seen, int64_t now_us)
{
	switch (sign) {
	case SIGN_FAULT:
		return note_fault(breaker, seen, now_us);
	case SIGN_ALIVE:
		*breaker = (struct breaker){.streak = breaker->streak + 1};
		return false;
	default:
		/* A probe that says nothing is made again. */
		if (breaker->state == BREAKER_HALF_OPEN)
			open(breaker, breaker->open_us, now_us);
		return false;
	}
}
