/* GET /v1/rules/files: the source of the rules that serve. */
#include "api/api_private.h"

#include "engine/generation.h"
#include "format/json.h"

static void put_hash(struct buf *out, const struct source_file *file)
{
	struct source_hash hash = source_hash(file->text);
	put_text(out, "hash", str_of(hash.z));
}

static void show_list(struct buf *out, const struct ruleset *ruleset)
{
	put_key(out, "files");
	buf_char(out, '[');
	for (size_t i = 0; i < ruleset->n_files; i++) {
		put_item(out);
		buf_char(out, '{');
		put_text(out, "path", ruleset->files[i].path);
		put_number(out, "bytes", (int64_t)ruleset->files[i].text.n);
		put_hash(out, &ruleset->files[i]);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void show_one(struct job *job, const struct ruleset *ruleset)
{
	const struct source_file *file = ruleset_file(ruleset, job->query.path);
	if (!file) {
		error_set(&job->error, "no such file is among the rules that serve");
		job_fail(job, 404);
		return;
	}
	put_text(&job->body, "path", file->path);
	put_text(&job->body, "text", file->text);
	put_hash(&job->body, file);
}

static void work_files(struct job *job)
{
	const struct ruleset *ruleset = job->ruleset;
	buf_char(&job->body, '{');
	put_number(&job->body, "generation", ruleset->generation);
	put_bool(&job->body, "editable", job->api->options.edit_rules);
	if (job->query.path.p)
		show_one(job, ruleset);
	else
		show_list(&job->body, ruleset);
	buf_char(&job->body, '}');
}

static void on_files(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", PARAMETER_PATH, 1, 1, false);
	if (!job)
		return;
	job->work = work_files;
	job_post(job);
}

void routes_rule_files(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/rules/files", on_files, api);
}
