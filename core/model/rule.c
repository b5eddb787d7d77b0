#include "model/rule.h"

struct ruleset *ruleset_ref(const struct ruleset *ruleset)
{
	struct ruleset *shared = (struct ruleset *)(uintptr_t)ruleset; /* all but the count is immutable */
	__atomic_add_fetch(&shared->refs, 1, __ATOMIC_RELAXED);
	return shared;
}

/* The struct is an allocation of its own; what it points to lives in its arena. */
void ruleset_unref(struct ruleset *ruleset)
{
	if (!ruleset || __atomic_sub_fetch(&ruleset->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; ruleset->units && i < ruleset->n_files; i++)
		unit_unref(ruleset->units[i]);
	for (size_t i = 0; ruleset->kept && i < ruleset->n_campaigns; i++)
		unit_unref(ruleset->kept[i]);
	arena_finish(&ruleset->arena);
	free(ruleset);
}

static const struct campaign *serving_exactly(const struct ruleset *ruleset, struct str source)
{
	size_t low = 0, high = ruleset->n_exact;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(source, ruleset->serving[middle].source);
		if (order == 0)
			return ruleset->serving[middle].campaign;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct campaign *ruleset_serving(const struct ruleset *ruleset, struct str source)
{
	const struct campaign *exact = serving_exactly(ruleset, source);
	if (exact)
		return exact;
	for (size_t i = ruleset->n_exact; i < ruleset->n_serving; i++)
		if (str_starts(source, ruleset->serving[i].source))
			return ruleset->serving[i].campaign;
	return ruleset->fallback;
}

const struct source_file *ruleset_file(const struct ruleset *ruleset, struct str path)
{
	size_t i = source_index(ruleset->files, ruleset->n_files, path);
	return i == SIZE_MAX ? NULL : &ruleset->files[i];
}

const struct campaign *ruleset_campaign(const struct ruleset *ruleset, struct str name)
{
	size_t low = 0, high = ruleset->n_campaigns;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, ruleset->campaigns[middle]->name);
		if (order == 0)
			return ruleset->campaigns[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

size_t ruleset_loaded_campaigns(const struct ruleset *ruleset)
{
	size_t n = 0;
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		n += ruleset->campaigns[i]->loaded;
	return n;
}

/* Goes back to the last '*' only: with '*' as the one wildcard, earlier ones need no second try. */
static bool fits(struct str pattern, struct str s)
{
	size_t i = 0, j = 0, star = SIZE_MAX, resume = 0;
	while (j < s.n) {
		if (i < pattern.n && pattern.p[i] == '*') {
			star = i++;
			resume = j;
		} else if (i < pattern.n && pattern.p[i] == s.p[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++resume;
		} else {
			return false;
		}
	}
	while (i < pattern.n && pattern.p[i] == '*')
		i++;
	return i == pattern.n;
}

bool rule_wants(const struct rule *rule, struct str type)
{
	for (size_t i = 0; i < rule->n_on; i++)
		if (str_eq(rule->on[i], type) || fits(rule->on[i], type))
			return true;
	return false;
}
