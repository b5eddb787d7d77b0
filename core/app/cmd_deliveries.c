/* switchhook deliveries: the delivery log. */
#include "app/client.h"
#include "app/delivery_print.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/table.h"
#include "base/suggest.h"

#include <stdio.h>

struct deliveries {
	char *server, *state, *service, *campaign, *call, *since, *limit;
	int json, runs;
	struct client client;
};

/* --- the list --- */

static void add_line(struct libscols_table *table, const struct value *delivery)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	struct str status = json_text(delivery, "status"), error = json_text(delivery, "error");
	char time[32];
	table_cell(line, 0, json_text(delivery, "id"));
	table_cell(line, 1, short_time(json_text(delivery, "time"), time));
	table_cell(line, 2, json_text(delivery, "state"));
	table_cell(line, 3, json_text(delivery, "attempt_count"));
	table_cell(line, 4, status.n ? status : error);
	table_cell(line, 5, json_text(delivery, "service"));
	table_cell(line, 6, json_text(delivery, "campaign"));
	table_cell(line, 7, json_text(delivery, "call"));
}

static void print_table(const struct value *list)
{
	static const char *const names[] = {"ID",     "TIME (UTC)", "STATE",    "ATTEMPTS",
					    "RESULT", "SERVICE",    "CAMPAIGN", "CALL"};
	struct libscols_table *table = table_new(names, countof(names), 1u << 3);
	for (uint32_t i = 0; i < list->n; i++)
		add_line(table, &list->items[i]);
	scols_print_table(table);
	scols_unref_table(table);
}

/* Runs that failed are dead letters too, with the place in the script instead of a service. */
static void print_runs(const struct value *runs)
{
	char time[32];
	for (uint32_t i = 0; i < runs->n; i++) {
		const struct value *run = &runs->items[i];
		print_text(stdout, run, "id");
		fputs("  ", stdout);
		print_clean(stdout, short_time(json_text(run, "time"), time), "");
		fputs("  the rule '", stdout);
		print_text(stdout, run, "rule");
		fputs("' of ", stdout);
		print_text(stdout, run, "campaign");
		fputs(" ", stdout);
		print_text(stdout, run, "outcome");
		fputs(", call ", stdout);
		print_text(stdout, run, "call");
		fputs("\n    ", stdout);
		print_clean(stdout, json_text(run, "reason"), "    ");
		fputc('\n', stdout);
	}
}

static void print_list(const struct deliveries *deliveries, const struct value *reply)
{
	const struct value *list = json_array(reply, deliveries->runs ? "runs" : "deliveries");
	uint32_t n_runs = deliveries->runs ? 0 : json_array(reply, "runs")->n;
	if (deliveries->json) {
		for (uint32_t i = 0; i < list->n; i++)
			print_json_line(&list->items[i]);
		return;
	}
	if (!list->n)
		fputs(deliveries->runs ? "no run has failed\n" : "no deliveries\n", stderr);
	else if (deliveries->runs)
		print_runs(list);
	else
		print_table(list);
	if (json_true(reply, "more") && !deliveries->runs)
		fprintf(stderr, "these are the newest %u; --limit N shows more\n", list->n);
	if (n_runs)
		fprintf(stderr, "%u run%s failed too; --runs shows them\n", n_runs, n_runs == 1 ? "" : "s");
}

/* Nothing of this service: is there one? */
static void doubt_service(const struct deliveries *deliveries, const struct value *services)
{
	struct str *names = mem_zalloc((services->n + 1) * sizeof *names), nearest;
	bool found = false;
	for (uint32_t i = 0; i < services->n; i++) {
		names[i] = json_text(&services->items[i], "name");
		found = found || str_eq(names[i], str_of(deliveries->service));
	}
	if (!found) {
		nearest = suggest_nearest(str_of(deliveries->service), names, services->n);
		fputs("the rules have no service '", stderr);
		print_clean(stderr, str_of(deliveries->service), "");
		fputs(nearest.p ? "'; did you mean '" : "'", stderr);
		print_clean(stderr, nearest, "");
		fputs(nearest.p ? "'?\n" : "\n", stderr);
	}
	free(names);
}

/* What waits for its turn at a service that works is not on record before its first attempt: its event is. */
static void tell_waiting(const struct deliveries *deliveries, const struct value *services, uint32_t n_listed)
{
	int64_t n = 0;
	for (uint32_t i = 0; i < services->n; i++)
		if (!deliveries->service ||
		    str_eq(json_text(&services->items[i], "name"), str_of(deliveries->service)))
			n += json_number(&services->items[i], "pending");
	if (n > n_listed)
		fprintf(stderr,
			"%lld more wait%s for a first attempt, and %s on record from then on: see "
			"`switchhook services`\n",
			(long long)n - n_listed, n - n_listed == 1 ? "s" : "",
			n - n_listed == 1 ? "is" : "are");
}

