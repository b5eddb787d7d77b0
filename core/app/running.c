#include "app/running.h"

#include "app/client.h"
#include "app/problems_print.h"
#include "script/script.h"
#include "simulate/samples.h"

enum { RULES_MAX = 1 << 30, EVENTS_TOGETHER_MAX = 1000000, PATH_MAX_BYTES = 64 * 1024 };

/* --- the rules --- */

static int take_file(struct client *client, const char *name, struct arena *arena, struct source_file *file)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, PATH_MAX_BYTES);
	buf_str(&path, STR("/v1/rules/files"));
	path_query(&path, "path", name);
	int code = client_ask(client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	*file = (struct source_file){arena_copy(arena, str_of(name)),
				     arena_copy(arena, json_text(&reply.json, "text"))};
	reply_finish(&reply);
	return EXIT_DONE;
}

/* A reload between two of these would give files of two generations; the number says so. */
static int take_files(struct client *client, struct arena *arena, struct source_file **ret, size_t *ret_n,
		      int64_t *ret_generation)
{
	struct reply reply;
	int code = client_ask(client, "GET", "/v1/rules/files", (struct str){0}, &reply);
	if (code)
		return code;
	const struct value *files = json_array(&reply.json, "files");
	*ret_generation = json_number(&reply.json, "generation");
	*ret = mem_zalloc((files->n + 1) * sizeof **ret);
	*ret_n = files->n;
	for (uint32_t i = 0; code == EXIT_DONE && i < files->n; i++) {
		struct str path = json_text(&files->items[i], "path");
		char *name = mem_strndup(path.p, path.n);
		code = take_file(client, name, arena, &(*ret)[i]);
		free(name);
	}
	reply_finish(&reply);
	return code;
}

int running_rules(const char *server, const struct limits *limits, struct ruleset **ret)
{
	struct client client;
	struct source_file *files = NULL;
	struct arena arena;
	size_t n = 0;
	int64_t generation = 0;
	int code = client_init(&client, server);
	if (code)
		return code;
	arena_init(&arena, RULES_MAX);
	code = take_files(&client, &arena, &files, &n, &generation);
	if (code == EXIT_DONE)
		*ret = script_load(files, n, (uint32_t)generation, limits);
	free(files);
	arena_finish(&arena);
	client_finish(&client);
	return code;
}

/* --- the events --- */

static int take_page(struct client *client, const char *since, char after[32], struct event_list *list)
{
	struct reply reply;
	struct error error;
	struct buf path;
	buf_init(&path, PATH_MAX_BYTES);
	buf_str(&path, STR("/v1/events"));
	path_query(&path, "since", since ? since : "1d");
	path_query(&path, "after", *after ? after : NULL);
	int code = client_ask(client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	struct str next = answer_header(reply.answer, STR("x-next-after"));
	after[0] = 0;
	if (next.n && next.n < 32) {
		memcpy(after, next.p, next.n);
		after[next.n] = 0;
	}
	if (samples_parse(reply.answer->body, "the engine's events", list, &error)) {
		problem_print(stderr, problems_form_for(stderr), false, &error);
		code = EXIT_NO;
	}
	reply_finish(&reply);
	return code;
}

int running_events(const char *server, const char *since, struct event_list *list)
{
	struct client client;
	char after[32] = "";
	int code = client_init(&client, server);
	if (code)
		return code;
	do {
		code = take_page(&client, since, after, list);
	} while (code == EXIT_DONE && *after && list->n < EVENTS_TOGETHER_MAX);
	client_finish(&client);
	return code;
}
