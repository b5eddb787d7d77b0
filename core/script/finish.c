/* What can be checked and built only when all scripts have been read: names, tags, who serves what. */
#include "script/load.h"

#include "base/suggest.h"
#include "format/template.h"
#include "model/tag.h"

#include <stdio.h>

/* --- Names of services -----------------------------------------------------------------------------------
 */

static int by_service_name(const void *a, const void *b)
{
	const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
	int order = str_cmp(x->service->name, y->service->name);

	if (!order)
		order = str_cmp(x->file->path, y->file->path);
	return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static void collect_slots(struct loader *loader, struct vec *all)
{
	for (size_t i = 0; i < loader->ruleset->n_files; i++) {
		struct slot **slots = loader->slots[i].items;

		for (size_t j = 0; j < loader->slots[i].n; j++) {
			if (slots[j]->service->name.p)
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

static void list_services(struct loader *loader, struct slot **slots, size_t n)
{
	const struct service **services = loader_alloc(loader, n * sizeof *services);

	loader->ruleset->n_services = 0;
	for (size_t i = 0; i < n; i++) {
		slots[i]->service->hash = str_hash(slots[i]->service->name);
		if (!slots[i]->broken)
			services[loader->ruleset->n_services++] = slots[i]->service;
	}
	loader->ruleset->services = services;
}

/* For binding: the n-th call of a file is the n-th service. */
static void index_services(struct loader *loader)
{
	size_t n_files = loader->ruleset->n_files;
	struct file_services *files = loader_alloc(loader, n_files * sizeof *files);

	for (size_t i = 0; i < n_files; i++) {
		struct slot **slots = loader->slots[i].items;
		const struct service **services = loader_alloc(loader, loader->slots[i].n * sizeof *services);

		for (size_t j = 0; j < loader->slots[i].n; j++)
			services[j] = slots[j]->service;
		files[i].services = services;
		files[i].n = loader->slots[i].n;
	}
	loader->loaded->files = files;
}

/* --- Tags ------------------------------------------------------------------------------------------------
 */

/* The tags that a template or condition may name. */
struct tag_scope {
	struct loader *loader;
	const struct str *own; /* sorted */
	size_t n_own;
	const struct where *where;
	bool in_text; /* find the tag in the source, behind the line of `where` */
};

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Moves to the first "#tag" behind the line of `where`. */
static void mark_tag(const struct where *where, struct str tag, struct error *error)
{
	struct str text = where->file->text;
	struct lexer lexer;
	char wanted[80];
	const char *p, *line;
	int number = where->line;

	where_mark(where, error);
	lexer_init(&lexer, text, where->line);
	snprintf(wanted, sizeof wanted, "#%.70s", tag.p);
	p = memmem(text.p + lexer.at, text.n - lexer.at, wanted, strlen(wanted));
	if (!p)
		return;
	line = text.p + lexer.at;
	for (const char *q = line; q < p; q++) {
		if (*q == '\n') {
			line = q + 1;
			number++;
		}
	}
	error_at(error, where->file->path, number, (int)(p - line) + 1, text);
}

static void check_tag(void *context, struct str tag)
{
	const struct tag_scope *scope = context;
	struct str words[2], nearest;
	struct error error;
	size_t n, n_words = 0;
	const struct str *catalogue = tag_catalogue(&n);

	if (tag_is_known(tag) ||
	    (scope->n_own && bsearch(&tag, scope->own, scope->n_own, sizeof tag, compare_str)))
		return;
	words[n_words] = suggest_nearest(tag, scope->own, scope->n_own);
	n_words += words[n_words].p != NULL;
	words[n_words] = suggest_nearest(tag, catalogue, n);
	n_words += words[n_words].p != NULL;
	nearest = suggest_nearest(tag, words, n_words);
	error_set(&error, "unknown tag '%.100s'", tag.p);
	if (nearest.p)
		error_hint(&error, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		error_hint(&error, "a tag of your own is declared with tags { \"%.100s\" }", tag.p);
	if (scope->in_text && scope->where->file) {
		mark_tag(scope->where, tag, &error);
		problem_add(scope->loader, NULL, true, &error);
	} else {
		problem_add(scope->loader, scope->where, true, &error);
	}
}

static void check_rows(struct tag_scope *scope, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		template_each_tag(&rows->rows[i].value, check_tag, scope);
}

static void check_service_tags(struct loader *loader, const struct slot *slot, const struct vec *tags)
{
	struct tag_scope scope = {loader, tags->items, tags->n, &slot->where, true};

	template_each_tag(&slot->service->url, check_tag, &scope);
	check_rows(&scope, &slot->service->params);
	check_rows(&scope, &slot->service->headers);
	check_rows(&scope, &slot->service->form);
	template_each_tag(&slot->service->body, check_tag, &scope);
}

static void check_rule_tags(struct loader *loader, const struct draft *draft)
{
	const struct rule_draft *rules = draft->rules.items;

	for (size_t i = 0; i < draft->rules.n; i++) {
		struct tag_scope scope = {loader, draft->campaign->tags, draft->campaign->n_tags, NULL,
					  false};
		struct where when = where_key(&rules[i].where, STR("when"));
		struct where once = where_key(&rules[i].where, STR("once"));

		for (size_t j = 0; j < rules[i].rule.n_when; j++) {
			struct where at = where_key(&when, rules[i].rule.when[j].tag);

			scope.where = &at;
			check_tag(&scope, rules[i].rule.when[j].tag);
		}
		scope.where = &once;
		template_each_tag(&rules[i].rule.once, check_tag, &scope);
	}
}

static void check_tags(struct loader *loader, struct slot **slots, size_t n)
{
	struct vec tags = {0};

	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct draft *draft = &loader->drafts[i];

		if (draft->tags.n)
			qsort(draft->tags.items, draft->tags.n, sizeof(struct str), compare_str);
		draft->campaign->tags = loader_array(loader, &draft->tags, sizeof(struct str));
		draft->campaign->n_tags = draft->tags.n;
		for (size_t j = 0; j < draft->tags.n; j++)
			*(struct str *)vec_add(&tags, sizeof(struct str)) = draft->campaign->tags[j];
		check_rule_tags(loader, draft);
	}
	if (tags.n)
		qsort(tags.items, tags.n, sizeof(struct str), compare_str);
	for (size_t i = 0; i < n; i++)
		check_service_tags(loader, slots[i], &tags);
	vec_finish(&tags);
}

/* --- Who serves what -------------------------------------------------------------------------------------
 */

struct served {
	struct serve_draft *serve;
	struct draft *draft;
	struct where where;
};

static int by_source(const void *a, const void *b)
{
	const struct served *x = a, *y = b;
	int order = str_cmp(x->serve->source, y->serve->source);

	if (!order)
		order = str_cmp(x->draft->campaign->file, y->draft->campaign->file);
	return order;
}

static bool is_default(const struct draft *draft)
{
	return str_eq(draft->campaign->name, STR("default"));
}

static void collect_served(struct loader *loader, struct vec *all)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct draft *draft = &loader->drafts[i];
		struct serve_draft *serves = draft->serves.items;
		struct where where = {.file = draft->file, .line = 1};

		loader->current = draft;
		if (!draft->has_serves && !draft->broken && !is_default(draft))
			problem_hint(loader, &where, "serves { \"/campaigns/8842\" }",
				     "the campaign does not say what it serves");
		loader->current = NULL;
		for (size_t j = 0; j < draft->serves.n; j++)
			*(struct served *)vec_add(all, sizeof(struct served)) =
				(struct served){&serves[j], draft, serves[j].where};
	}
	if (all->n)
		qsort(all->items, all->n, sizeof(struct served), by_source);
}

static void check_served(struct loader *loader, struct served *served, size_t n)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++) {
		if (!str_eq(served[i].serve->source, served[first].serve->source)) {
			first = i;
		} else if (served[i].draft != served[first].draft) {
			loader->current = served[i].draft;
			problem(loader, &served[i].where, "'" STR_FMT "' is served by " STR_FMT " already",
				STR_ARG(served[i].serve->source),
				STR_ARG(served[first].draft->campaign->file));
			loader->current = NULL;
		}
	}
}

