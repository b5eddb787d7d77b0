/* core/app/progress.h
 *
 * How far long work is: one line on stderr, when that is a terminal and the work takes long enough to wonder.
 */
#pragma once

#include "base/base.h"

struct progress {
	const char *what; /* "comparing" */
	size_t all;
	int64_t began_us, shown_us;
	bool on, shown;
};

void progress_begin(struct progress *progress, const char *what, size_t all);
void progress_show(struct progress *progress, size_t done);
void progress_end(struct progress *progress); /* the line is taken away */
