/* Watching the rules folder. Only folders are watched: an editor that saves by renaming leaves a watch on the
 * file behind with the old one, and a link that is put in the place of another is an entry of its folder.
 * What really changed is found by comparing contents. */
#include "engine/reload_private.h"

#include <libgen.h>
#include <stdio.h>

enum { QUIET_MS = 200, PATIENCE_MS = 2000, RESCAN_MS = 30000 };

struct watched {
	uv_fs_event_t event;
	struct reload_watch *watch;
	char *name; /* only this entry counts; NULL: all but hidden swap files of editors */
};

struct reload_watch {
	uv_loop_t *loop;
	uv_timer_t timer;
	const struct log *log;
	char *root;
	void (*changed)(void *context);
	void *context;
	struct watched **watched;
	size_t n_watched;
	uint64_t since_ms; /* loop time of the first change that was not told yet; 0: none */
	bool warned;
};

static void tell(uv_timer_t *timer);

static void rest(struct reload_watch *watch)
{
	watch->since_ms = 0;
	uv_timer_start(&watch->timer, tell, RESCAN_MS, 0);
}

static void tell(uv_timer_t *timer)
{
	struct reload_watch *watch = timer->data;
	rest(watch);
	watch->changed(watch->context);
}

/* Waits until it is quiet, but not for ever. */
static void note_change(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct watched *watched = event->data;
	struct reload_watch *watch = watched->watch;
	uint64_t now = uv_now(watch->loop), wait = QUIET_MS;
	if (watched->name && name && strcmp(name, watched->name) != 0)
		return;
	if (!watch->since_ms)
		watch->since_ms = now ? now : 1;
	if (now + wait > watch->since_ms + PATIENCE_MS)
		wait = watch->since_ms + PATIENCE_MS > now ? watch->since_ms + PATIENCE_MS - now : 0;
	uv_timer_start(&watch->timer, tell, wait, 0);
}

static void free_watched(uv_handle_t *handle)
{
	struct watched *watched = handle->data;
	free(watched->name);
	free(watched);
}

/* A folder that cannot be watched is still looked into now and then. */
static void add(struct reload_watch *watch, const char *folder, const char *name)
{
	struct watched *watched = mem_zalloc(sizeof *watched);
	ensure(uv_fs_event_init(watch->loop, &watched->event) == 0);
	watched->event.data = watched;
	watched->watch = watch;
	watched->name = name ? mem_strdup(name) : NULL;
	watch->watched = mem_realloc(watch->watched, (watch->n_watched + 1) * sizeof(void *));
	watch->watched[watch->n_watched++] = watched;
	int code = uv_fs_event_start(&watched->event, note_change, folder, 0);
	if (code == 0 || watch->warned)
		return;
	watch->warned = true;
	log_warn(watch->log, "a folder of the rules cannot be watched; it is read every 30 s", "folder",
		 folder, "error", uv_strerror(code));
}

static void forget(struct watched **watched, size_t n)
{
	for (size_t i = 0; i < n; i++)
		uv_close((uv_handle_t *)&watched[i]->event, free_watched);
	free(watched);
}

/* The folder itself can be a link that is put in the place of another: an entry of the folder above. */
static void add_parent(struct reload_watch *watch)
{
	char *above = mem_strdup(watch->root), *name = mem_strdup(watch->root);
	add(watch, dirname(above), basename(name));
	free(above);
	free(name);
}

void reload_watch_folders(struct reload_watch *watch, char **folders, size_t n)
{
	struct watched **before = watch->watched;
	size_t n_before = watch->n_watched;
	watch->watched = NULL;
	watch->n_watched = 0;
	/* Anew each time: the same path can be another folder by now. The old ones go afterwards, so that
	 * nothing is missed in between. */
	add_parent(watch);
	for (size_t i = 0; i < n; i++)
		add(watch, folders[i], NULL);
	forget(before, n_before);
	/* What came into a new folder before it was watched. */
	if (n_before && n_before != watch->n_watched)
		note_change(&watch->watched[0]->event, NULL, 0, 0);
}

struct reload_watch *reload_watch_create(uv_loop_t *loop, const char *root, const struct log *log,
					 void (*changed)(void *context), void *context)
{
	struct reload_watch *watch = mem_zalloc(sizeof *watch);
	watch->loop = loop;
	watch->root = mem_strdup(root);
	watch->log = log;
	watch->changed = changed;
	watch->context = context;
	ensure(uv_timer_init(loop, &watch->timer) == 0);
	watch->timer.data = watch;
	rest(watch);
	return watch;
}

static void free_watch(uv_handle_t *handle)
{
	struct reload_watch *watch = handle->data;
	free(watch->root);
	free(watch);
}

void reload_watch_close(struct reload_watch *watch)
{
	if (!watch)
		return;
	forget(watch->watched, watch->n_watched);
	uv_close((uv_handle_t *)&watch->timer, free_watch);
}