/* A list that shows less than whoever asks may expect, and only then. */
static void list_more(struct deliveries *deliveries, const struct value *list)
{
	bool of_pending = deliveries->state && strcmp(deliveries->state, "pending") == 0 &&
			  !deliveries->campaign && !deliveries->call && !deliveries->since &&
			  !json_true(list, "more");
	uint32_t n_listed = json_array(list, "deliveries")->n;
	struct reply reply;
	if (deliveries->json || deliveries->runs || !(of_pending || (deliveries->service && !n_listed)))
		return;
	if (client_ask(&deliveries->client, "GET", "/v1/services", (struct str){0}, &reply))
		return;
	const struct value *services = json_array(&reply.json, "services");
	if (deliveries->service && !n_listed)
		doubt_service(deliveries, services);
	if (of_pending)
		tell_waiting(deliveries, services, n_listed);
	reply_finish(&reply);
}

static int list(struct deliveries *deliveries)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, 64 * 1024);
	buf_str(&path, STR("/v1/deliveries"));
	path_query(&path, "state", deliveries->runs ? "dead" : deliveries->state);
	path_query(&path, "service", deliveries->service);
	path_query(&path, "campaign", deliveries->campaign);
	path_query(&path, "call", deliveries->call);
	path_query(&path, "since", deliveries->since);
	path_query(&path, "limit", deliveries->limit);
	int code = client_ask(&deliveries->client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	print_list(deliveries, &reply.json);
	list_more(deliveries, &reply.json);
	reply_finish(&reply);
	return EXIT_DONE;
}

/* --- one --- */

static int show(struct deliveries *deliveries, const char *id)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, 64 * 1024);
	buf_str(&path, STR("/v1/deliveries/"));
	path_add(&path, id);
	int code = client_ask(&deliveries->client, "GET", buf_z(&path), (struct str){0}, &reply);
	buf_finish(&path);
	if (code)
		return code;
	if (deliveries->json)
		print_json_line(&reply.json);
	else
		delivery_print(stdout, &reply.json);
	code = str_eq(json_text(&reply.json, "state"), STR("dead")) ? EXIT_NO : EXIT_DONE;
	reply_finish(&reply);
	return code;
}

static int ask(const struct command *command, struct deliveries *deliveries, char **words, size_t n)
{
	bool shows = n > 0 && strcmp(words[0], "show") == 0;
	if (n > 0 && !shows)
		return options_wrong(command, "unknown word '%s'; did you mean 'deliveries show ID'?",
				     words[0]);
	if (deliveries->runs && (deliveries->state || deliveries->service))
		return options_wrong(command, "--runs goes with --campaign, --call and --since only");
	if (shows && n != 2)
		return options_wrong(command, "'show' takes one ID");
	int code = client_init(&deliveries->client, deliveries->server);
	if (code)
		return code;
	code = shows ? show(deliveries, words[1]) : list(deliveries);
	client_finish(&deliveries->client);
	return code;
}

static int run_deliveries(const struct command *command, int argc, char **argv)
{
	struct deliveries deliveries = {0};
	char **words = NULL;
	size_t n;
	const struct poptOption table[] = {
		{"state", 0, POPT_ARG_STRING, &deliveries.state, 0, "pending, delivered, dead or expired",
		 "STATE"},
		{"service", 0, POPT_ARG_STRING, &deliveries.service, 0, "only of this service", "NAME"},
		{"campaign", 0, POPT_ARG_STRING, &deliveries.campaign, 0, "only of this campaign", "NAME"},
		{"call", 0, POPT_ARG_STRING, &deliveries.call, 0, "only of this call", "UII"},
		{"since", 0, POPT_ARG_STRING, &deliveries.since, 0,
		 "only younger ones: 15m, 2h, 7d, or a time as "
		 "2025-10-14T18:00:00Z",
		 "TIME"},
		{"limit", 0, POPT_ARG_STRING, &deliveries.limit, 0,
		 "at most so many, the newest (default: 50)", "N"},
		{"runs", 0, POPT_ARG_NONE, &deliveries.runs, 0,
		 "the runs that failed instead: each with the place in the script", NULL},
		OPTION_SERVER(&deliveries.server),
		OPTION_JSON(&deliveries.json, "one delivery a line, as JSON"),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON)
		code = ask(command, &deliveries, words, n);
	words_free(words);
	free(deliveries.server);
	free(deliveries.state);
	free(deliveries.service);
	free(deliveries.campaign);
	free(deliveries.call);
	free(deliveries.since);
	free(deliveries.limit);
	return code;
}

const struct command command_deliveries = {
	.name = "deliveries",
	.summary = "the delivery log of a running engine",
	.example = "  switchhook deliveries --state dead --since 2h\n"
		   "  switchhook deliveries --runs\n"
		   "  switchhook deliveries show msg_91a022a83bdc70b5a2d9c4187e45d7f3\n",
	.about = "Lists deliveries, newest first; 'show ID' shows one whole, with its request and each "
		 "attempt.\n"
		 "--runs lists what else is dead: runs of rules that raised an error, with file and line.\n"
		 "'show' ends with 1 if the delivery is dead, or if there is none of that id.\n",
	.run = run_deliveries,
};
