/* Loading one generation: each script in a state of its own. */
#include "script/load.h"
#include "script/require.h"

#include "base/clock.h"

#include <stdio.h>

void *vec_add(struct vec *vec, size_t size)
{
	void *item;

	if (vec->n == vec->capacity) {
		vec->capacity = vec->capacity ? 2 * vec->capacity : 8;
		vec->items = mem_realloc(vec->items, vec->capacity * size);
	}
	item = (char *)vec->items + vec->n++ * size;
	memset(item, 0, size);
	return item;
}

void vec_finish(struct vec *vec)
{
	free(vec->items);
	*vec = (struct vec){0};
}

size_t loader_file_index(const struct loader *loader, const struct source_file *file)
{
	return (size_t)(file - loader->ruleset->files);
}

struct str loader_copy(struct loader *loader, struct str s)
{
	struct str copy = arena_copy(loader->arena, s.p ? s : STR(""));

	loader->allocated += copy.n + 1;

	ensure(copy.p);
	return copy;
}

void *loader_alloc(struct loader *loader, size_t n)
{
	void *p = arena_zalloc(loader->arena, n ? n : 1);

	loader->allocated += n;

	ensure(p);
	return p;
}

void *loader_array(struct loader *loader, const struct vec *vec, size_t size)
{
	void *p = loader_alloc(loader, vec->n * size);

	if (vec->n)
		memcpy(p, vec->items, vec->n * size);
	return p;
}

static int by_path(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	return str_cmp(x->path, y->path);
}

static int by_name(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;

	return str_cmp(x->campaign->name, y->campaign->name);
}

/* --- Last good versions ----------------------------------------------------------------------------------
 */

#define KEPT ".kept/"

/* ".kept/NAME/path": ret_name and ret_path are its parts. */
static bool is_kept(struct str path, struct str *ret_name, struct str *ret_path)
{
	const char *slash;

	if (!str_starts(path, STR(KEPT)))
		return false;
	path.p += sizeof KEPT - 1;
	path.n -= sizeof KEPT - 1;
	slash = memchr(path.p, '/', path.n);
	if (!slash)
		return false;
	*ret_name = (struct str){path.p, (size_t)(slash - path.p)};
	*ret_path = (struct str){slash + 1, path.n - ret_name->n - 1};
	return true;
}

static struct unit *loaded_unit(const struct ruleset *ruleset, struct str name)
{
	const struct campaign *campaign = ruleset ? ruleset_campaign(ruleset, name) : NULL;

	return campaign && campaign->loaded ? unit_ref(campaign->unit) : NULL;
}

/* The n files are those of one campaign's last good version, if it has one. */
static void load_kept(const struct loader *loader, struct draft *draft, struct source_file *files, size_t n)
{
	struct ruleset *alone;
	struct str name, path;

	for (size_t i = 0; i < n; i++) {
		is_kept(files[i].path, &name, &path);
		files[i].path = path;
	}
	alone = script_load(files, n, 0, &loader->ruleset->limits);
	unit_unref(draft->kept);
	draft->kept = loaded_unit(alone, draft->campaign->name);
	draft->refused = true;
	ruleset_unref(alone);
}

static struct draft *find_draft(struct loader *loader, struct str name)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		if (str_eq(loader->drafts[i].campaign->name, name))
			return &loader->drafts[i];
	}
	return NULL;
}

/* The files are sorted, so that those of one campaign follow each other. */
static void load_all_kept(struct loader *loader, const struct source_file *files, size_t n)
{
	struct source_file *group = mem_zalloc((n + 1) * sizeof *group);

	for (size_t first = 0, end; first < n; first = end) {
		struct str name, other, path;
		struct draft *draft;

		is_kept(files[first].path, &name, &path);
		for (end = first; end < n && is_kept(files[end].path, &other, &path) && str_eq(other, name);
		     end++)
			group[end - first] = files[end];
		draft = find_draft(loader, name);
		if (draft)
			load_kept(loader, draft, group, end - first);
	}
	free(group);
}

static struct source_file kept_file(struct arena *arena, struct str campaign, struct source_file file)
{
	size_t n = sizeof KEPT + campaign.n + 1 + file.path.n;
	char *path = arena_alloc(arena, n);

	if (!path)
		return (struct source_file){0};
	n = (size_t)snprintf(path, n, KEPT STR_FMT "/" STR_FMT, STR_ARG(campaign), STR_ARG(file.path));
	return (struct source_file){{path, n}, file.text};
}

