/* What can be checked and built only when all scripts have been read: names, tags, who serves what. */
#include "script/load.h"

#include <stdio.h>

/* --- Names of services -----------------------------------------------------------------------------------
 */

/* What was there before has its name; the other one is told so. */
static int by_service_name(const void *a, const void *b)
{
	const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
	int order = str_cmp(x->service->name, y->service->name);

	if (!order)
		order = y->service->unit->sound - x->service->unit->sound;
	if (!order)
		order = str_cmp(x->file->path, y->file->path);
	return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static void collect_slots(struct loader *loader, struct vec *all)
{
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		struct slot **slots = loader->parts[i].slots.items;

		for (size_t j = 0; j < loader->parts[i].slots.n; j++) {
			if (!slots[j]->service->name.p)
				continue;
			if (!loader->parts[i].reused)
				slots[j]->service->hash = str_hash(slots[j]->service->name);
			*(struct slot **)vec_add(all, sizeof(struct slot *)) = slots[j];
		}
	}
	if (all->n)
		qsort(all->items, all->n, sizeof(struct slot *), by_service_name);
}

static void check_names(struct loader *loader, struct slot **slots, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct slot *first = slots[i - 1];
		struct where where = where_key(&slots[i]->where, STR("name"));

		if (!str_eq(first->service->name, slots[i]->service->name))
			continue;
		slots[i]->broken = true;
		problem(loader, &where,
			"two services have the name '" STR_FMT "'; the other is in " STR_FMT ", line %d",
			STR_ARG(slots[i]->service->name), STR_ARG(first->service->file), first->where.line);
	}
}

static int compare_names(const void *a, const void *b)
{
	return str_cmp((*(const struct service *const *)a)->name, (*(const struct service *const *)b)->name);
}

/* The services of last good versions, but for those that are there in a newer version. */
static void add_kept_services(struct loader *loader, struct vec *services)
{
	size_t n_new = services->n;

	for (size_t i = 0; i < loader->n_drafts; i++) {
		const struct unit *kept = loader->ruleset->kept[i];

		for (size_t j = 0; kept && j < kept->n_files; j++) {
			const struct unit *unit = kept->units[j];

			for (size_t k = 0; k < unit->n_services; k++) {
				if (!n_new || !bsearch(&unit->services[k], services->items, n_new,
						       sizeof unit->services[k], compare_names))
					*(const struct service **)vec_add(services, sizeof(void *)) =
						unit->services[k];
			}
		}
	}
}

static void list_services(struct loader *loader, struct slot **slots, size_t n)
{
	struct vec all = {0};
	const struct service **services;
	size_t n_services = 0;

	for (size_t i = 0; i < n; i++) {
		if (!slots[i]->broken)
			*(const struct service **)vec_add(&all, sizeof(void *)) = slots[i]->service;
	}
	add_kept_services(loader, &all);
	if (all.n)
		qsort(all.items, all.n, sizeof *services, compare_names);
	services = loader_array(loader, &all, sizeof *services);
	for (size_t i = 0; i < all.n; i++) {
		if (!n_services || !str_eq(services[n_services - 1]->name, services[i]->name))
			services[n_services++] = services[i];
	}
	loader->ruleset->services = services;
	loader->ruleset->n_services = n_services;
	vec_finish(&all);
}

/* --- The whole -------------------------------------------------------------------------------------------
 */

static void build_campaign(struct loader *loader, struct draft *draft)
{
	struct campaign *campaign = draft->campaign;
	const struct rule_draft *drafts = draft->rules.items;
	const struct serve_draft *serves = draft->serves.items;
	struct rule *rules;
	struct str *sources;

	if (draft->part->reused)
		return;
	part_fill(loader, draft->part);
	rules = loader_alloc(loader, draft->rules.n * sizeof *rules);
	sources = loader_alloc(loader, draft->serves.n * sizeof *sources);
	for (size_t i = 0; i < draft->rules.n; i++) {
		rules[i] = drafts[i].rule;
		rules[i].campaign = campaign;
	}
	for (size_t i = 0; i < draft->serves.n; i++)
		sources[i] = serves[i].source;
	campaign->rules = rules;
	campaign->n_rules = draft->rules.n;
	campaign->serves = sources;
	campaign->n_serves = draft->serves.n;
	campaign->loaded = !draft->broken;
	draft->part->broken |= draft->broken;
	part_fill(loader, NULL);
}

