#include "simulate/trial.h"

#include "format/json.h"
#include "script/script.h"

#include <stdlib.h>

static int fail(struct job *job)
{
	return job_fail(job, 400);
}

void trial_begin(struct api *api, struct http_request *request, void (*work)(struct job *job),
		 void (*then)(struct job *job))
{
	struct job *job = job_new(api, request, "", 0, 1, 1, false);
	if (!job)
		return;
	job->input = arena_copy(&job->arena, http_request_body(request));
	job->work = work;
	job->then = then;
	job_post_trial(job);
}

/* --- the body --- */

static bool is_known(struct str key, const struct str *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(known[i], key))
			return true;
	return false;
}

static int unknown_member(struct job *job, struct str key, const struct str *known, size_t n)
{
	struct buf names;
	buf_init(&names, 256);
	for (size_t i = 0; i < n; i++)
		buf_printf(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(known[i]));
	error_set(&job->error, "unknown member '" STR_FMT "'", STR_ARG(key));
	error_hint(&job->error, "known are %s", buf_z(&names));
	buf_finish(&names);
	return fail(job);
}

int trial_body(struct job *job, const struct str *known, size_t n_known, struct value *ret)
{
	if (json_parse(job->input, (struct json_limits){0}, &job->arena, ret, &job->error))
		return fail(job);
	if (ret->kind != VALUE_OBJECT) {
		error_set(&job->error, "the body must be an object: {\"" STR_FMT "\":…}", STR_ARG(known[0]));
		return fail(job);
	}
	for (uint32_t i = 0; i < ret->n; i++)
		if (!is_known(ret->members[i].key, known, n_known))
			return unknown_member(job, ret->members[i].key, known, n_known);
	return 0;
}

int trial_number(struct job *job, const struct value *body, const char *name, int64_t least, int64_t most,
		 int64_t standard, int64_t *ret)
{
	const struct value *value = value_get(body, str_of(name));
	double number = (double)standard;
	if (value && (value->kind != VALUE_NUMBER || !value_number(value, &number) ||
		      number < (double)least || number > (double)most || number != (double)(int64_t)number)) {
		error_set(&job->error, "'%s' must be a whole number from %lld to %lld", name,
			  (long long)least, (long long)most);
		return fail(job);
	}
	*ret = (int64_t)number;
	return 0;
}

/* --- the rules --- */

static struct source_file *find_file(struct source_file *files, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(files[i].path, path))
			return &files[i];
	return NULL;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(((const struct source_file *)a)->path, ((const struct source_file *)b)->path);
}

static int change(struct job *job, const struct value *changes, struct source_file *files, size_t *n)
{
	for (uint32_t i = 0; i < changes->n; i++) {
		const struct member *member = &changes->members[i];
		struct source_file *file = find_file(files, *n, member->key);
		if (member->value.kind == VALUE_NULL) {
			if (file)
				*file = files[--*n];
			continue;
		}
		if (member->value.kind != VALUE_STRING || !str_ends(member->key, STR(".lua"))) {
			error_set(&job->error, "'rules' must hold the texts of .lua files, or null");
			return fail(job);
		}
		if (!file)
			file = &files[(*n)++];
		*file = (struct source_file){member->key, member->value.text};
	}
	qsort(files, *n, sizeof *files, by_path);
	return 0;
}

int trial_rules(struct job *job, const struct value *changes, struct ruleset **ret)
{
	const struct ruleset *serving = job->ruleset;
	size_t n = serving->n_files;
	if (!changes) {
		*ret = ruleset_ref(serving);
		return 0;
	}
	if (changes->kind != VALUE_OBJECT || changes->n > TRIAL_FILES_MAX) {
		error_set(&job->error, "'rules' must be an object of at most %d files: {\"sales.lua\":\"…\"}",
			  TRIAL_FILES_MAX);
		return fail(job);
	}
	struct source_file *files = mem_alloc((n + changes->n + 1) * sizeof *files);
	if (n)
		memcpy(files, serving->files, n * sizeof *files);
	int result = change(job, changes, files, &n);
	if (result == 0)
		*ret = script_reload(serving, files, n, true, serving->generation, NULL);
	free(files);
	return result;
}

static bool has_error(const struct ruleset *ruleset, const struct error *error)
{
	for (size_t i = 0; i < ruleset->n_problems; i++) {
		const struct problem *problem = &ruleset->problems[i];
		if (!problem->warning && strcmp(problem->error.file, error->file) == 0 &&
		    strcmp(problem->error.what, error->what) == 0)
			return true;
	}
	return false;
}

const struct error *trial_error(const struct job *job, const struct ruleset *tried,
				const struct value *changes)
{
	for (size_t i = 0; i < tried->n_problems; i++) {
		const struct error *error = &tried->problems[i].error;
		if (tried->problems[i].warning)
			continue;
		if ((changes && value_get(changes, str_of(error->file))) || !has_error(job->ruleset, error))
			return error;
	}
	return NULL;
}

/* --- time --- */

struct trial_end trial_end(void)
{
	return (struct trial_end){.cpu_us = clock_thread_cpu_us() + TRIAL_CPU_MAX_MS * 1000,
				  .mono_us = clock_mono_us(clock_system()) + TRIAL_TIME_MAX_MS * 1000};
}

bool trial_has_time(const struct job *job, const struct trial_end *end)
{
	return clock_thread_cpu_us() < end->cpu_us && clock_mono_us(clock_system()) < end->mono_us &&
	       !job_is_ending(job);
}
