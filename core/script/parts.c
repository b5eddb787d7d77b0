/* The files of a generation as units: those that did not change are taken over, with all that they declare.
 */
#include "script/load.h"

#include "base/clock.h"

void part_fill(struct loader *loader, struct part *part)
{
	loader->part = part;
	loader->arena = part ? &part->unit->arena : &loader->scratch;
}

static struct str unit_copy(struct unit *unit, struct str s)
{
	struct str copy = arena_copy(&unit->arena, s.p ? s : STR(""));

	ensure(copy.p);
	return copy;
}

/* Until its file was run it needs nothing but itself. */
static struct unit *unit_make(const struct source_file *file, const struct limits *limits)
{
	struct unit *unit = mem_zalloc(sizeof *unit);
	struct unit **self;

	unit->refs = 1;
	/* Bounded by the file and by the memory of the script. */
	unit->limits = *limits;
	arena_init(&unit->arena, SIZE_MAX / 2);
	unit->file = (struct source_file){unit_copy(unit, file->path), unit_copy(unit, file->text)};
	self = arena_alloc(&unit->arena, sizeof *self);
	ensure(self);
	*self = unit;
	unit->files = &unit->file;
	unit->units = self;
	unit->n_files = 1;
	return unit;
}

/* The base's unit of the i-th file, if the text is the same. */
static struct unit *same_unit(const struct loader *loader, size_t i)
{
	const struct ruleset *base = loader->base;
	const struct source_file *file = &loader->ruleset->files[i];
	size_t at = base ? source_index(base->files, base->n_files, file->path) : SIZE_MAX;

	return at != SIZE_MAX && str_eq(base->files[at].text, file->text) ? base->units[at] : NULL;
}

/* All that the unit was loaded with is the same, too. */
static bool can_be_taken_over(const struct loader *loader, struct unit *const *same, const struct unit *unit)
{
	const struct ruleset *ruleset = loader->ruleset;

	if (!unit || !unit->sound)
		return false;
	for (size_t i = 0; i < unit->n_files; i++) {
		size_t at = source_index(ruleset->files, ruleset->n_files, unit->files[i].path);

		if (at == SIZE_MAX || same[at] != unit->units[i])
			return false;
	}
	return true;
}

/* Its services take part in what is checked over all files. */
static void make_slots(struct loader *loader, size_t i)
{
	const struct ruleset *ruleset = loader->ruleset;
	struct part *part = &loader->parts[i];

	for (size_t j = 0; j < part->unit->n_services; j++) {
		const struct service *service = part->unit->services[j];
		struct slot *slot = arena_zalloc(&loader->scratch, sizeof *slot);

		ensure(slot);
		slot->file = &ruleset->files[i];
		slot->ordinal = j + 1;
		slot->where =
			(struct where){.file = ruleset_file(ruleset, service->file), .line = service->line};
		/* Only what is being filled is written to. */
		slot->service = (struct service *)(uintptr_t)service;
		slot->named = true;
		*(struct slot **)vec_add(&part->slots, sizeof slot) = slot;
	}
}

/* Other files are there to be read. */
static bool is_script(const struct source_file *file)
{
	return str_ends(file->path, STR(".lua"));
}

void parts_make(struct loader *loader)
{
	size_t n = loader->ruleset->n_files;
	/* The files are ours to fill in until the generation is whole. */
	struct source_file *files = (struct source_file *)(uintptr_t)loader->ruleset->files;
	struct unit **units = loader_alloc(loader, n * sizeof *units);
	struct unit **same = mem_zalloc((n + 1) * sizeof *same);

	loader->parts = mem_zalloc((n + 1) * sizeof *loader->parts);
	for (size_t i = 0; i < n; i++)
		same[i] = same_unit(loader, i);
	for (size_t i = 0; i < n; i++) {
		struct part *part = &loader->parts[i];

		part->reused = can_be_taken_over(loader, same, same[i]);
		part->complete = part->entered = part->reused || !is_script(&files[i]);
		part->unit = units[i] =
			part->reused ? unit_ref(same[i]) : unit_make(&files[i], &loader->ruleset->limits);
	}
	for (size_t i = 0; i < n; i++)
		files[i] = units[i]->file;
	loader->ruleset->units = units;
	for (size_t i = 0; i < n; i++) {
		if (loader->parts[i].reused)
			make_slots(loader, i);
	}
	free(same);
}

void parts_finish(struct loader *loader)
{
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		vec_finish(&loader->parts[i].slots);
		vec_finish(&loader->parts[i].needs);
	}
	free(loader->parts);
}

