#include "app/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR = 30, FIRST_AFTER_US = 500000, EVERY_US = 100000 };

void progress_begin(struct progress *progress, const char *what, size_t all)
{
	*progress = (struct progress){
		.what = what,
		.all = all,
		.began_us = clock_mono_us(clock_system()),
		.on = isatty(STDERR_FILENO),
	};
}

void progress_show(struct progress *progress, size_t done)
{
	if (!progress->on)
		return;
	int64_t now = clock_mono_us(clock_system());
	if (now - progress->began_us < FIRST_AFTER_US || now - progress->shown_us < EVERY_US)
		return;
	int full = progress->all ? (int)(done * BAR / progress->all) : BAR;
	fprintf(stderr, "\r%s [%.*s%*s] %zu of %zu events ", progress->what, full,
		"##############################", BAR - full, "", done, progress->all);
	fflush(stderr);
	progress->shown = true;
	progress->shown_us = now;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
