#include "policy/concurrency.h"

enum {
	MILLI = 1000,
	SMOOTHING = 16,           /* answers */
	PERIOD_US = 30 * 1000000, /* a service that has become slow for good is the usual one after two */
	NOISE_US = 10 * 1000,     /* by less than this it does not shrink */
	STEADY_US = 250,          /* and by less than this it still grows */
	HOLD_LEAST_US = 1000,
};

void concurrency_init(struct concurrency *concurrency, int fixed)
{
	*concurrency = (struct concurrency){
		.milli = (int64_t)(fixed > 0 ? fixed : CONCURRENCY_START) * MILLI,
		.fixed = fixed > 0,
	};
}

int concurrency_limit(const struct concurrency *concurrency)
{
	return (int)(concurrency->milli / MILLI);
}

static void shrink(struct concurrency *concurrency, int64_t now_us)
{
	if (concurrency->fixed || now_us < concurrency->held_until_us)
		return;
	concurrency->milli = concurrency->milli * 9 / 10;
	if (concurrency->milli < MILLI)
		concurrency->milli = MILLI;
	int64_t hold_us = concurrency->took_us > HOLD_LEAST_US ? concurrency->took_us : HOLD_LEAST_US;
	concurrency->held_until_us = now_us + hold_us;
}

static int64_t usual(const struct concurrency *concurrency)
{
	const int64_t *both = concurrency->usual_us;
	return both[1] && both[1] < both[0] ? both[1] : both[0];
}

/* Smoothed before the lowest is looked for: the quickest of single answers says nothing about a service whose
 * answers vary. */
static void note(struct concurrency *concurrency, int64_t took_us, int64_t now_us)
{
	if (!concurrency->took_us)
		concurrency->took_us = took_us;
	else
		concurrency->took_us += (took_us - concurrency->took_us) / SMOOTHING;
	if (now_us >= concurrency->period_ends_us) {
		concurrency->usual_us[1] = concurrency->usual_us[0];
		concurrency->usual_us[0] = concurrency->took_us;
		concurrency->period_ends_us = now_us + PERIOD_US;
	} else if (concurrency->took_us < concurrency->usual_us[0]) {
		concurrency->usual_us[0] = concurrency->took_us;
	}
}

void concurrency_answered(struct concurrency *concurrency, int64_t took_us, int on_wire, int64_t now_us)
{
	if (concurrency->fixed)
		return;
	note(concurrency, took_us > 0 ? took_us : 1, now_us);
	int64_t rise_us = concurrency->took_us - usual(concurrency);
	bool rises = rise_us > usual(concurrency);
	if (rises && rise_us > NOISE_US)
		shrink(concurrency, now_us);
	else if (rises && rise_us > STEADY_US)
		return; /* more of them would only wait for one another */
	else if ((int64_t)on_wire * 2 * MILLI >= concurrency->milli)
		concurrency->milli += (int64_t)MILLI * MILLI / concurrency->milli;
	if (concurrency->milli > (int64_t)CONCURRENCY_MOST * MILLI)
		concurrency->milli = (int64_t)CONCURRENCY_MOST * MILLI;
}

void concurrency_overloaded(struct concurrency *concurrency, int64_t now_us)
{
	shrink(concurrency, now_us);
}
