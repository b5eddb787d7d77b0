/* GET /v1/samples: the sample calls that stand in folders named samples below the rules. */
#include "simulate/http_simulate.h"

#include "api/api_private.h"
#include "simulate/rules_place.h"
#include "simulate/samples.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_MAX = 200,
	LOOKED_AT_MAX = 20000, /* entries of folders */
	DEEP_MAX = 8,
	SAMPLE_BYTES_MAX = 1 << 20,
};

#define FOLDER "samples"

struct sampling {
	struct buf *out;
	size_t n, looked_at;
};

static bool is_sample(struct str path)
{
	const char *slash = memrchr(path.p, '/', path.n);
	bool in_folder = str_starts(path, STR(FOLDER "/")) || memmem(path.p, path.n, "/" FOLDER "/", 9);
	struct str name = slash ? (struct str){slash + 1, path.n - (size_t)(slash + 1 - path.p)} : path;
	return in_folder && !str_eq(name, STR("answers.json")) &&
	       (str_ends(name, STR(".ndjson")) || str_ends(name, STR(".jsonl")) ||
		str_ends(name, STR(".json")));
}

static void look_through(struct sampling *sampling, int folder, const char *path, int depth);

static void look_at(struct sampling *sampling, int folder, const char *path, const struct dirent *entry,
		    int depth)
{
	char inner[1024];
	struct stat about;
	if (entry->d_name[0] == '.' || ++sampling->looked_at > LOOKED_AT_MAX ||
	    (size_t)snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "/" : "", entry->d_name) >=
		    sizeof inner ||
	    fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISDIR(about.st_mode) && depth < DEEP_MAX) {
		int sub = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			look_through(sampling, sub, inner, depth + 1);
		return;
	}
	if (!S_ISREG(about.st_mode) || !is_sample(str_of(inner)) || sampling->n == FILES_MAX)
		return;
	sampling->n++;
	put_item(sampling->out);
	buf_char(sampling->out, '{');
	put_text(sampling->out, "path", str_of(inner));
	put_number(sampling->out, "bytes", (int64_t)about.st_size);
	buf_char(sampling->out, '}');
}

/* Takes over the descriptor. */
static void look_through(struct sampling *sampling, int folder, const char *path, int depth)
{
	struct dirent **entries;
	int n = scandirat(folder, ".", &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		look_at(sampling, folder, path, entries[i], depth);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	close(folder);
}

static void list_samples(struct job *job, const char *rules)
{
	struct sampling sampling = {.out = &job->body};
	int folder = open(rules, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		error_set(&job->error, "cannot open the rules folder: %s", strerror(errno));
		job_fail(job, 500);
		return;
	}
	buf_char(&job->body, '{');
	put_key(&job->body, "samples");
	buf_char(&job->body, '[');
	look_through(&sampling, folder, "", 0);
	buf_str(&job->body, STR("]}"));
}

/* What is no list of events is nobody's business. */
static int check_events(struct job *job, struct str text)
{
	struct event_list events = {0};
	char *name = mem_strndup(job->query.path.p, job->query.path.n);
	int result = samples_parse(text, name, &events, &job->error);
	event_list_finish(&events);
	free(name);
	return result ? job_fail(job, 422) : 0;
}

static void show_sample(struct job *job, const char *rules)
{
	struct rules_place place;
	struct buf text;
	if (!is_sample(job->query.path) || rules_place_open(rules, job->query.path, &place, &job->error)) {
		error_set(&job->error, "no such sample stands in a folder named " FOLDER " below the rules");
		job_fail(job, 404);
		return;
	}
	buf_init(&text, 2 * SAMPLE_BYTES_MAX);
	int result = rules_place_read(&place, SAMPLE_BYTES_MAX, &text, &job->error);
	rules_place_close(&place);
	if (result > 0)
		error_set(&job->error, "there is no sample of that name");
	if (result)
		job_fail(job, result > 0 ? 404 : 422);
	else if (check_events(job, buf_view(&text)) == 0) {
		buf_char(&job->body, '{');
		put_text(&job->body, "path", job->query.path);
		put_text(&job->body, "text", buf_view(&text));
		buf_char(&job->body, '}');
	}
	buf_finish(&text);
}

static void work_samples(struct job *job)
{
	const char *rules = job->api->options.rules_folder;
	if (job->query.path.p)
		show_sample(job, rules);
	else
		list_samples(job, rules);
}

void simulate_on_samples(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", PARAMETER_PATH, 1, 1, false);
	if (!job)
		return;
	job->work = work_samples;
	job_post(job);
}
