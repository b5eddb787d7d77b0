#include "app/secrets_check.h"

#include "script/script.h"

void secrets_missing(const struct ruleset *ruleset, const struct secrets *secrets,
		     void (*each)(void *context, const struct error *error), void *context)
{
	struct buf value;
	buf_init(&value, 2 * SECRET_BYTES_MAX);
	for (size_t i = 0; i < ruleset->n_secrets; i++) {
		const struct secret_use *use = &ruleset->secrets[i];
		const struct source_file *file = ruleset_file(ruleset, use->file);
		struct error error;
		buf_clear(&value);
		if (secrets_read(secrets, use->name, &value, &error) == 0)
			continue;
		error_at(&error, use->file, use->line, 0, file ? file->text : (struct str){0});
		each(context, &error);
	}
	secret_wipe(&value);
}

static int by_place(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int order = strcmp(x->error.file, y->error.file);
	return order ? order : x->error.line - y->error.line;
}

struct growing {
	struct problem *problems;
	size_t n;
};

static void add(void *context, const struct error *error)
{
	struct growing *growing = context;
	growing->problems[growing->n++] = (struct problem){.warning = true, .error = *error};
}

void rules_check(struct ruleset *ruleset, const struct secrets *secrets)
{
	struct growing growing = {.n = ruleset->n_problems};
	size_t most = ruleset->n_problems + ruleset->n_secrets + ruleset->n_services + 1;
	growing.problems = arena_alloc(&ruleset->arena, most * sizeof *growing.problems);
	ensure(growing.problems);
	if (growing.n)
		memcpy(growing.problems, ruleset->problems, growing.n * sizeof *growing.problems);
	secrets_missing(ruleset, secrets, add, &growing);
	script_unused_services(ruleset, add, &growing);
	qsort(growing.problems, growing.n, sizeof *growing.problems, by_place);
	ruleset->problems = growing.problems;
	ruleset->n_problems = growing.n;
}
