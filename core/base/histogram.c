#include "base/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};

void histogram_add(struct histogram *histogram, int64_t took_us)
{
	size_t i = 0;
	while (i < HISTOGRAM_BOUNDS && took_us > histogram_bounds_us[i])
		i++;
	__atomic_add_fetch(&histogram->counts[i], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&histogram->sum_us, took_us > 0 ? (uint64_t)took_us : 0, __ATOMIC_RELAXED);
}

void histogram_sum(struct histogram *to, const struct histogram *from)
{
	for (size_t i = 0; i < countof(to->counts); i++)
		to->counts[i] += __atomic_load_n(&from->counts[i], __ATOMIC_RELAXED);
	to->sum_us += __atomic_load_n(&from->sum_us, __ATOMIC_RELAXED);
}
