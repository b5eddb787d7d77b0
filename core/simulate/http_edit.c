/* PUT /v1/rules/files: files of rules are saved, and the rules loaded again.
 *
 * Only with `run --edit-rules`. Everything is checked before anything is written: that the files are as they
 * were when they were read, and that the rules with them have no error that they had not before.
 */
#include "simulate/http_simulate.h"

#include "engine/generation.h"
#include "format/json.h"
#include "simulate/rules_place.h"
#include "simulate/trial.h"

enum { FILE_BYTES_MAX = 1 << 20 };

struct saved_file {
	struct str path, text;
	struct str was; /* the hash of what it replaces; p == NULL: it is new */
	struct rules_place place;
	bool open;
};

struct edit {
	struct job *job;
	struct saved_file files[TRIAL_FILES_MAX];
	size_t n;
};

/* --- what is asked --- */

static int wrong(struct job *job, int status, const char *what, const char *hint)
{
	error_set(&job->error, "%s", what);
	error_hint(&job->error, "%s", hint);
	return job_fail(job, status);
}

static int read_file(struct edit *edit, const struct value *value)
{
	struct job *job = edit->job;
	struct saved_file *file = &edit->files[edit->n];
	const struct value *path = value_get(value, STR("path")), *text = value_get(value, STR("text")),
			   *was = value_get(value, STR("was"));
	if (!path || path->kind != VALUE_STRING || !text || text->kind != VALUE_STRING || !was ||
	    (was->kind != VALUE_STRING && was->kind != VALUE_NULL))
		return wrong(job, 400, "a file to save lacks something",
			     "{\"path\":\"sales.lua\",\"text\":\"…\",\"was\":\"its hash, or null when it is "
			     "new\"}");
	if (!str_ends(path->text, STR(".lua")) || str_ends(path->text, STR("_test.lua")))
		return wrong(job, 400, "only .lua files that make the rules can be saved here",
			     "tests and everything else are changed on the engine's machine");
	*file = (struct saved_file){.path = path->text, .text = text->text};
	if (was->kind == VALUE_STRING)
		file->was = was->text;
	for (size_t i = 0; i < edit->n; i++)
		if (str_eq(edit->files[i].path, file->path))
			return wrong(job, 400, "a file is there twice", "name each file once");
	if (rules_place_open(job->api->options.rules_folder, file->path, &file->place, &job->error))
		return job_fail(job, 400);
	file->open = true;
	edit->n++;
	return 0;
}

static int read_body(struct edit *edit)
{
	static const struct str known[] = {{"files", 5}};
	struct job *job = edit->job;
	struct value body;
	if (trial_body(job, known, countof(known), &body))
		return -1;
	const struct value *files = value_get(&body, STR("files"));
	if (!files || files->kind != VALUE_ARRAY || files->n < 1 || files->n > TRIAL_FILES_MAX) {
		error_set(&job->error, "'files' must be an array of 1 to %d files", TRIAL_FILES_MAX);
		return job_fail(job, 400);
	}
	for (uint32_t i = 0; i < files->n; i++)
		if (read_file(edit, &files->items[i]))
			return -1;
	return 0;
}

/* --- is it allowed? --- */

/* The file is what it was when it was read. */
static int check_unchanged(void *context, struct error *reterr)
{
	const struct saved_file *file = context;
	struct buf text;
	buf_init(&text, 2 * FILE_BYTES_MAX);
	int result = rules_place_read(&file->place, FILE_BYTES_MAX, &text, reterr);
	bool is_there = result == 0;
	struct source_hash hash = source_hash(buf_view(&text));
	buf_finish(&text);
	if (result < 0)
		return -1;
	if (is_there ? str_eq(file->was, str_of(hash.z)) : !file->was.p)
		return 0;
	if (!file->was.p)
		error_set(reterr, "'" STR_FMT "' is there already", STR_ARG(file->path));
	else
		error_set(reterr, "'" STR_FMT "' has changed on disk since it was read", STR_ARG(file->path));
	error_hint(reterr, "load the rules again, and put your change into what is there now");
	return -1;
}

