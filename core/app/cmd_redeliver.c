/* switchhook redeliver: sends deliveries again. */
#include "app/client.h"
#include "app/delivery_print.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "format/json.h"

struct redeliver {
	char *server, *state, *service, *campaign, *rule, *call, *since;
	int missing, dry_run, rerender, json;
	struct client client;
};

static int redeliver_one(struct redeliver *redeliver, const char *id)
{
	struct reply reply;
	struct buf path;
	struct str body = redeliver->rerender ? STR("{\"rerender\":true}") : STR("{}");
	buf_init(&path, 64 * 1024);
	buf_str(&path, STR("/v1/deliveries/"));
	path_add(&path, id);
	buf_str(&path, STR("/redeliver"));
	int code = client_ask(&redeliver->client, "POST", buf_z(&path), body, &reply);
	buf_finish(&path);
	if (code)
		return code;
	if (redeliver->json)
		print_json_line(&reply.json);
	else
		printf(strncmp(id, "run_", 4) == 0 ? "%s is run again\n" : "%s is sent again\n", id);
	reply_finish(&reply);
	return EXIT_DONE;
}

/* One that fails does not stop the others; an engine that is gone does. */
static int redeliver_ids(struct redeliver *redeliver, char **ids, size_t n)
{
	int worst = EXIT_DONE;
	for (size_t i = 0; i < n; i++) {
		redeliver->client.about = ids[i];
		int code = redeliver_one(redeliver, ids[i]);
		if (code == EXIT_UNREACHABLE)
			return code;
		worst = code ? code : worst;
	}
	return worst;
}

static void add_member(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "%s\"%s\":", out->n > 1 ? "," : "", name);
	json_write_string(out, str_of(value));
}

/* `after`: where the answer before this one ended; 0: at the beginning. */
static void write_filter(const struct redeliver *redeliver, int64_t after, struct buf *out)
{
	char number[32];
	snprintf(number, sizeof number, "%lld", (long long)after);
	buf_char(out, '{');
	add_member(out, "missing", redeliver->missing ? "true" : NULL);
	add_member(out, "after", after ? number : NULL);
	add_member(out, "state", redeliver->state);
	add_member(out, "service", redeliver->service);
	add_member(out, "campaign", redeliver->campaign);
	add_member(out, "rule", redeliver->rule);
	add_member(out, "call", redeliver->call);
	add_member(out, "since", redeliver->since);
	add_member(out, "dry_run", redeliver->dry_run ? "true" : NULL);
	add_member(out, "rerender", redeliver->rerender ? "true" : NULL);
	buf_char(out, '}');
}

static void print_refused(const struct value *refused, const char *what)
{
	for (uint32_t i = 0; i < refused->n; i++) {
		print_text(stderr, &refused->items[i], "id");
		fprintf(stderr, " is not %s: ", what);
		print_text(stderr, &refused->items[i], "reason");
		fputc('\n', stderr);
	}
}

static int print_outcome(const struct redeliver *redeliver, const struct value *reply)
{
	const struct value *refused = json_array(reply, "refused"), *ids = json_array(reply, "ids");
	struct str id;
	long long n = json_number(reply, "count");
	if (redeliver->json) {
		print_json_line(reply);
		return refused->n ? EXIT_NO : EXIT_DONE;
	}
	for (uint32_t i = 0; redeliver->dry_run && i < ids->n; i++)
		if (value_text(&ids->items[i], &id))
			printf(STR_FMT "\n", STR_ARG(id));
	print_refused(refused, "sent again");
	printf("%lld deliver%s %s sent again\n", n, n == 1 ? "y" : "ies",
	       redeliver->dry_run ? "would be"
	       : n == 1           ? "is"
				  : "are");
	if (json_true(reply, "more"))
		fputs("there are more: ask again\n", stderr);
	return refused->n ? EXIT_NO : EXIT_DONE;
}

