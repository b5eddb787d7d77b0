/* switchhook status: how a running engine is. */
#include "app/client.h"
#include "app/delivery_print.h"
#include "app/options.h"
#include "app/reload_print.h"

static void print_journal(const struct value *journal)
{
	char time[32];
	printf("journal      %s; %lld events, %.1f MiB, last commit in %.1f ms\n",
	       json_true(journal, "failing") ? "FAILING: it takes no events" : "writes",
	       (long long)json_number(journal, "events"), (double)json_number(journal, "bytes") / (1 << 20),
	       (double)json_number(journal, "last_commit_us") / 1000);
	printf("deliveries   %lld wait for a retry, %lld dead\n",
	       (long long)json_number(journal, "pending_deliveries"),
	       (long long)json_number(journal, "dead_deliveries"));
	struct str oldest = json_text(journal, "oldest_pending_time");
	if (oldest.n)
		printf("             the oldest since " STR_FMT "\n", STR_ARG(short_time(oldest, time)));
}

static void print_status(const struct value *status)
{
	const struct value *totals = value_get(status, STR("totals")),
			   *journal = value_get(status, STR("journal"));
	char time[32];
	printf("switchhook   " STR_FMT ", since " STR_FMT " UTC\n", STR_ARG(json_text(status, "version")),
	       STR_ARG(short_time(json_text(status, "started"), time)));
	printf("rules        generation %lld: %lld campaigns, %lld services, %lld errors, %lld warnings\n",
	       (long long)json_number(status, "generation"), (long long)json_number(status, "campaigns"),
	       (long long)json_number(status, "services"), (long long)json_number(status, "rule_errors"),
	       (long long)json_number(status, "rule_warnings"));
	const struct value *rules = value_get(status, STR("rules"));
	if (rules && rules->kind == VALUE_OBJECT)
		printf("             since " STR_FMT " UTC, by " STR_FMT "%s\n",
		       STR_ARG(short_time(json_text(rules, "serving_since"), time)),
		       STR_ARG(json_text(rules, "cause")),
		       json_true(rules, "watching") ? "; the folder is watched" : "");
	kept_print(status, "             ");
	printf("durability   " STR_FMT "\n", STR_ARG(json_text(status, "durability")));
	printf("pending      %lld\n", (long long)json_number(status, "pending"));
	printf("since then   %lld events, %lld runs (%lld failed), %lld attempts, %lld delivered, %lld "
	       "dead, %lld expired\n",
	       (long long)json_number(totals, "events"), (long long)json_number(totals, "runs"),
	       (long long)json_number(totals, "runs_failed"), (long long)json_number(totals, "attempts"),
	       (long long)json_number(totals, "delivered"), (long long)json_number(totals, "dead"),
	       (long long)json_number(totals, "expired"));
	if (journal && journal->kind == VALUE_OBJECT)
		print_journal(journal);
}

static int show_status(const struct value *status, bool json)
{
	if (json)
		print_json_line(status);
	else
		print_status(status);
	return 0;
}

static int run_status(const struct command *command, int argc, char **argv)
{
	char *server = NULL;
	int json = 0;
	const struct poptOption table[] = {
		OPTION_SERVER(&server),
		OPTION_JSON(&json, "as one JSON object"),
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = client_show(server, "GET", "/v1/status", show_status, json);
	free(server);
	return code;
}

const struct command command_status = {
	.name = "status",
	.summary = "how a running engine is",
	.example = "  switchhook status\n",
	.about = "What is loaded, what is pending, what was done since it started, and how the journal is.\n"
		 "Ends with 4 if no engine answers.\n",
	.run = run_status,
};
