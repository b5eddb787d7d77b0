/* Who serves what, over all campaigns. */
#include "script/load.h"

struct served {
	struct str source;
	struct draft *draft;
	struct where where;
	bool before; /* the campaign served it in the base */
};

const struct campaign *draft_campaign(const struct draft *draft)
{
	return draft->broken && draft->kept ? draft->kept->campaign : draft->campaign;
}

static int by_source(const void *a, const void *b)
{
	const struct served *x = a, *y = b;
	int order = str_cmp(x->source, y->source);

	if (!order)
		order = y->before - x->before;
	if (!order)
		order = x->draft->broken - y->draft->broken;
	if (!order)
		order = str_cmp(x->draft->campaign->file, y->draft->campaign->file);
	return order;
}

static bool serves(const struct campaign *campaign, struct str source)
{
	for (size_t i = 0; campaign && i < campaign->n_serves; i++) {
		if (str_eq(campaign->serves[i], source))
			return true;
	}
	return false;
}

static void add_served(struct vec *all, struct draft *draft, struct str source, const struct where *where,
		       const struct campaign *base)
{
	*(struct served *)vec_add(all, sizeof(struct served)) = (struct served){
		.source = source, .draft = draft, .where = *where, .before = serves(base, source)};
}

/* The draft's own sources, or those of the version that serves in its place. One that is broken and has no
 * such version takes part: it shows its mistakes, and takes nothing from others. */
static void collect_served(struct loader *loader, struct vec *all)
{
	const struct where nowhere = {0};

	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct draft *draft = &loader->drafts[i];
		const struct serve_draft *drafted = draft->serves.items;
		const struct campaign *campaign = draft_campaign(draft), *base = NULL;

		if (loader->base)
			base = ruleset_campaign(loader->base, draft->campaign->name);
		if (base && !base->loaded)
			base = NULL;

		if (draft->part->reused || campaign != draft->campaign) {
			for (size_t j = 0; j < campaign->n_serves; j++)
				add_served(all, draft, campaign->serves[j], &nowhere, campaign);
		} else {
			for (size_t j = 0; j < draft->serves.n; j++)
				add_served(all, draft, drafted[j].source, &drafted[j].where,
					   draft->broken ? NULL : base);
		}
	}
	if (all->n)
		qsort(all->items, all->n, sizeof(struct served), by_source);
}

/* Says what is wrong; true when a campaign goes back to its last good version, which can serve other sources.
 */
static bool check_served(struct loader *loader, struct served *served, size_t n)
{
	bool changed = false;
	size_t first = 0;

	for (size_t i = 1; i < n; i++) {
		struct draft *draft = served[i].draft;

		if (!str_eq(served[i].source, served[first].source)) {
			first = i;
			continue;
		}
		if (draft == served[first].draft || !served[i].where.file)
			continue;
		changed |= !draft->broken && draft->kept;
		loader->current = draft;
		problem(loader, &served[i].where, "'" STR_FMT "' is served by " STR_FMT " already",
			STR_ARG(served[i].source), STR_ARG(served[first].draft->campaign->file));
		loader->current = NULL;
	}
	return changed;
}

static void check_has_serves(struct loader *loader, struct draft *draft)
{
	struct where where = {.file = draft->file, .line = 1};

	if (draft->part->reused || draft->has_serves || draft->broken ||
	    str_eq(draft->campaign->name, STR("default")))
		return;
	loader->current = draft;
	problem_hint(loader, &where, "serves { \"/campaigns/8842\" }",
		     "the campaign does not say what it serves");
	loader->current = NULL;
}

void load_serving(struct loader *loader)
{
	bool again = true;

	for (size_t i = 0; i < loader->n_drafts; i++)
		check_has_serves(loader, &loader->drafts[i]);
	/* Each round takes at least one campaign back to what it was in the base, where nothing was served
	 * twice. */
	while (again) {
		struct vec served = {0};

		collect_served(loader, &served);
		again = check_served(loader, served.items, served.n);
		vec_finish(&served);
	}
}

/* --- The index -------------------------------------------------------------------------------------------
 */

static int by_serving(const void *a, const void *b)
{
	const struct serving *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix - y->prefix;
	if (x->prefix && x->source.n != y->source.n)
		return x->source.n > y->source.n ? -1 : 1;
	return str_cmp(x->source, y->source);
}

void index_serving(struct loader *loader)
{
	struct ruleset *ruleset = loader->ruleset;
	struct vec all = {0};

	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		const struct campaign *campaign = ruleset->campaigns[i];

		if (!campaign->loaded)
			continue;
		if (str_eq(campaign->name, STR("default")))
			ruleset->fallback = campaign;
		for (size_t j = 0; j < campaign->n_serves; j++) {
			struct str source = campaign->serves[j];
			bool prefix = source.p[source.n - 1] == '*';

			source.n -= prefix;
			*(struct serving *)vec_add(&all, sizeof(struct serving)) =
				(struct serving){source, prefix, campaign};
			ruleset->n_exact += !prefix;
		}
	}
	if (all.n)
		qsort(all.items, all.n, sizeof(struct serving), by_serving);
	ruleset->serving = loader_array(loader, &all, sizeof(struct serving));
	ruleset->n_serving = all.n;
	vec_finish(&all);
}
