/* core/model/limits.h
 *
 * What a campaign may use up, so that a bad script hurts nobody but itself. Every limit has a default and an
 * option of `run`, `check` and the commands that simulate; a message that names a limit names its option.
 */
#pragma once

#include "base/error.h"

enum limit_kind {
	LIMIT_RUN_TIME,   /* us of CPU of one run, all its steps together */
	LIMIT_LOAD_TIME,  /* us of CPU to load one script */
	LIMIT_MEMORY,     /* bytes of one campaign on one shard: its Lua, and our buffers for it */
	LIMIT_WAITING,    /* runs of one campaign that wait, on all shards together */
	LIMIT_DELIVERIES, /* of one run */
	LIMIT_LOG_LINES,  /* of one run */
	LIMIT_BODY,       /* bytes of a request's body */
	LIMIT_JSON_DEPTH, /* levels, of what becomes JSON and of what is read */
	LIMIT_JSON_SIZE,  /* bytes of a JSON text */
	LIMITS,
};

/* The most that --max-body may be set to. What holds a whole request is made for this. */
enum { LIMIT_BODY_MOST = 4 << 20 };

/* For tests: the n-th time that a script's memory grows, from 1, it is refused. 0: never. Counted down. */
struct limit_faults {
	size_t refuse_nth;
	bool for_good; /* and each time after it */
};

struct limits {
	int64_t of[LIMITS];
	struct limit_faults *faults; /* NULL in the program */
};

enum limit_unit { UNIT_TIME, UNIT_BYTES, UNIT_COUNT };

/* One row a limit: the option's name without its dashes, and what it may be. */
struct limit_info {
	const char *option;
	enum limit_unit unit;
	int64_t standard, least, most; /* in the unit of `of` */
	const char *help;
	const char *standard_text; /* the default, as it is written */
};

extern const struct limit_info limit_infos[LIMITS];

extern const struct limits limits_standard;

/* "50ms", "16MiB", "100". */
int limit_parse(enum limit_kind kind, const char *text, struct limits *limits, struct error *reterr);

/* The limit as one would write it: "50 ms", "16 MiB", "100". */
void limit_show(enum limit_kind kind, const struct limits *limits, char *text, size_t size);
