#include "model/limits.h"

#include <stdio.h>

#define MS  1000LL
#define S   (1000 * MS)
#define KIB 1024LL
#define MIB (1024 * KIB)

const struct limit_info limit_infos[LIMITS] = {
	[LIMIT_RUN_TIME] = {"max-run-time", UNIT_TIME, 50 * MS, MS, 60 * S, "CPU time of one run", "50ms"},
	[LIMIT_LOAD_TIME] = {"max-load-time", UNIT_TIME, 500 * MS, 10 * MS, 60 * S,
			     "CPU time to load one script", "500ms"},
	[LIMIT_MEMORY] = {"max-memory", UNIT_BYTES, 16 * MIB, MIB, 1024 * MIB,
			  "memory of a campaign, on each shard", "16MiB"},
	[LIMIT_WAITING] = {"max-waiting", UNIT_COUNT, 10000, 1, 1000000, "runs of a campaign that wait",
			   "10000"},
	[LIMIT_DELIVERIES] = {"max-deliveries", UNIT_COUNT, 100, 1, 1000, "deliveries of one run", "100"},
	[LIMIT_LOG_LINES] = {"max-log-lines", UNIT_COUNT, 100, 1, 1000, "log lines of one run", "100"},
	[LIMIT_BODY] = {"max-body", UNIT_BYTES, MIB, KIB, LIMIT_BODY_MOST, "body of a request", "1MiB"},
	[LIMIT_JSON_DEPTH] = {"max-json-depth", UNIT_COUNT, 64, 1, 200, "levels of a JSON value", "64"},
	[LIMIT_JSON_SIZE] = {"max-json-size", UNIT_BYTES, 2 * MIB, KIB, 64 * MIB, "a JSON text", "2MiB"},
};

const struct limits limits_standard = {
	.of = {50 * MS, 500 * MS, 16 * MIB, 10000, 100, 100, MIB, 64, 2 * MIB},
};

static const struct {
	const char *name;
	enum limit_unit unit;
	int64_t factor;
} suffixes[] = {
	{"us", UNIT_TIME, 1},     {"ms", UNIT_TIME, MS},    {"s", UNIT_TIME, S},
	{"KiB", UNIT_BYTES, KIB}, {"MiB", UNIT_BYTES, MIB}, {"GiB", UNIT_BYTES, 1024 * MIB},
	{"k", UNIT_BYTES, KIB},   {"m", UNIT_BYTES, MIB},   {"g", UNIT_BYTES, 1024 * MIB},
	{"B", UNIT_BYTES, 1},     {"", UNIT_BYTES, 1},      {"", UNIT_COUNT, 1},
};

static int64_t factor_of(enum limit_unit unit, struct str suffix)
{
	for (size_t i = 0; i < countof(suffixes); i++)
		if (suffixes[i].unit == unit && str_eq_nocase(str_of(suffixes[i].name), suffix))
			return suffixes[i].factor;
	return 0;
}

static const char *example_of(enum limit_unit unit)
{
	static const char *const examples[] = {"a time, as 50ms or 1s", "a size, as 512KiB or 16MiB",
					       "a number"};
	return examples[unit];
}

static void show(enum limit_unit unit, int64_t value, char *text, size_t size)
{
	static const char *const names[] = {"bytes", "KiB", "MiB"};
	size_t i = 0;
	switch (unit) {
	case UNIT_TIME:
		if (value % MS)
			snprintf(text, size, "%lld us", (long long)value);
		else
			snprintf(text, size, "%lld ms", (long long)(value / MS));
		return;
	case UNIT_BYTES:
		for (; i + 1 < countof(names) && value >= KIB && value % KIB == 0; i++)
			value /= KIB;
		snprintf(text, size, "%lld %s", (long long)value, names[i]);
		return;
	case UNIT_COUNT:
		snprintf(text, size, "%lld", (long long)value);
		return;
	}
}

int limit_parse(enum limit_kind kind, const char *text, struct limits *limits, struct error *reterr)
{
	const struct limit_info *info = &limit_infos[kind];
	int64_t number = 0;
	size_t n = 0;
	char least[32], most[32];
	for (; n < 10 && text[n] >= '0' && text[n] <= '9'; n++)
		number = number * 10 + (text[n] - '0');
	int64_t factor = n ? factor_of(info->unit, str_of(text + n)) : 0;
	if (!factor)
		return error_set(reterr, "--%s takes %s, not '%s'", info->option, example_of(info->unit),
				 text);
	number *= factor;
	if (number < info->least || number > info->most) {
		show(info->unit, info->least, least, sizeof least);
		show(info->unit, info->most, most, sizeof most);
		return error_set(reterr, "--%s goes from %s to %s", info->option, least, most);
	}
	limits->of[kind] = number;
	return 0;
}

void limit_show(enum limit_kind kind, const struct limits *limits, char *text, size_t size)
{
	show(limit_infos[kind].unit, limits->of[kind], text, size);
}