/* The rules as they would be: {"sales.lua":"…"}. */
static void as_changes(const struct edit *edit, struct member *members, struct value *ret)
{
	for (size_t i = 0; i < edit->n; i++)
		members[i] = (struct member){edit->files[i].path,
					     {.kind = VALUE_STRING, .text = edit->files[i].text}};
	*ret = (struct value){.kind = VALUE_OBJECT, .n = (uint32_t)edit->n, .members = members};
}

static int check_rules(struct edit *edit)
{
	struct job *job = edit->job;
	struct member members[TRIAL_FILES_MAX];
	struct value changes;
	struct ruleset *ruleset;
	as_changes(edit, members, &changes);
	if (trial_rules(job, &changes, &ruleset))
		return -1;
	const struct error *error = trial_error(job, ruleset, &changes);
	if (error) {
		job->error = *error;
		error_prefix(&job->error, "nothing is saved: %s", error->file);
	}
	ruleset_unref(ruleset);
	return error ? job_fail(job, 422) : 0;
}

/* --- saving --- */

static int save(struct edit *edit)
{
	struct job *job = edit->job;
	for (size_t i = 0; i < edit->n; i++)
		if (check_unchanged(&edit->files[i], &job->error))
			return job_fail(job, 412);
	if (check_rules(edit))
		return -1;
	for (size_t i = 0; i < edit->n; i++) {
		struct saved_file *file = &edit->files[i];
		if (rules_place_write(&file->place, file->text, check_unchanged, file, &job->error)) {
			if (i)
				error_prefix(&job->error, "%zu of %zu files are saved, and then", i, edit->n);
			return job_fail(job, 500);
		}
		char path[256];
		snprintf(path, sizeof path, STR_FMT, STR_ARG(file->path));
		log_info(job->api->options.log, "a file of rules was saved over the API", "file", path);
	}
	return 0;
}

static void work_edit(struct job *job)
{
	struct edit edit = {.job = job};
	if (read_body(&edit) == 0 && save(&edit) == 0) {
		buf_str(&job->body, STR("{\"saved\":["));
		for (size_t i = 0; i < edit.n; i++) {
			put_item(&job->body);
			json_write_string(&job->body, edit.files[i].path);
		}
		buf_char(&job->body, ']');
	}
	for (size_t i = 0; i < countof(edit.files) && edit.files[i].open; i++)
		rules_place_close(&edit.files[i].place);
}

/* --- and loading --- */

/* What is saved waits for what the reload says. */
struct loading {
	struct http_request *request;
	struct buf body;
};

static void answer(struct loading *loading, const struct error *refused, const struct reload_report *report)
{
	struct header headers[] = {{STR("Content-Type"), STR("application/json")},
				   {STR("Cache-Control"), STR("no-store")}};
	struct buf *out = &loading->body;
	put_key(out, "reload");
	if (refused)
		buf_str(out, STR("null"));
	else
		show_reload(out, report);
	put_text(out, "refused", refused ? str_of(refused->what) : (struct str){0});
	buf_char(out, '}');
	http_respond(loading->request, 200, headers, countof(headers), buf_view(out));
	buf_finish(out);
	free(loading);
}

static void reloaded(void *context, const struct reload_report *report)
{
	answer(context, report->refused ? &report->error : NULL, report);
}

static void then_load(struct job *job)
{
	if (job->status) {
		job_answer(job);
		return;
	}
	struct loading *loading = mem_zalloc(sizeof *loading);
	struct error error;
	struct reloader *reloader = job->api->options.reloader;
	loading->request = job->request;
	loading->body = job->body;
	buf_init(&job->body, 0);
	job_free(job);
	if (reloader_ask(reloader, RELOAD_ASKED, 0, reloaded, loading, &error))
		answer(loading, &error, NULL);
}

void simulate_on_edit(void *context, struct http_request *request)
{
	struct api *api = context;
	struct error error;
	if (api->options.edit_rules) {
		trial_begin(api, request, work_edit, then_load);
		return;
	}
	error_set(&error, "saving rules is off");
	error_hint(&error, "start the engine with --edit-rules, or change the files on its machine");
	http_respond_problem(request, 403, &error, 0);
}
