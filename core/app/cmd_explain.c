/* switchhook explain: what happened with a call, and why. */
#include "app/client.h"
#include "app/delivery_print.h"
#include "app/options.h"
#include "app/problems_print.h"

struct explain {
	char *server;
	int json;
	bool colour;
	struct client client;
};

static const char *colour_of(struct str outcome)
{
	if (str_eq(outcome, STR("done")))
		return "\033[32m";
	if (str_eq(outcome, STR("failed")) || str_eq(outcome, STR("diverged")))
		return "\033[31m";
	if (str_eq(outcome, STR("waiting")))
		return "\033[33m";
	return "\033[2m";
}

static void print_steps(const struct value *rule)
{
	const struct value *steps = json_array(rule, "steps"), *log = json_array(rule, "log");
	char time[32];
	for (uint32_t i = 0; i < steps->n; i++) {
		const struct value *step = &steps->items[i];
		bool answered = json_true(step, "answered");
		fputs("      ", stdout);
		print_text(stdout, step, "what");
		fputs(answered ? ": over at " : ": at the latest until ", stdout);
		print_clean(stdout, short_time(json_text(step, answered ? "time" : "deadline"), time), "");
		fputc('\n', stdout);
	}
	for (uint32_t i = 0; i < log->n; i++) {
		struct str line;
		if (!value_text(&log->items[i], &line))
			continue;
		fputs("      log: ", stdout);
		print_clean(stdout, line, "           ");
		fputc('\n', stdout);
	}
}

static void copy(char *to, size_t size, struct str text)
{
	snprintf(to, size, STR_FMT, STR_ARG(text));
}

/* Where it failed, as `check` would show it. */
static void print_error(const struct value *rule)
{
	const struct value *found = value_get(rule, STR("error"));
	struct error error = {0};
	if (!found || found->kind != VALUE_OBJECT)
		return;
	copy(error.excerpt, sizeof error.excerpt, json_text(found, "excerpt"));
	copy(error.hint, sizeof error.hint, json_text(found, "hint"));
	error.line = (int)json_number(found, "line");
	error.column = (int)json_number(found, "column");
	problem_print_details(stdout, &error, "      ");
}

static void print_rule(const struct explain *explain, const struct value *rule)
{
	struct str outcome = json_text(rule, "outcome"), name = json_text(rule, "rule"),
		   reason = json_text(rule, "reason");
	const struct value *deliveries = json_array(rule, "deliveries");
	fputs("    ", stdout);
	print_clean(stdout, name, "");
	fputs(name.n ? ": " : "", stdout);
	fputs(explain->colour ? colour_of(outcome) : "", stdout);
	for (size_t i = 0; i < outcome.n; i++)
		fputc(outcome.p[i] == '_' ? ' ' : outcome.p[i], stdout);
	fputs(explain->colour ? "\033[0m" : "", stdout);
	fputs(reason.n ? ", " : "", stdout);
	print_clean(stdout, reason, "      ");
	fputc('\n', stdout);
	print_error(rule);
	if (str_eq(outcome, STR("failed")) || str_eq(outcome, STR("diverged"))) {
		fputs("      run it again: switchhook redeliver ", stdout);
		print_text(stdout, rule, "id");
		fputc('\n', stdout);
	}
	print_steps(rule);
	for (uint32_t i = 0; i < deliveries->n; i++)
		delivery_print_short(stdout, &deliveries->items[i], "      ");
}

/* The campaign is the same for all rules of an event. */
static void print_event(const struct explain *explain, const struct value *entry)
{
	const struct value *event = value_get(entry, STR("event")), *rules = json_array(entry, "rules");
	char time[32];
	print_clean(stdout, short_time(json_text(entry, "arrived"), time), "");
	fputs("  ", stdout);
	print_text(stdout, event, "type");
	fputs("  ", stdout);
	print_text(stdout, event, "source");
	fputs("  event ", stdout);
	print_text(stdout, event, "id");
	fputc('\n', stdout);
	if (rules->n && json_text(&rules->items[0], "campaign").n) {
		fputs("  campaign ", stdout);
		print_text(stdout, &rules->items[0], "campaign");
		fputc('\n', stdout);
	}
	for (uint32_t i = 0; i < rules->n; i++)
		print_rule(explain, &rules->items[i]);
}

static void print_all(const struct explain *explain, const struct value *reply)
{
	const struct value *events = json_array(reply, "events");
	struct str call = json_text(reply, "call");
	if (call.n && !explain->json) {
		fputs("call ", stdout);
		print_clean(stdout, call, "");
		fputs("\n\n", stdout);
	}
	for (uint32_t i = 0; i < events->n; i++) {
		if (explain->json) {
			print_json_line(&events->items[i]);
			continue;
		}
		fputs(i ? "\n" : "", stdout);
		print_event(explain, &events->items[i]);
	}
}

static int look(struct explain *explain, const char *at, const char *name, bool *ret_found)
{
	struct reply reply;
	struct buf path;
	buf_init(&path, 64 * 1024);
	buf_str(&path, str_of(at));
	path_add(&path, name);
	int code = client_look(&explain->client, buf_z(&path), ret_found, &reply);
	buf_finish(&path);
	if (code || !*ret_found)
		return code;
	print_all(explain, &reply.json);
	reply_finish(&reply);
	return EXIT_DONE;
}

static int explain_name(struct explain *explain, const char *name)
{
	struct error error;
	bool found = false;
	int code = look(explain, "/v1/calls/", name, &found);
	if (!code && !found)
		code = look(explain, "/v1/events/", name, &found);
	if (code || found)
		return code;
	error_set(&error, "the journal knows neither a call nor an event '%s'", name);
	problem_print(stderr, problems_form_for(stderr), false, &error);
	return EXIT_NO;
}

static int run_explain(const struct command *command, int argc, char **argv)
{
	struct explain explain = {.colour = problems_form_for(stdout) == PROBLEMS_COLOUR};
	char **words = NULL;
	size_t n;
	const struct poptOption table[] = {
		OPTION_SERVER(&explain.server),
		OPTION_JSON(&explain.json, "one event a line, as JSON"),
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON && n != 1)
		code = options_wrong(command, "name one call or one event");
	else if (code == OPTIONS_GO_ON && (code = client_init(&explain.client, explain.server)) == 0) {
		code = explain_name(&explain, words[0]);
		client_finish(&explain.client);
	}
	words_free(words);
	free(explain.server);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "what happened with a call or an event, and why",
	.example = "  switchhook explain 202510141430000131070000000412\n",
	.about = "The events of a call in their order; for each, every rule of the campaign that serves it:\n"
		 "what it did, or why it did nothing, with its waits, its log, its deliveries and attempts.\n"
		 "The name is a call's (uii) or an event's id.\n",
	.run = run_explain,
};