static void break_users(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct slot **slots = loader->drafts[i].slots.items;

		for (size_t j = 0; j < loader->drafts[i].slots.n; j++)
			loader->drafts[i].broken |= slots[j]->broken;
	}
}

/* The last good versions that are used stay with the ruleset. */
static void list_campaigns(struct loader *loader)
{
	const struct campaign **campaigns = loader_alloc(loader, loader->n_drafts * sizeof *campaigns);
	struct unit **kept = loader_alloc(loader, loader->n_drafts * sizeof *kept);
	struct ruleset *ruleset = loader->ruleset;

	for (size_t i = 0; i < loader->n_drafts; i++) {
		const struct draft *draft = &loader->drafts[i];

		campaigns[i] = draft_campaign(draft);
		if (campaigns[i] != draft->campaign) {
			kept[i] = unit_ref(draft->kept);
			ruleset->n_kept++;
		}
	}
	ruleset->campaigns = campaigns;
	ruleset->kept = kept;
	ruleset->n_campaigns = loader->n_drafts;
}

static int by_file_and_line(const void *a, const void *b)
{
	const struct problem *x = &((const struct noted_problem *)a)->problem,
			     *y = &((const struct noted_problem *)b)->problem;
	int order = strcmp(x->error.file, y->error.file);

	if (!order)
		order = (x->error.line > y->error.line) - (x->error.line < y->error.line);
	if (!order)
		order = (x->error.column > y->error.column) - (x->error.column < y->error.column);
	return order ? order : strcmp(x->error.what, y->error.what);
}

/* What a module does wrong shows in each campaign that requires it; it is said once. */
static bool is_said(const struct problem *problems, size_t n, const struct error *error)
{
	for (size_t i = n; i-- > 0 && problems[i].error.line == error->line &&
			   !strcmp(problems[i].error.file, error->file);) {
		if (!strcmp(problems[i].error.what, error->what))
			return true;
	}
	return false;
}

/* What was found when the units were loaded that are taken over is still so. */
static void take_over_problems(struct loader *loader)
{
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		const struct unit *unit = loader->parts[i].unit;

		for (size_t j = 0; loader->parts[i].reused && j < unit->n_problems; j++)
			*(struct noted_problem *)vec_add(&loader->problems, sizeof(struct noted_problem)) =
				(struct noted_problem){unit->problems[j], NULL};
	}
}

static void keep_problems(struct loader *loader)
{
	struct noted_problem *noted = loader->problems.items;
	struct problem *problems = loader_alloc(loader, loader->problems.n * sizeof *problems);
	struct ruleset *ruleset = loader->ruleset;

	if (loader->problems.n)
		qsort(noted, loader->problems.n, sizeof *noted, by_file_and_line);
	for (size_t i = 0; i < loader->problems.n; i++) {
		if (is_said(problems, ruleset->n_problems, &noted[i].problem.error))
			continue;
		ruleset->n_errors += !noted[i].problem.warning;
		problems[ruleset->n_problems++] = noted[i].problem;
	}
	ruleset->problems = problems;
}

void load_finish(struct loader *loader)
{
	struct vec slots = {0};

	collect_slots(loader, &slots);
	check_names(loader, slots.items, slots.n);
	check_tags(loader, slots.items, slots.n);
	break_users(loader);
	load_serving(loader);
	for (size_t i = 0; i < loader->n_drafts; i++)
		build_campaign(loader, &loader->drafts[i]);
	parts_seal(loader);
	take_over_problems(loader);
	loader->arena = &loader->ruleset->arena;
	list_campaigns(loader);
	list_services(loader, slots.items, slots.n);
	list_secrets(loader);
	index_serving(loader);
	keep_problems(loader);
	vec_finish(&slots);
}
