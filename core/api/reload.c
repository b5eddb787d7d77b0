/* Rules that change: POST /v1/rules/reload, POST /v1/rules/rollback/N, and the history behind them. */
#include "api/api_private.h"

#include "engine/generation.h"
#include "engine/reload.h"
#include "format/json.h"

#define KEPT ".kept/"

/* --- what came of it --- */

static void put_changes(struct buf *out, const char *key, const struct reload_report *report,
			enum reload_change_kind kind)
{
	put_key(out, key);
	buf_char(out, '[');
	for (size_t i = 0; i < report->n_changes; i++) {
		if (report->changes[i].kind != kind)
			continue;
		put_item(out);
		json_write_string(out, report->changes[i].campaign);
	}
	buf_char(out, ']');
}

void put_kept(struct buf *out, const struct ruleset *ruleset)
{
	put_key(out, "kept");
	buf_char(out, '[');
	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		if (!ruleset->kept[i])
			continue;
		put_item(out);
		buf_char(out, '{');
		put_text(out, "campaign", ruleset->campaigns[i]->name);
		if (ruleset->campaigns[i]->unit->generation)
			put_number(out, "generation", ruleset->campaigns[i]->unit->generation);
		else
			put_null(out, "generation");
		buf_char(out, '}');
	}
	buf_char(out, ']');
	put_key(out, "not_loaded");
	buf_char(out, '[');
	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		if (ruleset->campaigns[i]->loaded)
			continue;
		put_item(out);
		json_write_string(out, ruleset->campaigns[i]->name);
	}
	buf_char(out, ']');
}

void show_reload(struct buf *out, const struct reload_report *report)
{
	const struct ruleset *ruleset = report->ruleset;
	buf_char(out, '{');
	put_number(out, "generation", report->generation);
	put_number(out, "before", report->before);
	put_changes(out, "added", report, CAMPAIGN_ADDED);
	put_changes(out, "changed", report, CAMPAIGN_CHANGED);
	put_changes(out, "removed", report, CAMPAIGN_REMOVED);
	put_kept(out, ruleset);
	put_number(out, "campaigns", (int64_t)ruleset_loaded_campaigns(ruleset));
	put_number(out, "errors", (int64_t)ruleset->n_errors);
	put_number(out, "warnings", (int64_t)(ruleset->n_problems - ruleset->n_errors));
	put_number(out, "took_ms", report->took_ms);
	put_problems(out, ruleset);
	buf_char(out, '}');
}

static void reloaded(void *context, const struct reload_report *report)
{
	struct http_request *request = context;
	struct header headers[] = {{STR("Content-Type"), STR("application/json")},
				   {STR("Cache-Control"), STR("no-store")}};
	struct buf out;
	if (report->refused) {
		http_respond_problem(request, 409, &report->error, 0);
		return;
	}
	buf_init(&out, ANSWER_MAX);
	show_reload(&out, report);
	http_respond(request, 200, headers, countof(headers), buf_view(&out));
	buf_finish(&out);
}

static void ask(const struct api *api, struct http_request *request, enum reload_cause cause,
		uint32_t generation)
{
	struct error error;
	if (!api->options.reloader)
		error_set(&error, "this engine does not change its rules");
	else if (reloader_ask(api->options.reloader, cause, generation, reloaded, request, &error) == 0)
		return;
	http_respond_problem(request, 503, &error, 1);
}

static void on_reload(void *context, struct http_request *request)
{
	ask(context, request, RELOAD_ASKED, 0);
}

static bool parse_generation(struct str text, uint32_t *ret)
{
	uint64_t number = 0;
	if (text.n == 0 || text.n > 9)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = (uint32_t)number;
	return number > 0;
}

