#include "policy/failing.h"

int failing_note(struct failing *failing, bool success, int64_t period_us, int64_t now_us)
{
	static const int steps[] = {100, 90, 70, 50};
	if (success) {
		*failing = (struct failing){0};
		return 0;
	}
	if (!failing->failing)
		*failing = (struct failing){.failing = true, .since_us = now_us};
	/* Divided first: the periods are long, and the numbers must not overflow. */
	for (size_t i = 0; i < countof(steps); i++) {
		if (now_us - failing->since_us < period_us / 100 * steps[i])
			continue;
		if (failing->told >= steps[i])
			return 0;
		return failing->told = steps[i];
	}
	return 0;
}