static int by_serving(const void *a, const void *b)
{
	const struct serving *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix - y->prefix;
	if (x->prefix && x->source.n != y->source.n)
		return x->source.n > y->source.n ? -1 : 1;
	return str_cmp(x->source, y->source);
}

static void index_serving(struct loader *loader, struct served *served, size_t n)
{
	struct serving *serving = loader_alloc(loader, n * sizeof *serving);
	struct ruleset *ruleset = loader->ruleset;

	for (size_t i = 0; i < n; i++) {
		struct str source = served[i].serve->source;
		bool prefix = source.p[source.n - 1] == '*';

		if (served[i].draft->broken || (i && served[i].draft == served[i - 1].draft &&
						str_eq(source, served[i - 1].serve->source)))
			continue;
		source.n -= prefix;
		ruleset->n_exact += !prefix;
		serving[ruleset->n_serving++] = (struct serving){source, prefix, served[i].draft->campaign};
	}
	if (ruleset->n_serving)
		qsort(serving, ruleset->n_serving, sizeof *serving, by_serving);
	ruleset->serving = serving;
}

/* --- The whole -------------------------------------------------------------------------------------------
 */

static void build_campaign(struct loader *loader, struct draft *draft)
{
	struct campaign *campaign = draft->campaign;
	const struct rule_draft *drafts = draft->rules.items;
	const struct serve_draft *serves = draft->serves.items;
	struct rule *rules = loader_alloc(loader, draft->rules.n * sizeof *rules);
	struct str *sources = loader_alloc(loader, draft->serves.n * sizeof *sources);

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
	if (is_default(draft) && campaign->loaded)
		loader->ruleset->fallback = campaign;
}

