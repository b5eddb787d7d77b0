/* core/model/runlog.h
 *
 * What a run tells its call's timeline: lines of log() and warnings of ours. Bounded; owned by the run.
 */
#pragma once

#include "base/arena.h"

struct runlog_line {
	struct runlog_line *next;
	struct str text;
};

struct runlog {
	struct arena *arena; /* where the lines live */
	struct runlog_line *first, **last;
	size_t n, max; /* lines; past the maximum one line says so, the rest is dropped */
};

void runlog_init(struct runlog *log, struct arena *arena, size_t max);
void runlog_add(struct runlog *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