static void on_rollback(void *context, struct http_request *request)
{
	struct str path = http_request_path(request);
	size_t skip = sizeof "/v1/rules/rollback/" - 1;
	uint32_t generation;
	struct error error;
	if (parse_generation((struct str){path.p + skip, path.n - skip}, &generation)) {
		ask(context, request, RELOAD_ROLLBACK, generation);
		return;
	}
	error_set(&error, "a generation is a number from 1");
	error_hint(&error, "`switchhook rules history` lists them");
	http_respond_problem(request, 400, &error, 0);
}

/* --- history --- */

static bool show_activation(void *context, const struct journal_activation *row)
{
	struct job *job = context;
	struct buf *out = &job->body;
	put_item(out);
	buf_char(out, '{');
	put_number(out, "generation", row->generation);
	put_time(out, "time", row->at_ms);
	put_text(out, "cause", row->cause);
	put_key(out, "summary");
	buf_str(out, row->summary.n ? row->summary : STR("null"));
	buf_char(out, '}');
	return true;
}

static void work_history(struct job *job)
{
	struct buf *out = &job->body;
	buf_char(out, '{');
	put_number(out, "generation", job->ruleset->generation);
	put_key(out, "history");
	buf_char(out, '[');
	if (journal_read_activations(job->api->reader, job->query.limit, show_activation, job, &job->error))
		job_fail(job, 500);
	buf_str(out, STR("]}"));
}

static void on_history(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", PARAMETER_LIMIT, LIST_DEFAULT, LIST_MAX, true);
	if (!job)
		return;
	job->work = work_history;
	job_post(job);
}

/* --- the files of a generation --- */

static void show_file(struct buf *out, const struct source_file *file)
{
	struct str path = file->path;
	put_item(out);
	buf_char(out, '{');
	if (str_starts(path, STR(KEPT))) {
		path.p += sizeof KEPT - 1;
		path.n -= sizeof KEPT - 1;
		const char *slash = memchr(path.p, '/', path.n);
		size_t n = slash ? (size_t)(slash - path.p) : path.n;
		put_text(out, "last_good_of", (struct str){path.p, n});
		path = slash ? (struct str){slash + 1, path.n - n - 1} : STR("");
	}
	put_text(out, "path", path);
	put_text(out, "text", file->text);
	buf_char(out, '}');
}

/* A mark for a campaign that has no last good version is no file. */
static bool is_mark(const struct source_file *file)
{
	return str_starts(file->path, STR(KEPT)) && str_ends(file->path, STR("/"));
}

static void work_generation(struct job *job)
{
	struct source_file *files;
	struct arena arena;
	struct buf *out = &job->body;
	uint32_t generation;
	size_t n;
	if (!parse_generation(job->path, &generation)) {
		error_set(&job->error, "a generation is a number from 1");
		job_fail(job, 400);
		return;
	}
	arena_init(&arena, (size_t)ANSWER_MAX * 2);
	if (generation_read(job->api->reader, generation, &arena, &files, &n, &job->error)) {
		job_fail(job, 500);
	} else if (!files) {
		error_set(&job->error, "the journal has no generation %u", generation);
		error_hint(&job->error, "`switchhook rules history` lists them");
		job_fail(job, 404);
	} else {
		buf_char(out, '{');
		put_number(out, "generation", generation);
		put_key(out, "files");
		buf_char(out, '[');
		for (size_t i = 0; i < n; i++)
			if (!is_mark(&files[i]))
				show_file(out, &files[i]);
		buf_str(out, STR("]}"));
	}
	arena_finish(&arena);
}

static void on_generation(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "/v1/rules/generations/", 0, 1, 1, true);
	if (!job)
		return;
	job->work = work_generation;
	job_post(job);
}

void routes_reload(struct api *api, struct http_server *server)
{
	http_server_route(server, "POST", "/v1/rules/reload", on_reload, api);
	http_server_route(server, "POST", "/v1/rules/rollback/*", on_rollback, api);
	http_server_route(server, "GET", "/v1/rules/history", on_history, api);
	http_server_route(server, "GET", "/v1/rules/generations/*", on_generation, api);
}
