#include "simulate/samples.h"

#include "base/hash.h"
#include "base/read_file.h"
#include "format/json.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FOLDERS_DEEP_MAX = 8 };
static const size_t FILE_MAX = (size_t)4 << 30, EVENTS_MAX = 20000000;

/* --- one text --- */

static int64_t last_time(const struct event_list *list)
{
	return list->n ? list->events[list->n - 1]->time_ms : SAMPLES_EPOCH_MS;
}

static int parse_one(struct str text, struct str one, struct event_list *list, struct error *reterr)
{
	const struct event_limits limits = {.events = EVENTS_MAX};
	if (events_parse_json(one, &limits, last_time(list), list, reterr) == 0)
		return 0;
	json_error_in(reterr, text, (size_t)(one.p - text.p));
	return -1;
}

/* One document after the other: lines, an array, an event over several lines. */
static int parse_all(struct str text, struct event_list *list, struct error *reterr)
{
	for (size_t at = 0; str_trim((struct str){text.p + at, text.n - at}).n > 0;) {
		struct str one;
		if (json_skip(text, &at, &one, reterr) || parse_one(text, one, list, reterr))
			return -1;
	}
	return 0;
}

int samples_parse(struct str text, const char *file, struct event_list *list, struct error *reterr)
{
	if (parse_all(text, list, reterr) == 0)
		return 0;
	error_at(reterr, str_of(file), reterr->line, reterr->column, text);
	return -1;
}

/* --- files and folders --- */

static int read_stdin(struct event_list *list, struct error *reterr)
{
	char chunk[65536];
	struct buf text;
	size_t n;
	buf_init(&text, FILE_MAX);
	while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		buf_add(&text, chunk, n);
	int result = ferror(stdin)   ? error_set(reterr, "cannot read stdin: %s", strerror(errno))
		     : text.overflow ? error_set(reterr, "stdin has more than 4 GiB")
				     : samples_parse(buf_view(&text), "stdin", list, reterr);
	buf_finish(&text);
	return result;
}

static int read_one(const char *path, struct event_list *list, struct error *reterr)
{
	struct buf text;
	buf_init(&text, FILE_MAX);
	int result = read_file(path, &text, reterr);
	if (result == 0)
		result = samples_parse(buf_view(&text), path, list, reterr);
	buf_finish(&text);
	return result;
}

static bool is_sample(struct str name)
{
	return str_ends(name, STR(".ndjson")) || str_ends(name, STR(".jsonl")) ||
	       (str_ends(name, STR(".json")) && !str_eq(name, STR("answers.json")));
}

static int read_folder(const char *path, int depth, struct event_list *list, struct error *reterr);

static int read_entry(const char *folder, const struct dirent *entry, int depth, struct event_list *list,
		      struct error *reterr)
{
	char path[4096];
	struct stat about;
	if (entry->d_name[0] == '.')
		return 0;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= sizeof path)
		return error_set(reterr, "the path of '%s' is too long", entry->d_name);
	if (stat(path, &about))
		return error_set(reterr, "cannot read '%s': %s", path, strerror(errno));
	if (S_ISDIR(about.st_mode))
		return depth < FOLDERS_DEEP_MAX ? read_folder(path, depth + 1, list, reterr) : 0;
	return is_sample(str_of(entry->d_name)) ? read_one(path, list, reterr) : 0;
}

static int read_folder(const char *path, int depth, struct event_list *list, struct error *reterr)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), result = 0;
	if (n < 0)
		return error_set(reterr, "cannot read '%s': %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (result == 0)
			result = read_entry(path, entries[i], depth, list, reterr);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int samples_read(const char *path, struct event_list *list, struct error *reterr)
{
	struct stat about;
	size_t before = list->n;
	if (strcmp(path, "-") == 0)
		return read_stdin(list, reterr);
	if (stat(path, &about))
		return error_set(reterr, "cannot read '%s': %s", path, strerror(errno));
	int result =
		S_ISDIR(about.st_mode) ? read_folder(path, 0, list, reterr) : read_one(path, list, reterr);
	if (result == 0 && list->n == before) {
		error_set(reterr, "'%s' holds no event", path);
		if (S_ISDIR(about.st_mode))
			error_hint(reterr, "in a folder, files *.ndjson, *.jsonl and *.json are read");
		return -1;
	}
	return result;
}

/* --- when they arrive --- */

struct last_arrival {
	struct str subject;
	int64_t at_ms;
	UT_hash_handle hh;
};

struct arriving {
	struct event *event;
	size_t place;
};

static int by_arrival(const void *a, const void *b)
{
	const struct arriving *x = a, *y = b;
	if (x->event->arrived_ms != y->event->arrived_ms)
		return x->event->arrived_ms < y->event->arrived_ms ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

void samples_arrive(struct event_list *list)
{
	struct last_arrival *calls = NULL, *call, *next;
	struct arriving *arriving = mem_alloc((list->n + 1) * sizeof *arriving);
	for (size_t i = 0; i < list->n; i++) {
		struct event *event = list->events[i];
		HASH_FIND(hh, calls, event->subject.p, event->subject.n, call);
		if (!call) {
			call = mem_zalloc(sizeof *call);
			call->subject = event->subject;
			call->at_ms = event->time_ms;
			HASH_ADD_KEYPTR(hh, calls, call->subject.p, call->subject.n, call);
		}
		if (event->time_ms > call->at_ms)
			call->at_ms = event->time_ms;
		event->arrived_ms = call->at_ms;
		arriving[i] = (struct arriving){event, i};
	}
	qsort(arriving, list->n, sizeof *arriving, by_arrival);
	for (size_t i = 0; i < list->n; i++)
		list->events[i] = arriving[i].event;
	HASH_ITER(hh, calls, call, next)
	{
		HASH_DEL(calls, call);
		free(call);
	}
	free(arriving);
}
