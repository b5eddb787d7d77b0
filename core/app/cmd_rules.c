/* switchhook rules: which rules served when, what was in them, back to them, and what of them events reach.
 */
#include "app/client.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/reload_print.h"

#include <stdio.h>

struct rules_command {
	char *server, *limit, *since;
	int json;
	char **words;
	size_t n_words;
};

/* --- history --- */

static void print_count(const struct value *summary, const char *key, const char *word, bool *first)
{
	char name[32];
	snprintf(name, sizeof name, "n_%s", key);
	int64_t n = json_number(summary, name);
	const struct value *names = json_array(summary, key);
	struct str one;
	if (!n)
		return;
	printf("%s%lld %s", *first ? "" : ", ", (long long)n, word);
	*first = false;
	if (n == 1 && names->n == 1 && value_text(&names->items[0], &one)) {
		printf(" (");
		print_clean(stdout, one, "");
		putchar(')');
	}
}

static void print_entry(const struct value *entry, bool serving)
{
	const struct value *summary = value_get(entry, STR("summary"));
	char time[32];
	bool first = true;
	printf("%c %6lld  " STR_FMT "  %-8.*s  ", serving ? '*' : ' ',
	       (long long)json_number(entry, "generation"),
	       STR_ARG(short_time(json_text(entry, "time"), time)), STR_ARG(json_text(entry, "cause")));
	if (summary && summary->kind == VALUE_OBJECT) {
		print_count(summary, "added", "added", &first);
		print_count(summary, "changed", "changed", &first);
		print_count(summary, "removed", "removed", &first);
		print_count(summary, "kept", "kept for errors", &first);
	}
	puts(first ? "no campaign changed" : "");
}

static void print_history(const struct value *answer)
{
	const struct value *history = json_array(answer, "history");
	puts("  number  since (UTC)          by        campaigns");
	for (uint32_t i = 0; i < history->n; i++)
		print_entry(&history->items[i], i == 0);
}