static int ask_filtered(struct redeliver *redeliver, int64_t after, struct reply *ret)
{
	struct buf body;
	buf_init(&body, 64 * 1024);
	write_filter(redeliver, after, &body);
	int code = client_ask(&redeliver->client, "POST", "/v1/redeliver", buf_view(&body), ret);
	buf_finish(&body);
	return code;
}

static int redeliver_filtered(struct redeliver *redeliver)
{
	struct reply reply;
	int code = ask_filtered(redeliver, 0, &reply);
	if (code)
		return code;
	code = print_outcome(redeliver, &reply.json);
	reply_finish(&reply);
	return code;
}

/* --- what is missing --- */

struct missing_sum {
	int64_t runs, refused, looked_at, unsettled;
};

/* A line for each run, which only `--dry-run` shows: there can be many. */
static void print_missing_run(const struct value *run)
{
	char time[32];
	print_text(stdout, run, "id");
	printf("  " STR_FMT "  ", STR_ARG(short_time(json_text(run, "time"), time)));
	print_text(stdout, run, "campaign");
	fputs(": ", stdout);
	print_text(stdout, run, "rule");
	fputs("  (", stdout);
	print_text(stdout, run, "type");
	fputs(", call ", stdout);
	print_text(stdout, run, "call");
	fputs(")\n", stdout);
}

static void add_page(struct missing_sum *sum, const struct redeliver *redeliver, const struct value *reply)
{
	const struct value *runs = json_array(reply, "missing"), *refused = json_array(reply, "refused");
	for (uint32_t i = 0; redeliver->dry_run && !redeliver->json && i < runs->n; i++)
		print_missing_run(&runs->items[i]);
	if (redeliver->json)
		print_json_line(reply);
	else
		print_refused(refused, "made");
	sum->runs += json_number(reply, "count");
	sum->refused += refused->n;
	sum->looked_at += json_number(reply, "looked_at");
	sum->unsettled += json_number(reply, "unsettled");
}

static void print_missing(const struct missing_sum *sum, bool dry_run)
{
	printf("%lld run%s that %s missing %s made, of %lld event%s\n", (long long)sum->runs,
	       sum->runs == 1 ? "" : "s", sum->runs == 1 ? "was" : "were",
	       dry_run          ? "would be"
	       : sum->runs == 1 ? "is"
				: "are",
	       (long long)sum->looked_at, sum->looked_at == 1 ? "" : "s");
	if (sum->unsettled)
		fprintf(stderr, "%lld event%s not settled yet and left out: ask again later\n",
			(long long)sum->unsettled, sum->unsettled == 1 ? " is" : "s are");
}

/* Page by page: the engine looks at so many events at once. */
static int redeliver_missing(struct redeliver *redeliver)
{
	struct missing_sum sum = {0};
	int64_t after = 0;
	do {
		struct reply reply;
		int code = ask_filtered(redeliver, after, &reply);
		if (code)
			return code;
		add_page(&sum, redeliver, &reply.json);
		after = json_number(&reply.json, "next_after");
		reply_finish(&reply);
	} while (after);
	if (!redeliver->json)
		print_missing(&sum, redeliver->dry_run);
	return sum.refused ? EXIT_NO : EXIT_DONE;
}

/* --- the command --- */

static int check_usage(const struct command *command, const struct redeliver *redeliver, size_t n)
{
	bool filtered = redeliver->service || redeliver->campaign || redeliver->call || redeliver->since ||
			redeliver->rule || redeliver->dry_run;
	if (n && (filtered || redeliver->state || redeliver->missing))
		return options_wrong(command, "give IDs, or a filter with --state or --missing, not both");
	if (redeliver->missing && (redeliver->state || redeliver->service || redeliver->rerender))
		return options_wrong(command,
				     "--missing goes with --since, --campaign, --rule and --call only");
	if (redeliver->missing && !redeliver->since)
		return options_wrong(command,
				     "--missing needs --since: from when on events may lack something");
	if (redeliver->rule && !redeliver->missing)
		return options_wrong(command, "--rule goes with --missing only");
	if (!n && !redeliver->state && !redeliver->missing)
		return options_wrong(command, filtered ? "a filter needs --state dead or --missing"
						       : "name deliveries, or use --state dead or --missing");
	return 0;
}

