/* core/api/metric_put.h
 *
 * Metrics as text: OpenMetrics 1.0, or Prometheus' own older format, which differs in how a counter is named
 * where it is declared. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/histogram.h"

struct metrics {
	struct buf *out;
	bool openmetrics;
	const char *name; /* of the family that was begun last */
};

/* A label: its name is ours, its value may be anything. */
struct label {
	const char *name;
	struct str value;
};

/* `name` without "_total" and the like. Each family once, followed by all of its samples. */
void metric_counter(struct metrics *metrics, const char *name, const char *help);
void metric_gauge(struct metrics *metrics, const char *name, const char *help);
void metric_histogram(struct metrics *metrics, const char *name, const char *help);

void metric_count(struct metrics *metrics, const struct label *labels, size_t n, uint64_t value);
void metric_value(struct metrics *metrics, const struct label *labels, size_t n, double value);
void metric_times(struct metrics *metrics, const struct label *labels, size_t n,
		  const struct histogram *histogram);
void metrics_end(struct metrics *metrics);
