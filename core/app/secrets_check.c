#include "app/secrets_check.h"

#include "base/read_file.h"
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

enum { CERTIFICATES_MAX = 4 * 1024 * 1024 }; /* all authorities of the web are a quarter of that */

static int look_into(const char *folder, struct str name, const char *begin, struct error *reterr)
{
	struct buf path, text;
	buf_init(&path, 8192);
	buf_init(&text, CERTIFICATES_MAX);
	if (name.p[0] != '/')
		buf_printf(&path, "%s/", folder);
	buf_str(&path, name);
	int result = read_file(buf_z(&path), &text, reterr);
	struct str content = buf_view(&text);
	if (!result && !(content.n && memmem(content.p, content.n, begin, strlen(begin))))
		result = error_set(reterr, "'%s' has no line %s", buf_z(&path), begin);
	buf_finish(&text);
	buf_finish(&path);
	return result;
}

void certificates_missing(const struct ruleset *ruleset, const char *folder,
			  void (*each)(void *context, const struct error *error), void *context)
{
	for (size_t i = 0; i < ruleset->n_services; i++) {
		const struct service *service = ruleset->services[i];
		const struct source_file *file = ruleset_file(ruleset, service->file);
		const struct {
			const char *key, *begin;
			struct str name;
		} files[] = {{"ca", "-----BEGIN CERTIFICATE-----", service->peer.ca_file},
			     {"crl", "-----BEGIN X509 CRL-----", service->peer.crl_file}};
		for (size_t k = 0; k < countof(files); k++) {
			struct error error;
			if (!files[k].name.n || !look_into(folder, files[k].name, files[k].begin, &error))
				continue;
			error_hint(&error, "'%s' of the service '" STR_FMT "' is a file in the rules folder",
				   files[k].key, STR_ARG(service->name));
			error_at(&error, service->file, service->line, 0,
				 file ? file->text : (struct str){0});
			each(context, &error);
		}
	}
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

void rules_check(struct ruleset *ruleset, const char *folder, const struct secrets *secrets)
{
	struct growing growing = {.n = ruleset->n_problems};
	size_t most = ruleset->n_problems + ruleset->n_secrets + 3 * ruleset->n_services + 1;
	growing.problems = arena_alloc(&ruleset->arena, most * sizeof *growing.problems);
	ensure(growing.problems);
	if (growing.n)
		memcpy(growing.problems, ruleset->problems, growing.n * sizeof *growing.problems);
	secrets_missing(ruleset, secrets, add, &growing);
	certificates_missing(ruleset, folder, add, &growing);
	script_unused_services(ruleset, add, &growing);
	qsort(growing.problems, growing.n, sizeof *growing.problems, by_place);
	ruleset->problems = growing.problems;
	ruleset->n_problems = growing.n;
}