static void break_users(struct loader *loader)
{
	for (size_t i = 0; i < loader->n_drafts; i++) {
		struct slot **slots = loader->drafts[i].slots.items;

		for (size_t j = 0; j < loader->drafts[i].slots.n; j++)
			loader->drafts[i].broken |= slots[j]->broken;
	}
}

static int by_file_and_line(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int order = strcmp(x->error.file, y->error.file);

	if (!order)
		order = (x->error.line > y->error.line) - (x->error.line < y->error.line);
	if (!order)
		order = (x->error.column > y->error.column) - (x->error.column < y->error.column);
	return order ? order : strcmp(x->error.what, y->error.what);
}

static void keep_problems(struct loader *loader)
{
	struct problem *problems = loader->problems.items;

	if (loader->problems.n)
		qsort(problems, loader->problems.n, sizeof *problems, by_file_and_line);
	for (size_t i = 0; i < loader->problems.n; i++)
		loader->ruleset->n_errors += !problems[i].warning;
	loader->ruleset->problems = loader_array(loader, &loader->problems, sizeof *problems);
	loader->ruleset->n_problems = loader->problems.n;
}

void load_finish(struct loader *loader)
{
	struct vec slots = {0}, served = {0};

	collect_slots(loader, &slots);
	check_names(loader, slots.items, slots.n);
	list_services(loader, slots.items, slots.n);
	index_services(loader);
	check_tags(loader, slots.items, slots.n);
	break_users(loader);
	collect_served(loader, &served);
	check_served(loader, served.items, served.n);
	for (size_t i = 0; i < loader->n_drafts; i++)
		build_campaign(loader, &loader->drafts[i]);
	index_serving(loader, served.items, served.n);
	keep_problems(loader);
	vec_finish(&slots);
	vec_finish(&served);
}
