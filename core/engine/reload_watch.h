/* core/engine/reload_watch.h
 *
 * Watching folders of rules. On the loop's thread.
 */
#pragma once

#include "base/log.h"

#include <uv.h>

struct reload_watch;

/* Calls `changed` when something in one of the folders changes and 200 ms have passed in quiet, and now and
 * then without that. */
struct reload_watch *reload_watch_create(uv_loop_t *loop, const char *root, const struct log *log,
					 void (*changed)(void *context), void *context);
void reload_watch_folders(struct reload_watch *watch, char **folders, size_t n);
void reload_watch_close(struct reload_watch *watch); /* NULL is allowed; frees itself when the loop has run */
