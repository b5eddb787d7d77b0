#include "script/coverage.h"

#include "base/watchdog.h"
#include "script/coverage_private.h"
#include "script/script.h"

/* --- counting --- */

static int by_file(const void *a, const void *b)
{
	const struct coverage_file *x = a, *y = b;
	return (x->file > y->file) - (x->file < y->file);
}

static struct coverage_file *find_file(struct coverage *coverage, const struct source_file *file)
{
	struct coverage_file key = {.file = file};
	return bsearch(&key, coverage->files, coverage->n_files, sizeof key, by_file);
}

static struct coverage_file *file_of(struct coverage *coverage, const char *source)
{
	if (source == coverage->last_source)
		return coverage->last_file;
	const struct source_file *file =
		source[0] == '@' ? ruleset_file(coverage->ruleset, str_of(source + 1)) : NULL;
	coverage->last_source = source;
	coverage->last_file = file ? find_file(coverage, file) : NULL;
	return coverage->last_file;
}

void coverage_line(struct coverage *coverage, const char *source, int line)
{
	struct coverage_file *file = file_of(coverage, source);
	if (file && line > 0 && line <= file->n_lines)
		file->hits[line]++;
}

void coverage_forget_source(struct coverage *coverage)
{
	coverage->last_source = NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct coverage_rule *x = a, *y = b;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

static struct coverage_rule *rule_of(struct coverage *coverage, const struct rule *rule)
{
	struct coverage_rule key = {.rule = rule};
	struct coverage_rule *found =
		bsearch(&key, coverage->rules, coverage->n_rules, sizeof key, by_address);
	ensure(found);
	return found;
}

void coverage_event(struct coverage *coverage, const struct rule *rule, const struct event *event)
{
	struct coverage_rule *covered = rule_of(coverage, rule);
	const struct condition *failed;
	if (!rule_wants(rule, event->type))
		return;
	covered->looked_at++;
	size_t held = rule->n_when;
	if (rule_matches(rule, event, &failed))
		covered->ran++;
	else
		held = (size_t)(failed - rule->when);
	for (size_t i = 0; i < held; i++)
		covered->conditions[i].held++;
	if (held < rule->n_when)
		covered->conditions[held].failed++;
}

/* --- beginning and end --- */

static int count_lines(struct str text)
{
	int n = 1;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void add_files(struct coverage *coverage)
{
	const struct ruleset *ruleset = coverage->ruleset;
	coverage->files = mem_zalloc((ruleset->n_files + 1) * sizeof *coverage->files);
	for (size_t i = 0; i < ruleset->n_files; i++) {
		if (!str_ends(ruleset->files[i].path, STR(".lua")))
			continue;
		struct coverage_file *file = &coverage->files[coverage->n_files++];
		file->file = &ruleset->files[i];
		file->n_lines = count_lines(file->file->text);
		file->code = mem_zalloc((size_t)file->n_lines + 1);
		file->hits = mem_zalloc(((size_t)file->n_lines + 1) * sizeof *file->hits);
	}
}

static void add_rules(struct coverage *coverage)
{
	const struct ruleset *ruleset = coverage->ruleset;
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		coverage->n_rules += ruleset->campaigns[i]->n_rules;
	coverage->rules = mem_zalloc((coverage->n_rules + 1) * sizeof *coverage->rules);
	struct coverage_rule *next = coverage->rules;
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		for (size_t j = 0; j < ruleset->campaigns[i]->n_rules; j++, next++) {
			next->rule = &ruleset->campaigns[i]->rules[j];
			next->conditions = mem_zalloc((next->rule->n_when + 1) * sizeof *next->conditions);
		}
	if (coverage->n_rules)
		qsort(coverage->rules, coverage->n_rules, sizeof *coverage->rules, by_address);
}

/* Runs each campaign's script as a shard would before its first run. */
static int run_declarations(struct coverage *coverage, struct watch *watch, struct error *reterr)
{
	static const struct script_host nobody;
	const struct ruleset *ruleset = coverage->ruleset;
	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		struct script_state *state;
		if (!ruleset->campaigns[i]->loaded)
			continue;
		if (script_state_create_covered(ruleset->campaigns[i], &nobody, watch, coverage, &state,
						reterr))
			return -1;
		script_state_destroy(state);
	}
	return 0;
}

int coverage_create(const struct ruleset *ruleset, struct coverage **ret, struct error *reterr)
{
	struct coverage *coverage = mem_zalloc(sizeof *coverage);
	coverage->ruleset = ruleset_ref(ruleset);
	add_files(coverage);
	add_rules(coverage);
	for (size_t i = 0; i < coverage->n_files; i++)
		if (lines_with_code(&coverage->files[i], reterr)) {
			coverage_destroy(coverage);
			return -1;
		}
	struct watchdog *watchdog = watchdog_create(NULL);
	int result = run_declarations(coverage, watchdog_watch(watchdog, NULL), reterr);
	watchdog_destroy(watchdog);
	if (result) {
		coverage_destroy(coverage);
		return -1;
	}
	*ret = coverage;
	return 0;
}

void coverage_destroy(struct coverage *coverage)
{
	if (!coverage)
		return;
	for (size_t i = 0; i < coverage->n_files; i++) {
		free(coverage->files[i].code);
		free(coverage->files[i].hits);
	}
	for (size_t i = 0; i < coverage->n_rules; i++)
		free(coverage->rules[i].conditions);
	free(coverage->files);
	free(coverage->rules);
	ruleset_unref(coverage->ruleset);
	free(coverage);
}

/* --- totals --- */

static void count_rule(const struct coverage_rule *rule, struct coverage_counts *ret)
{
	ret->rules++;
	ret->rules_ran += rule->ran > 0;
	for (size_t i = 0; i < rule->rule->n_when; i++) {
		ret->sides += 2;
		ret->sides_hit += (rule->conditions[i].held > 0) + (rule->conditions[i].failed > 0);
	}
}

static void count_file(const struct coverage_file *file, struct coverage_counts *ret)
{
	for (int line = 1; line <= file->n_lines; line++) {
		ret->lines += file->code[line];
		ret->lines_hit += file->code[line] && file->hits[line];
	}
}

void coverage_count(const struct coverage *coverage, const struct coverage_file *file,
		    struct coverage_counts *ret)
{
	for (size_t i = 0; i < coverage->n_files; i++)
		if (!file || file == &coverage->files[i])
			count_file(&coverage->files[i], ret);
	for (size_t i = 0; i < coverage->n_rules; i++)
		if (!file || str_eq(coverage->rules[i].rule->campaign->file, file->file->path))
			count_rule(&coverage->rules[i], ret);
}

double coverage_percent(const struct coverage_counts *counts)
{
	size_t all = counts->lines + counts->sides;
	return all ? 100.0 * (double)(counts->lines_hit + counts->sides_hit) / (double)all : 100;
}