/* --- While files run -------------------------------------------------------------------------------------
 */

struct part *part_enter(struct loader *loader, const struct source_file *file)
{
	struct part *part = &loader->parts[loader_file_index(loader, file)], *outer = loader->part;

	part->entered = true;
	part->cpu_us = clock_thread_cpu_us();
	part_fill(loader, part->complete ? NULL : part);
	return outer;
}

static void add_need(struct vec *needs, size_t need)
{
	const size_t *items = needs->items;

	for (size_t i = 0; i < needs->n; i++) {
		if (items[i] == need)
			return;
	}
	*(size_t *)vec_add(needs, sizeof need) = need;
}

/* A part needs only what was complete before it, so units never need each other in a circle. */
void part_needed(struct sandbox *box, const struct source_file *file)
{
	struct loader *loader = box->loader;
	size_t need = loader_file_index(loader, file);

	for (const struct loading *loading = box->loading; loading; loading = loading->outer) {
		struct part *part = &loader->parts[loader_file_index(loader, loading->file)];

		if (!part->complete && loader->parts[need].complete)
			add_need(&part->needs, need);
	}
}

/* What was needed by what it needs: a module that another file had required first is not required again. */
static void add_needs_of_needs(struct loader *loader, struct part *part)
{
	const struct ruleset *ruleset = loader->ruleset;

	for (size_t i = 0, n = part->needs.n; i < n; i++) {
		const struct unit *unit = loader->parts[((size_t *)part->needs.items)[i]].unit;

		for (size_t j = 0; j < unit->n_files; j++)
			add_need(&part->needs,
				 source_index(ruleset->files, ruleset->n_files, unit->files[j].path));
	}
}

static int by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* Numbers of parts are in the order of their paths. */
static void close_unit(struct loader *loader, struct part *part)
{
	struct unit *unit = part->unit, **units;
	struct source_file *files;
	const size_t *needs;

	add_needs_of_needs(loader, part);
	add_need(&part->needs, (size_t)(part - loader->parts));
	qsort(part->needs.items, part->needs.n, sizeof(size_t), by_number);
	needs = part->needs.items;
	units = loader_alloc(loader, part->needs.n * sizeof *units);
	files = loader_alloc(loader, part->needs.n * sizeof *files);
	for (size_t i = 0; i < part->needs.n; i++) {
		units[i] = loader->parts[needs[i]].unit;
		files[i] = units[i]->file;
		if (units[i] != unit)
			unit_ref(units[i]);
	}
	unit->units = units;
	unit->files = files;
	unit->n_files = part->needs.n;
}

void part_leave(struct loader *loader, const struct source_file *file, struct part *outer)
{
	struct part *part = &loader->parts[loader_file_index(loader, file)];

	if (!part->complete) {
		close_unit(loader, part);
		part->complete = true;
	}
	part_fill(loader, outer);
}

/* --- The end ---------------------------------------------------------------------------------------------
 */

static void seal_services(struct loader *loader, struct part *part)
{
	struct slot **slots = part->slots.items;
	const struct service **services = loader_alloc(loader, part->slots.n * sizeof *services);

	for (size_t i = 0; i < part->slots.n; i++)
		services[i] = slots[i]->service;
	part->unit->services = services;
	part->unit->n_services = part->slots.n;
}

static int by_part(const void *a, const void *b)
{
	const struct noted_problem *x = a, *y = b;

	return (x->part > y->part) - (x->part < y->part);
}

/* The problems of the part are those from `*at` on. */
static void seal_problems(struct loader *loader, struct part *part, size_t *at)
{
	const struct noted_problem *noted = (const struct noted_problem *)loader->problems.items + *at;
	struct problem *problems;
	size_t n = 0;

	while (*at + n < loader->problems.n && noted[n].part == part)
		n++;
	*at += n;
	if (!n || !part->unit->sound)
		return;
	problems = loader_alloc(loader, n * sizeof *problems);
	for (size_t i = 0; i < n; i++)
		problems[i] = noted[i].problem;
	part->unit->problems = problems;
	part->unit->n_problems = n;
}

void parts_seal(struct loader *loader)
{
	const struct noted_problem *noted = loader->problems.items;
	size_t at = 0;

	if (loader->problems.n)
		qsort(loader->problems.items, loader->problems.n, sizeof *noted, by_part);
	while (at < loader->problems.n && !noted[at].part)
		at++;
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		struct part *part = &loader->parts[i];

		if (part->reused)
			continue;
		part_fill(loader, part);
		part->unit->sound = part->complete && !part->broken;
		seal_services(loader, part);
		seal_problems(loader, part, &at);
	}
}