/* The last good version of the i-th campaign; one that has none is marked as not serving by an empty name. */
static size_t put_kept(const struct ruleset *ruleset, size_t i, struct arena *arena,
		       struct source_file *files)
{
	const struct unit *kept = ruleset->kept[i];

	if (!kept && ruleset->campaigns[i]->loaded)
		return 0;
	if (!kept) {
		files[0] =
			kept_file(arena, ruleset->campaigns[i]->name, (struct source_file){STR(""), STR("")});
		return 1;
	}
	for (size_t j = 0; j < kept->n_files; j++)
		files[j] = kept_file(arena, ruleset->campaigns[i]->name, kept->files[j]);
	return kept->n_files;
}

const struct source_file *script_sources(const struct ruleset *ruleset, struct arena *arena, size_t *ret_n)
{
	struct source_file *files;
	size_t n = ruleset->n_files, max = n;

	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		max += ruleset->kept[i] ? ruleset->kept[i]->n_files : 1;
	files = arena_alloc(arena, (max + 1) * sizeof *files);
	if (!files)
		return NULL;
	memcpy(files, ruleset->files, n * sizeof *files);
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		n += put_kept(ruleset, i, arena, files + n);
	for (size_t i = 0; i < n; i++) {
		if (!files[i].path.p)
			return NULL;
	}
	qsort(files, n, sizeof *files, by_path);
	*ret_n = n;
	return files;
}

/* --- The files -------------------------------------------------------------------------------------------
 */

/* Sorted; those of last good versions apart, in scratch memory. Both point to what was given. */
static void sort_files(struct loader *loader, const struct source_file *files, size_t n,
		       struct source_file **ret_kept, size_t *ret_n_kept)
{
	struct source_file *sorted = loader_alloc(loader, n * sizeof *sorted), *kept;
	size_t n_sorted = 0, n_kept = 0;
	struct str name, path;

	kept = arena_alloc(&loader->scratch, (n + 1) * sizeof *kept);
	ensure(kept);
	for (size_t i = 0; i < n; i++) {
		if (is_kept(files[i].path, &name, &path))
			kept[n_kept++] = files[i];
		else
			sorted[n_sorted++] = files[i];
	}
	if (n_sorted)
		qsort(sorted, n_sorted, sizeof *sorted, by_path);
	if (n_kept)
		qsort(kept, n_kept, sizeof *kept, by_path);
	loader->ruleset->files = sorted;
	loader->ruleset->n_files = n_sorted;
	*ret_kept = kept;
	*ret_n_kept = n_kept;
}

static bool is_campaign(const struct source_file *file)
{
	return !memchr(file->path.p, '/', file->path.n) && str_ends(file->path, STR(".lua"));
}

static struct campaign *make_campaign(struct loader *loader, struct part *part)
{
	struct str path = part->unit->file.path;
	struct campaign *campaign;

	part_fill(loader, part);
	campaign = loader_alloc(loader, sizeof *campaign);
	campaign->file = path;
	campaign->name = loader_copy(loader, (struct str){path.p, path.n - 4});
	campaign->unit = part->unit;
	part->unit->campaign = campaign;
	part_fill(loader, NULL);
	return campaign;
}

/* The scripts on top of the folder are campaigns. */
static void make_drafts(struct loader *loader)
{
	const struct ruleset *ruleset = loader->ruleset;

	loader->drafts = mem_zalloc((ruleset->n_files + 1) * sizeof *loader->drafts);
	for (size_t i = 0; i < ruleset->n_files; i++) {
		struct part *part = &loader->parts[i];
		struct draft *draft = &loader->drafts[loader->n_drafts];

		if (!is_campaign(&ruleset->files[i]))
			continue;
		loader->n_drafts++;
		draft->file = &ruleset->files[i];
		draft->part = part;
		/* One that is taken over is complete, and not written to. */
		draft->campaign = part->reused ? (struct campaign *)(uintptr_t)part->unit->campaign
					       : make_campaign(loader, part);
		if (loader->keep && !part->reused)
			draft->kept = loaded_unit(loader->base, draft->campaign->name);
	}
	if (loader->n_drafts)
		qsort(loader->drafts, loader->n_drafts, sizeof *loader->drafts, by_name);
}

static int load_main(lua_State *L)
{
	const struct source_file *file = lua_touserdata(L, 1);

	run_file(L, file);
	return 0;
}

