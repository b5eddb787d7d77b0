/* switchhook events export: recorded events, for simulate and diff. */
#include "app/client.h"
#include "app/options.h"

#include <stdio.h>

struct events {
	char *server, *since, *campaign;
	struct client client;
};

static int export_page(struct events *events, const char *after, char *ret_next, size_t size)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, 64 * 1024);
	buf_str(&path, STR("/v1/events"));
	path_query(&path, "since", events->since);
	path_query(&path, "campaign", events->campaign);
	path_query(&path, "after", *after ? after : NULL);
	int code = client_ask(&events->client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	struct str body = reply.answer->body, next = answer_header(reply.answer, STR("x-next-after"));
	bool written = fwrite(body.p, 1, body.n, stdout) == body.n;
	snprintf(ret_next, size, STR_FMT, STR_ARG(next));
	reply_finish(&reply);
	if (!written)
		fputs("switchhook events: the output cannot be written\n", stderr);
	return written ? EXIT_DONE : EXIT_NO;
}

static int export_all(struct events *events)
{
	char after[32] = "", next[32];
	int code;
	do {
		code = export_page(events, after, next, sizeof next);
		memcpy(after, next, sizeof after);
	} while (code == EXIT_DONE && *after);
	return code;
}

static int run_events(const struct command *command, int argc, char **argv)
{
	struct events events = {0};
	char **words = NULL;
	size_t n;
	const struct poptOption table[] = {
		{"since", 0, POPT_ARG_STRING, &events.since, 0,
		 "only younger ones: 15m, 2h, 7d, or a time as "
		 "2025-10-14T18:00:00Z",
		 "TIME"},
		{"campaign", 0, POPT_ARG_STRING, &events.campaign, 0, "only those that this campaign served",
		 "NAME"},
		OPTION_SERVER(&events.server),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON && (n != 1 || strcmp(words[0], "export") != 0))
		code = options_wrong(command, "the one thing it does is 'events export'");
	else if (code == OPTIONS_GO_ON && (code = client_init(&events.client, events.server)) == 0) {
		code = export_all(&events);
		client_finish(&events.client);
	}
	words_free(words);
	free(events.server);
	free(events.since);
	free(events.campaign);
	return code;
}

const struct command command_events = {
	.name = "events",
	.summary = "export recorded events, one JSON object a line",
	.example = "  switchhook events export --since 7d --campaign support > support.ndjson\n",
	.about = "Writes the events that the journal holds to stdout, in the order in which they came, as "
		 "one\n"
		 "CloudEvents object a line: what `simulate` and `diff` read, and `run --events` too.\n",
	.run = run_events,
};