static int on_history(const struct rules_command *rules, struct client *client)
{
	struct buf path;
	struct reply reply;
	buf_init(&path, 4096);
	buf_str(&path, STR("/v1/rules/history"));
	path_query(&path, "limit", rules->limit);
	int code = client_ask(client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	if (rules->json) {
		const struct value *history = json_array(&reply.json, "history");
		for (uint32_t i = 0; i < history->n; i++)
			print_json_line(&history->items[i]);
	} else {
		print_history(&reply.json);
	}
	reply_finish(&reply);
	return EXIT_DONE;
}

/* --- rollback --- */

static int on_rollback(const struct rules_command *rules, struct client *client)
{
	struct buf path;
	struct reply reply;
	buf_init(&path, 4096);
	buf_str(&path, STR("/v1/rules/rollback/"));
	path_add(&path, rules->words[1]);
	int code = client_ask(client, "POST", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	code = reload_print(&reply.json, rules->json);
	if (!rules->json)
		puts("it serves until the rules folder changes or is reloaded");
	reply_finish(&reply);
	return code;
}

/* --- show --- */

static void print_files(const struct value *files)
{
	for (uint32_t i = 0; i < files->n; i++) {
		struct str campaign = json_text(&files->items[i], "last_good_of");
		print_clean(stdout, json_text(&files->items[i], "path"), "");
		if (campaign.n) {
			printf("  (last good version, of ");
			print_clean(stdout, campaign, "");
			putchar(')');
		}
		putchar('\n');
	}
}

static int print_file(const struct value *files, const char *path)
{
	for (uint32_t i = 0; i < files->n; i++) {
		struct str text = json_text(&files->items[i], "text");
		if (!str_eq(json_text(&files->items[i], "path"), str_of(path)) ||
		    json_text(&files->items[i], "last_good_of").n)
			continue;
		fwrite(text.p, 1, text.n, stdout);
		return EXIT_DONE;
	}
	struct error error;
	error_set(&error, "the generation has no file '%s'", path);
	problem_print(stderr, problems_form_for(stderr), false, &error);
	return EXIT_NO;
}

static int on_show(const struct rules_command *rules, struct client *client)
{
	struct buf path;
	struct reply reply;
	buf_init(&path, 4096);
	buf_str(&path, STR("/v1/rules/generations/"));
	path_add(&path, rules->words[1]);
	int code = client_ask(client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	const struct value *files = json_array(&reply.json, "files");
	if (rules->json)
		print_json_line(&reply.json);
	else if (rules->n_words > 2)
		code = print_file(files, rules->words[2]);
	else
		print_files(files);
	reply_finish(&reply);
	return code;
}

/* --- coverage --- */

/* "7, 10-12": lines with nothing to run do not part those around them. */
static void print_unreached(const struct value *hits)
{
	long long from = 0, to = 0;
	bool first = true;
	for (uint32_t i = 0; i <= hits->n; i++) {
		double line = 0, n = 1;
		if (i < hits->n && hits->items[i].n == 2) {
			value_number(&hits->items[i].items[0], &line);
			value_number(&hits->items[i].items[1], &n);
		}
		if (n == 0) {
			to = (long long)line;
			from = from ? from : to;
		} else if (from) {
			printf("%s%lld", first ? "  never reached: " : ", ", from);
			if (to > from)
				printf("-%lld", to);
			first = false;
			from = 0;
		}
	}
	putchar('\n');
}

static void print_idle_rules(const struct value *rules)
{
	for (uint32_t i = 0; i < rules->n; i++) {
		if (json_number(&rules->items[i], "ran"))
			continue;
		printf("  no event made it run: ");
		print_clean(stdout, json_text(&rules->items[i], "rule"), "");
		printf("  (line %lld; looked at %lld)\n", (long long)json_number(&rules->items[i], "line"),
		       (long long)json_number(&rules->items[i], "events"));
	}
}

static void print_coverage(const struct rules_command *rules, const struct value *answer)
{
	const struct value *coverage = value_get(answer, STR("coverage")),
			   *files = json_array(coverage, "files");
	long long made_up = json_number(answer, "answers_made_up");
	printf("generation %lld, %s%lld events of the last %s; %lld calls were answered as they were then",
	       (long long)json_number(answer, "generation"),
	       json_true(answer, "newest_only") ? "the newest " : "",
	       (long long)json_number(answer, "events"), rules->since ? rules->since : "7 days",
	       (long long)json_number(answer, "answers_recorded"));
	if (made_up)
		printf(", %lld with nothing", made_up);
	puts(json_true(answer, "cut_short") ? "; cut short" : "");
	for (uint32_t i = 0; i < files->n; i++) {
		const struct value *lines = value_get(&files->items[i], STR("lines"));
		print_clean(stdout, json_text(&files->items[i], "file"), "");
		printf("  %lld of %lld lines", (long long)json_number(lines, "hit"),
		       (long long)json_number(lines, "total"));
		print_unreached(json_array(&files->items[i], "hits"));
		print_idle_rules(json_array(&files->items[i], "rule_list"));
	}
}

static int on_coverage(const struct rules_command *rules, struct client *client)
{
	struct buf path;
	struct reply reply;
	buf_init(&path, 4096);
	buf_str(&path, STR("/v1/rules/coverage"));
	path_query(&path, "path", rules->n_words > 1 ? rules->words[1] : NULL);
	path_query(&path, "since", rules->since);
	path_query(&path, "limit", rules->limit);
	int code = client_ask(client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	if (rules->json)
		print_json_line(&reply.json);
	else
		print_coverage(rules, &reply.json);
	reply_finish(&reply);
	return EXIT_DONE;
}

/* --- the command --- */

struct verb {
	const char *name;
	size_t min, max; /* words, itself among them */
	int (*run)(const struct rules_command *rules, struct client *client);
};

static const struct verb verbs[] = {{"history", 1, 1, on_history},
				    {"rollback", 2, 2, on_rollback},
				    {"show", 2, 3, on_show},
				    {"coverage", 1, 2, on_coverage}};

static const struct verb *find_verb(const struct rules_command *rules)
{
	for (size_t i = 0; i < countof(verbs) && rules->n_words; i++)
		if (strcmp(verbs[i].name, rules->words[0]) == 0)
			return &verbs[i];
	return NULL;
}

static int ask(const struct command *command, const struct rules_command *rules)
{
	const struct verb *verb = find_verb(rules);
	struct client client;
	if (!verb || rules->n_words < verb->min || rules->n_words > verb->max)
		return options_wrong(command, "write: rules history, rules rollback N, rules show N [FILE], "
					      "or rules coverage [FILE]");
	int code = client_init(&client, rules->server);
	if (code)
		return code;
	code = verb->run(rules, &client);
	client_finish(&client);
	return code;
}

static int run_rules(const struct command *command, int argc, char **argv)
{
	struct rules_command rules = {0};
	const struct poptOption table[] = {
		OPTION_SERVER(&rules.server),
		{"limit", 0, POPT_ARG_STRING, &rules.limit, 0,
		 "how many of the history (default: 50), or of the newest events (default: 2000)", "N"},
		{"since", 0, POPT_ARG_STRING, &rules.since, 0,
		 "coverage of younger events only: 24h, 30d, or a time as 2025-10-14T18:00:00Z (default: 7d)",
		 "TIME"},
		OPTION_JSON(&rules.json, "as JSON"),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &rules.words, &rules.n_words);
	if (code == OPTIONS_GO_ON)
		code = ask(command, &rules);
	words_free(rules.words);
	free(rules.server);
	free(rules.limit);
	free(rules.since);
	return code;
}

const struct command command_rules = {
	.name = "rules",
	.summary = "which rules served when; back to earlier ones",
	.example = "  switchhook rules history\n"
		   "  switchhook rules rollback 7\n"
		   "  switchhook rules show 7 autumn_renewals.lua\n"
		   "  switchhook rules coverage --since 24h\n",
	.about = "history: each generation that served, newest first; * serves now.\n"
		 "rollback N: generation N serves again from the next event on, until the rules folder "
		 "changes or is\n"
		 "reloaded. It holds across a restart. The folder is not touched.\n"
		 "show N [FILE]: the files of generation N, or the text of one.\n"
		 "coverage [FILE]: lines that no recorded event reaches. The events are played through the "
		 "rules "
		 "that serve,\n"
		 "calls get the answers of then, and nothing is sent.\n"
		 "Ends with 0; 1 if there is no such generation, or what serves now has errors; 4 if no "
		 "engine answers.\n",
	.run = run_rules,
};
