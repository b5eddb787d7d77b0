#include "app/simulate_watch.h"

#include "app/loop.h"
#include "app/app.h"
#include "engine/reload_watch.h"
#include "script/script.h"

#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t RULES_MAX_BYTES = (size_t)1 << 30;

struct watching {
	const struct watch_places *places;
	void (*round)(void *context, FILE *out);
	void *context;
	struct app_loop loop;
	struct log log;
	struct reload_watch *watch;
	char *shown; /* the last output; NULL: none yet */
	size_t shown_n;
};

/* --- what is watched: folders, since editors save by renaming --- */

struct folders {
	char **names;
	size_t n;
};

static void add_folder(struct folders *folders, const char *name)
{
	folders->names = mem_realloc(folders->names, (folders->n + 1) * sizeof *folders->names);
	folders->names[folders->n++] = mem_strdup(name);
}

static void add_place(struct folders *folders, const char *path)
{
	struct stat about;
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
		add_folder(folders, path);
		return;
	}
	char *copy = mem_strdup(path);
	add_folder(folders, dirname(copy));
	free(copy);
}

static void add_rules(struct folders *folders, const char *rules)
{
	struct arena arena;
	struct rules_folder read;
	struct error error;
	arena_init(&arena, RULES_MAX_BYTES);
	if (script_read_rules(rules, &arena, &read, &error) == 0)
		for (size_t i = 0; i < read.n_folders; i++)
			add_folder(folders, read.folders[i]);
	else
		add_folder(folders, rules);
	arena_finish(&arena);
}

static void watch_all(struct watching *watching)
{
	const struct watch_places *places = watching->places;
	struct folders folders = {0};
	add_rules(&folders, places->rules);
	for (size_t i = 0; places->samples && places->samples[i]; i++)
		add_place(&folders, places->samples[i]);
	if (places->file)
		add_place(&folders, places->file);
	reload_watch_folders(watching->watch, folders.names, folders.n);
	for (size_t i = 0; i < folders.n; i++)
		free(folders.names[i]);
	free(folders.names);
}

/* --- rounds --- */

static void show(const char *text, size_t n)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J\033[3J", stdout);
	fwrite(text, 1, n, stdout);
	fflush(stdout);
}

static void on_changed(void *context)
{
	struct watching *watching = context;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	ensure(out);
	watching->round(watching->context, out);
	fclose(out);
	watch_all(watching);
	if (watching->shown &&
	    str_eq((struct str){text, n}, (struct str){watching->shown, watching->shown_n})) {
		free(text);
		return;
	}
	show(text, n);
	free(watching->shown);
	watching->shown = text;
	watching->shown_n = n;
}

static void on_stop(void *context)
{
	struct watching *watching = context;
	reload_watch_close(watching->watch);
	watching->watch = NULL;
	uv_stop(&watching->loop.uv);
}

int simulate_watch(const struct watch_places *places, void (*round)(void *context, FILE *out), void *context)
{
	struct watching watching = {.places = places,
				    .round = round,
				    .context = context,
				    .log = log_to(STDERR_FILENO, LOG_LEVEL_WARN)};
	app_loop_init(&watching.loop, on_stop, &watching);
	watching.watch =
		reload_watch_create(&watching.loop.uv, places->rules, &watching.log, on_changed, &watching);
	on_changed(&watching);
	fputs("switchhook simulate: watching for changes; Ctrl-C ends it\n", stderr);
	uv_run(&watching.loop.uv, UV_RUN_DEFAULT);
	app_loop_finish(&watching.loop);
	free(watching.shown);
	return EXIT_DONE;
}
