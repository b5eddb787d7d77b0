/* switchhook services: how the services of a running engine are; pausing and resuming them. */
#include "app/client.h"
#include "app/options.h"
#include "app/table.h"

#include <stdio.h>

struct services {
	char *server;
	int json;
	struct client client;
};

/* --- the list --- */

/* "12.5 ms", and nothing where there is nothing to tell. */
static struct str with_unit(struct str number, const char *unit, char text[32])
{
	snprintf(text, 32, number.n ? STR_FMT "%s" : "", STR_ARG(number), unit);
	return str_of(text);
}

static void add_line(struct libscols_table *table, const struct value *service)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char text[32];
	table_cell(line, 0, json_text(service, "name"));
	table_cell(line, 1, json_text(service, "state"));
	table_cell(line, 2, json_text(service, "breaker"));
	table_cell(line, 3, json_text(service, "in_flight"));
	table_cell(line, 4, json_text(service, "pending"));
	table_cell(line, 5, short_time(json_text(service, "oldest_pending"), text));
	table_cell(line, 6, json_text(service, "rate_per_minute"));
	table_cell(line, 7, with_unit(json_text(service, "success_percent"), "%", text));
	table_cell(line, 8, with_unit(json_text(service, "p50_ms"), " ms", text));
	table_cell(line, 9, with_unit(json_text(service, "p99_ms"), " ms", text));
}

static void print_table(const struct value *list)
{
	static const char *const names[] = {"SERVICE", "STATE",   "BREAKER", "IN FLIGHT", "PENDING",
					    "OLDEST",  "PER MIN", "SUCCESS", "P50",       "P99"};
	struct libscols_table *table = table_new(names, countof(names), 0x3d8);
	for (uint32_t i = 0; i < list->n; i++)
		add_line(table, &list->items[i]);
	scols_print_table(table);
	scols_unref_table(table);
}

static int show(struct services *services)
{
	struct reply reply;
	int code = client_ask(&services->client, "GET", "/v1/services", (struct str){0}, &reply);
	if (code)
		return code;
	const struct value *list = json_array(&reply.json, "services");
	if (services->json)
		for (uint32_t i = 0; i < list->n; i++)
			print_json_line(&list->items[i]);
	else if (list->n)
		print_table(list);
	else
		puts("the rules declare no service");
	reply_finish(&reply);
	return EXIT_DONE;
}

/* --- pause, resume --- */

static int set_one(struct services *services, const char *name, const char *verb)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, 64 * 1024);
	buf_str(&path, STR("/v1/services/"));
	path_add(&path, name);
	buf_printf(&path, "/%s", verb);
	int code = client_ask(&services->client, "POST", buf_z(&path), STR("{}"), &reply);
	buf_finish(&path);
	if (code)
		return code;
	if (services->json)
		print_json_line(&reply.json);
	else
		printf("%s is %s\n", name, verb[0] == 'p' ? "paused" : "resumed");
	reply_finish(&reply);
	return EXIT_DONE;
}

/* One that fails does not stop the others; an engine that is gone does. */
static int set_all(struct services *services, char **words, size_t n)
{
	int worst = EXIT_DONE;
	for (size_t i = 1; i < n; i++) {
		int code = set_one(services, words[i], words[0]);
		if (code == EXIT_UNREACHABLE)
			return code;
		worst = code ? code : worst;
	}
	return worst;
}

static int check_words(const struct command *command, char **words, size_t n)
{
	if (n == 0)
		return OPTIONS_GO_ON;
	if (strcmp(words[0], "pause") != 0 && strcmp(words[0], "resume") != 0)
		return options_wrong(command, "'%s' is neither pause nor resume", words[0]);
	if (n == 1)
		return options_wrong(command, "%s needs the name of a service", words[0]);
	return OPTIONS_GO_ON;
}

static int ask(struct services *services, char **words, size_t n)
{
	int code = client_init(&services->client, services->server);
	if (code)
		return code;
	code = n ? set_all(services, words, n) : show(services);
	client_finish(&services->client);
	return code;
}

static int run_services(const struct command *command, int argc, char **argv)
{
	struct services services = {0};
	char **words = NULL;
	size_t n = 0;
	const struct poptOption table[] = {
		OPTION_SERVER(&services.server),
		OPTION_JSON(&services.json, "one JSON object a line"),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON)
		code = check_words(command, words, n);
	if (code == OPTIONS_GO_ON)
		code = ask(&services, words, n);
	words_free(words);
	free(services.server);
	return code;
}

const struct command command_services = {
	.name = "services",
	.summary = "how the services of a running engine are; pause, resume",
	.example = "  switchhook services\n"
		   "  switchhook services pause crm.orders\n"
		   "  switchhook services resume crm.orders\n",
	.about = "Without more: each service with its state, its breaker, what waits for it, and how its "
		 "last\n"
		 "attempts went. A paused service's deliveries wait on disk until it is resumed, also when\n"
		 "the engine is started anew.\n"
		 "Ends with 1 if there is no such service, with 4 if no engine answers.\n",
	.run = run_services,
};