/* The time was over within the file that the error names. When nearly all of it was left as that file began,
 * it is this file that takes so long, whoever requires it. */
static void note_endless(struct loader *loader, const struct error *error)
{
	const struct source_file *file = ruleset_file(loader->ruleset, str_of(error->file));
	struct part *part = file ? &loader->parts[loader_file_index(loader, file)] : NULL;
	struct error *copy;

	if (!part || part->cpu_us - loader->cpu_us > loader->ruleset->limits.of[LIMIT_LOAD_TIME] / 10)
		return;
	copy = arena_alloc(&loader->scratch, sizeof *copy);
	ensure(copy);
	*copy = *error;
	part->endless = copy;
}

/* Runs the file in a fresh state. */
static void load_file(struct loader *loader, struct part *part, struct draft *draft)
{
	const struct source_file *file = &loader->ruleset->files[part - loader->parts];
	struct where where = {.file = file};
	struct error error;
	int failed = sandbox_open(&loader->box, loader->ruleset->files, loader->ruleset->n_files, MODE_LOAD,
				  &loader->ruleset->limits, loader->watch, &error);

	loader->problems_before = loader->problems.n;
	loader->allocated = 0;
	if (!failed) {
		loader->box.loader = loader;
		loader->box.outside = &loader->allocated;
		loader->current = draft;
		loader->cpu_us = clock_thread_cpu_us();
		loader->repeated = NULL;
		failed = sandbox_call(&loader->box, load_main, (void *)(uintptr_t)file, &error);
	}
	if (failed && loader->box.time_is_up)
		note_endless(loader, &error);
	if (failed && loader->repeated)
		error = *loader->repeated;
	/* An error of Lua comes from wherever it was. */
	part_fill(loader, part);
	loader->current = draft;
	if (failed)
		problem_add(loader, error.file[0] ? NULL : &where, false, &error);
	else if (draft)
		load_rules_end(loader, draft);
	loader->current = NULL;
	part_fill(loader, NULL);
	sandbox_close(&loader->box);
}

static void load_files(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct draft *draft = &loader->drafts[i];

		if (!draft->part->reused)
			load_file(loader, draft->part, draft);
		draft->broken |= draft->refused;
	}
	/* What nobody requires shows its errors too. */
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		if (!loader->parts[i].entered)
			load_file(loader, &loader->parts[i], NULL);
	}
}

static void finish_loader(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		vec_finish(&loader->drafts[i].serves);
		vec_finish(&loader->drafts[i].tags);
		vec_finish(&loader->drafts[i].rules);
		vec_finish(&loader->drafts[i].slots);
		unit_unref(loader->drafts[i].kept);
	}
	parts_finish(loader);
	vec_finish(&loader->problems);
	vec_finish(&loader->types);
	template_builder_finish(&loader->builder);
	buf_finish(&loader->text);
	arena_finish(&loader->scratch);
	free(loader->drafts);
}

struct ruleset *script_reload(const struct ruleset *base, const struct source_file *files, size_t n_files,
			      bool keep, uint32_t generation, const struct limits *limits)
{
	struct ruleset *ruleset = mem_zalloc(sizeof *ruleset);
	struct loader loader = {.ruleset = ruleset, .base = base, .keep = keep, .arena = &ruleset->arena};
	struct watchdog *watchdog = watchdog_create(NULL);
	struct source_file *kept;
	size_t n_kept;

	loader.watch = watchdog_watch(watchdog, NULL);
	ruleset->refs = 1;
	ruleset->generation = generation;
	ruleset->limits = limits ? *limits : base ? base->limits : limits_standard;
	/* Bounded by the files and by the memory of each script. */
	arena_init(&ruleset->arena, SIZE_MAX / 2);
	arena_init(&loader.scratch, SIZE_MAX / 2);
	buf_init(&loader.text, 1 << 20);
	template_builder_init(&loader.builder, &loader.scratch);
	sort_files(&loader, files, n_files, &kept, &n_kept);
	parts_make(&loader);
	part_fill(&loader, NULL);
	make_drafts(&loader);
	load_all_kept(&loader, kept, n_kept);
	load_files(&loader);
	loader.problems_before = loader.problems.n;
	load_finish(&loader);
	finish_loader(&loader);
	watchdog_destroy(watchdog);
	return ruleset;
}

struct ruleset *script_load(const struct source_file *files, size_t n_files, uint32_t generation,
			    const struct limits *limits)
{
	return script_reload(NULL, files, n_files, false, generation, limits);
}
