/* Loading one generation: each script in a state of its own. */
#include "script/load.h"
#include "script/require.h"

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

	ensure(copy.p);
	return copy;
}

void *loader_alloc(struct loader *loader, size_t n)
{
	void *p = arena_zalloc(loader->arena, n ? n : 1);

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
	const struct campaign *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static void copy_files(struct loader *loader, const struct source_file *files, size_t n)
{
	struct source_file *copies = loader_alloc(loader, n * sizeof *copies);

	for (size_t i = 0; i < n; i++) {
		copies[i].path = loader_copy(loader, files[i].path);
		copies[i].text = loader_copy(loader, files[i].text);
	}
	if (n)
		qsort(copies, n, sizeof *copies, by_path);
	loader->ruleset->files = copies;
	loader->ruleset->n_files = n;
}

/* The scripts on top of the folder are campaigns. */
static void make_drafts(struct loader *loader)
{
	const struct ruleset *ruleset = loader->ruleset;
	struct campaign *campaigns = loader_alloc(loader, ruleset->n_files * sizeof *campaigns);
	size_t n = 0;

	for (size_t i = 0; i < ruleset->n_files; i++) {
		struct str path = ruleset->files[i].path;

		if (memchr(path.p, '/', path.n))
			continue;
		campaigns[n].file = path;
		campaigns[n].name = loader_copy(loader, (struct str){path.p, path.n - 4});
		campaigns[n++].ruleset = ruleset;
	}
	if (n)
		qsort(campaigns, n, sizeof *campaigns, by_name);
	loader->drafts = mem_zalloc((n + 1) * sizeof *loader->drafts);
	loader->n_drafts = n;
	for (size_t i = 0; i < n; i++) {
		campaigns[i].index = i;
		loader->drafts[i].campaign = &campaigns[i];
		loader->drafts[i].file = ruleset_file(ruleset, campaigns[i].file);
	}
	loader->ruleset->campaigns = campaigns;
	loader->ruleset->n_campaigns = n;
}

static int load_main(lua_State *L)
{
	const struct source_file *file = lua_touserdata(L, 1);

	run_file(L, file);
	return 0;
}

/* Runs the file in a fresh state. */
static void load_file(struct loader *loader, const struct source_file *file, struct draft *draft)
{
	struct where where = {.file = file};
	struct error error;
	int failed = sandbox_open(&loader->box, loader->ruleset, MODE_LOAD, &error);

	if (!failed) {
		loader->box.loader = loader;
		loader->current = draft;
		failed = sandbox_call(&loader->box, load_main, (void *)(uintptr_t)file, &error);
	}
	loader->current = draft;
	if (failed)
		problem_add(loader, error.file[0] ? NULL : &where, false, &error);
	else if (draft)
		load_rules_end(loader, draft);
	loader->current = NULL;
	sandbox_close(&loader->box);
}

static void finish_loader(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		vec_finish(&loader->drafts[i].serves);
		vec_finish(&loader->drafts[i].tags);
		vec_finish(&loader->drafts[i].rules);
		vec_finish(&loader->drafts[i].slots);
	}
	for (size_t i = 0; i < loader->ruleset->n_files; i++)
		vec_finish(&loader->slots[i]);
	vec_finish(&loader->problems);
	vec_finish(&loader->types);
	template_builder_finish(&loader->builder);
	buf_finish(&loader->text);
	free(loader->drafts);
	free(loader->slots);
	free(loader->visited);
}

struct ruleset *script_load(const struct source_file *files, size_t n_files, uint32_t generation)
{
	struct loaded_ruleset *loaded = mem_zalloc(sizeof *loaded);
	struct ruleset *ruleset = &loaded->ruleset;
	struct loader loader = {.loaded = loaded, .ruleset = ruleset, .arena = &ruleset->arena};

	ruleset->refs = 1;
	ruleset->generation = generation;
	/* Bounded by the files and by the memory of each script. */
	arena_init(&ruleset->arena, SIZE_MAX / 2);
	buf_init(&loader.text, 1 << 20);
	template_builder_init(&loader.builder, loader.arena);
	copy_files(&loader, files, n_files);
	make_drafts(&loader);
	loader.slots = mem_zalloc((n_files + 1) * sizeof *loader.slots);
	loader.visited = mem_zalloc(n_files + 1);
	for (size_t i = 0; i < loader.n_drafts; i++)
		load_file(&loader, loader.drafts[i].file, &loader.drafts[i]);
	/* What nobody requires shows its errors too. */
	for (size_t i = 0; i < n_files; i++) {
		if (!loader.visited[i])
			load_file(&loader, &ruleset->files[i], NULL);
	}
	load_finish(&loader);
	finish_loader(&loader);
	return ruleset;
}
