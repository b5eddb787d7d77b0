#include "policy/recent.h"

static size_t kept(const struct recent *recent)
{
	return recent->n < RECENT_ATTEMPTS ? recent->n : RECENT_ATTEMPTS;
}

static void turn_to(struct recent *recent, int64_t slot)
{
	if (slot - recent->slot >= RECENT_SLOTS)
		memset(recent->counts, 0, sizeof recent->counts);
	else
		for (int64_t s = recent->slot + 1; s <= slot; s++)
			recent->counts[s % RECENT_SLOTS] = 0;
	if (slot > recent->slot)
		recent->slot = slot;
}

void recent_note(struct recent *recent, bool good, int64_t took_us, int64_t now_us)
{
	size_t at = recent->n++ % RECENT_ATTEMPTS;
	recent->took_us[at] = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	recent->good[at] = good;
	turn_to(recent, now_us / RECENT_SLOT_US);
	recent->counts[recent->slot % RECENT_SLOTS]++;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

void recent_read(const struct recent *recent, int64_t now_us, struct recent_figures *ret)
{
	struct recent_figures figures = {.n = kept(recent)};
	uint32_t sorted[RECENT_ATTEMPTS];
	size_t good = 0;
	int64_t slot = now_us / RECENT_SLOT_US;
	memcpy(sorted, recent->took_us, figures.n * sizeof *sorted);
	qsort(sorted, figures.n, sizeof *sorted, by_size);
	for (size_t i = 0; i < figures.n; i++)
		good += recent->good[i];
	if (figures.n) {
		figures.success_percent = (int)(good * 100 / figures.n);
		figures.p50_us = sorted[(figures.n - 1) / 2];
		figures.p99_us = sorted[(figures.n - 1) * 99 / 100];
	}
	for (int64_t s = slot - RECENT_SLOTS + 1; s <= slot; s++)
		if (s >= 0 && s <= recent->slot && s > recent->slot - RECENT_SLOTS)
			figures.per_minute += recent->counts[s % RECENT_SLOTS];
	*ret = figures;
}
