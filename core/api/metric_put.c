#include "api/metric_put.h"

#include "format/encode.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABEL_MAX = 120 };

static void begin(struct metrics *metrics, const char *name, const char *type, const char *help,
		  const char *suffix)
{
	const char *declared = metrics->openmetrics ? "" : suffix;
	metrics->name = name;
	buf_printf(metrics->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, declared, help, name, declared,
		   type);
}

void metric_counter(struct metrics *metrics, const char *name, const char *help)
{
	begin(metrics, name, "counter", help, "_total");
}

void metric_gauge(struct metrics *metrics, const char *name, const char *help)
{
	begin(metrics, name, "gauge", help, "");
}

void metric_histogram(struct metrics *metrics, const char *name, const char *help)
{
	begin(metrics, name, "histogram", help, "");
}

/* Names of operators' things: bounded, UTF-8, and escaped. */
static void put_label_value(struct buf *out, struct str value)
{
	value.n = utf8_valid_prefix((struct str){value.p, value.n < LABEL_MAX ? value.n : LABEL_MAX});
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			buf_printf(out, "\\%c", value.p[i]);
		else if (value.p[i] == '\n')
			buf_str(out, STR("\\n"));
		else
			buf_char(out, value.p[i]);
	}
}

static void put_labels(struct buf *out, const struct label *labels, size_t n, const char *le)
{
	if (n == 0 && !le)
		return;
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s=\"", i ? "," : "", labels[i].name);
		put_label_value(out, labels[i].value);
		buf_char(out, '"');
	}
	if (le)
		buf_printf(out, "%sle=\"%s\"", n ? "," : "", le);
	buf_char(out, '}');
}

void metric_count(struct metrics *metrics, const struct label *labels, size_t n, uint64_t value)
{
	buf_printf(metrics->out, "%s_total", metrics->name);
	put_labels(metrics->out, labels, n, NULL);
	buf_printf(metrics->out, " %" PRIu64 "\n", value);
}

void metric_value(struct metrics *metrics, const struct label *labels, size_t n, double value)
{
	buf_printf(metrics->out, "%s", metrics->name);
	put_labels(metrics->out, labels, n, NULL);
	buf_printf(metrics->out, " %.15g\n", value);
}

void metric_times(struct metrics *metrics, const struct label *labels, size_t n,
		  const struct histogram *histogram)
{
	struct buf *out = metrics->out;
	uint64_t sum = 0;
	char le[32];
	for (size_t i = 0; i < countof(histogram->counts); i++) {
		sum += histogram->counts[i];
		if (i < HISTOGRAM_BOUNDS)
			snprintf(le, sizeof le, "%g%s", (double)histogram_bounds_us[i] / 1e6,
				 histogram_bounds_us[i] % 1000000 ? "" : ".0");
		buf_printf(out, "%s_bucket", metrics->name);
		put_labels(out, labels, n, i < HISTOGRAM_BOUNDS ? le : "+Inf");
		buf_printf(out, " %" PRIu64 "\n", sum);
	}
	buf_printf(out, "%s_sum", metrics->name);
	put_labels(out, labels, n, NULL);
	buf_printf(out, " %.6f\n%s_count", (double)histogram->sum_us / 1e6, metrics->name);
	put_labels(out, labels, n, NULL);
	buf_printf(out, " %" PRIu64 "\n", sum);
}

/* To the older format this is a comment. */
void metrics_end(struct metrics *metrics)
{
	buf_str(metrics->out, STR("# EOF\n"));
}
