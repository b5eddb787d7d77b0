/* core/app/simulate_watch.h
 *
 * A round of something, and another one whenever what it reads has changed, until SIGINT or SIGTERM.
 */
#pragma once

#include <stdio.h>

struct watch_places {
	const char *rules;    /* a folder */
	char *const *samples; /* files and folders; NULL at the end; or NULL */
	const char *file;     /* one more; NULL: none */
};

/* `round` writes all that it has to say to `out`; it is shown when it is another than the last. Returns the
 * exit code. */
int simulate_watch(const struct watch_places *places, void (*round)(void *context, FILE *out), void *context);