static int ask(const struct command *command, struct redeliver *redeliver, char **ids, size_t n)
{
	int code = check_usage(command, redeliver, n);
	if (!code)
		code = client_init(&redeliver->client, redeliver->server);
	if (code)
		return code;
	if (n)
		code = redeliver_ids(redeliver, ids, n);
	else
		code = redeliver->missing ? redeliver_missing(redeliver) : redeliver_filtered(redeliver);
	client_finish(&redeliver->client);
	return code;
}

static int run_redeliver(const struct command *command, int argc, char **argv)
{
	struct redeliver redeliver = {0};
	char **words = NULL;
	size_t n;
	const struct poptOption table[] = {
		{"state", 0, POPT_ARG_STRING, &redeliver.state, 0,
		 "all in this state: dead, expired or delivered", "STATE"},
		{"missing", 0, POPT_ARG_NONE, &redeliver.missing, 0,
		 "what today's rules would make of recorded events, and nothing is on record of", NULL},
		{"service", 0, POPT_ARG_STRING, &redeliver.service, 0, "only of this service", "NAME"},
		{"campaign", 0, POPT_ARG_STRING, &redeliver.campaign, 0, "only of this campaign", "NAME"},
		{"rule", 0, POPT_ARG_STRING, &redeliver.rule, 0, "only of this rule; with --missing", "NAME"},
		{"call", 0, POPT_ARG_STRING, &redeliver.call, 0, "only of this call", "UII"},
		{"since", 0, POPT_ARG_STRING, &redeliver.since, 0,
		 "only younger ones: 15m, 2h, 7d, or a time as "
		 "2025-10-14T18:00:00Z",
		 "TIME"},
		{"dry-run", 0, POPT_ARG_NONE, &redeliver.dry_run, 0, "only show which", NULL},
		{"rerender", 0, POPT_ARG_NONE, &redeliver.rerender, 0,
		 "build the request anew with today's rules", NULL},
		OPTION_SERVER(&redeliver.server),
		OPTION_JSON(&redeliver.json, "the outcome as JSON"),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON)
		code = ask(command, &redeliver, words, n);
	words_free(words);
	free(redeliver.server);
	free(redeliver.state);
	free(redeliver.service);
	free(redeliver.campaign);
	free(redeliver.rule);
	free(redeliver.call);
	free(redeliver.since);
	return code;
}

const struct command command_redeliver = {
	.name = "redeliver",
	.summary = "send deliveries again, one or all that are dead",
	.example = "  switchhook redeliver msg_91a022a83bdc70b5a2d9c4187e45d7f3\n"
		   "  switchhook redeliver run_412_9b1e44d0 --rerender\n"
		   "  switchhook redeliver --state dead --service 'CRM orders' --since 2h --dry-run\n"
		   "  switchhook redeliver --missing --since 2h --dry-run\n",
	.about =
		"Sends again what is settled, at once: the same bytes under the same webhook-id, so that a\n"
		"service that has it already can tell. With --rerender the request of a rule's 'fire' is "
		"built\n"
		"anew with today's rules, still under the same webhook-id.\n"
		"A run that failed (run_…) is run again from its top: what it has sent stays sent, a call "
		"that was\n"
		"dead is made again. With --rerender it runs with today's rules. --state dead without "
		"--service\n"
		"takes the runs along.\n"
		"--missing takes the events since a time for which the rules as they are now would run and "
		"have\n"
		"neither a run nor a delivery on record: the rule was not there, its campaign was broken, or "
		"its\n"
		"service was not active. A rule that was renamed counts as new. Doing it twice sends nothing "
		"twice.\n"
		"Ends with 1 if any was refused.\n",
	.run = run_redeliver,
};
