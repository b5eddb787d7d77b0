/* switchhook redeliver: sends deliveries again. */
#include "app/client.h"
#include "app/delivery_print.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "format/json.h"

struct redeliver {
	char *server, *state, *service, *campaign, *call, *since;
	int dry_run, rerender, json;
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

static void write_filter(const struct redeliver *redeliver, struct buf *out)
{
	buf_char(out, '{');
	add_member(out, "state", redeliver->state);
	add_member(out, "service", redeliver->service);
	add_member(out, "campaign", redeliver->campaign);
	add_member(out, "call", redeliver->call);
	add_member(out, "since", redeliver->since);
	add_member(out, "dry_run", redeliver->dry_run ? "true" : NULL);
	add_member(out, "rerender", redeliver->rerender ? "true" : NULL);
	buf_char(out, '}');
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
	for (uint32_t i = 0; i < refused->n; i++) {
		print_text(stderr, &refused->items[i], "id");
		fputs(" is not sent again: ", stderr);
		print_text(stderr, &refused->items[i], "reason");
		fputc('\n', stderr);
	}
	printf("%lld deliver%s %s sent again\n", n, n == 1 ? "y" : "ies",
	       redeliver->dry_run ? "would be"
	       : n == 1           ? "is"
				  : "are");
	if (json_true(reply, "more"))
		fputs("there are more: ask again\n", stderr);
	return refused->n ? EXIT_NO : EXIT_DONE;
}

static int redeliver_filtered(struct redeliver *redeliver)
{
	struct reply reply;
	struct buf body;
	buf_init(&body, 64 * 1024);
	write_filter(redeliver, &body);
	int code = client_ask(&redeliver->client, "POST", "/v1/redeliver", buf_view(&body), &reply);
	buf_finish(&body);
	if (code)
		return code;
	code = print_outcome(redeliver, &reply.json);
	reply_finish(&reply);
	return code;
}

static int ask(const struct command *command, struct redeliver *redeliver, char **ids, size_t n)
{
	bool filtered = redeliver->service || redeliver->campaign || redeliver->call || redeliver->since ||
			redeliver->dry_run;
	if (n && (filtered || redeliver->state))
		return options_wrong(command, "give IDs, or a filter with --state, not both");
	if (!n && !redeliver->state)
		return options_wrong(command, filtered ? "a filter needs --state dead"
						       : "name deliveries, or use --state dead");
	int code = client_init(&redeliver->client, redeliver->server);
	if (code)
		return code;
	code = n ? redeliver_ids(redeliver, ids, n) : redeliver_filtered(redeliver);
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
		{"service", 0, POPT_ARG_STRING, &redeliver.service, 0, "only of this service", "NAME"},
		{"campaign", 0, POPT_ARG_STRING, &redeliver.campaign, 0, "only of this campaign", "NAME"},
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
	free(redeliver.call);
	free(redeliver.since);
	return code;
}

const struct command command_redeliver = {
	.name = "redeliver",
	.summary = "send deliveries again, one or all that are dead",
	.example = "  switchhook redeliver msg_91a022a83bdc70b5a2d9c4187e45d7f3\n"
		   "  switchhook redeliver run_412_9b1e44d0 --rerender\n"
		   "  switchhook redeliver --state dead --service 'CRM orders' --since 2h --dry-run\n",
	.about = "Sends again what is settled, at once: the same bytes under the same webhook-id, so that a\n"
		 "service that has it already can tell. With --rerender the request of a rule's 'fire' is "
		 "built\n"
		 "anew with today's rules, still under the same webhook-id.\n"
		 "A run that failed (run_…) is run again from its top: what it has sent stays sent, a call "
		 "that was\n"
		 "dead is made again. With --rerender it runs with today's rules. --state dead without "
		 "--service\n"
		 "takes the runs along.\n"
		 "Ends with 1 if any was refused.\n",
	.run = run_redeliver,
};
