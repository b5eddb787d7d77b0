/* switchhook demo: the engine, a sink in place of the web services, and sample calls, in one process. */
#include "app/loop.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "base/read_file.h"
#include "app/rules_load.h"
#include "app/sink.h"
#include "app/sink_print.h"
#include "engine/engine.h"
#include "format/cloudevents.h"
#include "identity/secrets.h"

#include <dirent.h>
#include <unistd.h>

enum {
	SAMPLES_MAX_BYTES = 16 * 1024 * 1024,
	PACE_MS = 120,       /* between two events, so that one can follow */
	WAIT_MAX_MS = 30000, /* for what is not settled after the last event */
	GRACE_MS = 2000,
	ENGINE_SHARDS = 2,
};

/* Where the sample services send to; the demo's sink stands in for it, on a port that is free. */
#define SAMPLE_SERVICES "127.0.0.1:8585"

struct demo {
	char *rules, *samples;
	bool colour;
	struct log log;
	struct answers answers;
	struct app_loop loop;
	struct sink *sink;
	struct secrets *secrets;
	struct ruleset *ruleset;
	struct engine *engine;
	struct event_list events;
	size_t next; /* of events */
	uv_timer_t pace;
	int64_t waited_ms; /* since the last event */
	bool stopped;      /* by a signal */
	struct engine_totals totals;
	size_t pending;
};

/* --- what is seen --- */

static void style(const struct demo *demo, const char *code)
{
	if (demo->colour)
		fputs(code, stdout);
}

static void print_tag(const struct event *event, const char *label, const char *tag)
{
	struct str text;
	const struct value *value = event_tag(event, str_of(tag));
	if (value_is_empty(value) || !value_text(value, &text))
		return;
	fputs(label, stdout);
	print_clean(stdout, text, " ");
}

static void print_event(const struct demo *demo, const struct event *event)
{
	struct str call = event->subject;
	size_t shown = call.n < 6 ? call.n : 6;
	style(demo, "\033[1m");
	printf("● %-20.*s", STR_ARG(event->type));
	style(demo, "\033[0m");
	printf(" " STR_FMT "  call …%.*s", STR_ARG(event->source), (int)shown, call.p + call.n - shown);
	print_tag(event, "  agent ", "agent_first_name");
	print_tag(event, "  disposition ", "agent_disposition");
	print_tag(event, "  result ", "call_result");
	fputc('\n', stdout);
	fflush(stdout);
}

static void print_request(void *context, struct http_request *request, const struct scripted_answer *answer)
{
	struct demo *demo = context;
	style(demo, "\033[36m");
	sink_print(stdout, "    ", request, answer);
	style(demo, "\033[0m");
	fflush(stdout);
}

static size_t count_calls(const struct event_list *events)
{
	size_t n = 0;
	for (size_t i = 0; i < events->n; i++) {
		bool seen = false;
		for (size_t j = 0; j < i && !seen; j++)
			seen = str_eq(events->events[i]->subject, events->events[j]->subject);
		n += !seen;
	}
	return n;
}

static void print_begin(const struct demo *demo)
{
	printf("The engine runs with the rules of %s/; a sink stands in for the web services "
	       "at " SAMPLE_SERVICES ".\n"
	       "These are %zu events of %zu sample calls, and the requests that the rules make of them:\n\n",
	       demo->rules, demo->events.n, count_calls(&demo->events));
	fflush(stdout);
}

static void print_end(const struct demo *demo)
{
	const struct engine_totals *totals = &demo->totals;
	printf("\n%zu events, %llu runs of rules, %llu requests delivered, %llu dead", demo->next,
	       (unsigned long long)totals->runs, (unsigned long long)totals->delivered,
	       (unsigned long long)totals->dead);
	if (totals->runs_failed)
		printf(", %llu runs failed", (unsigned long long)totals->runs_failed);
	if (demo->pending)
		printf(", %zu not settled", demo->pending);
	printf("\n\nNow change a rule in %s/, or start the engine itself: %s run --rules %s\n", demo->rules,
	       program_invocation_name, demo->rules);
}

/* --- what happens --- */

struct posted {
	struct acceptance acceptance;
	struct event *event;
	bool duplicate;
	struct demo *demo;
};

static void on_accepted(struct message *message)
{
	struct acceptance *acceptance = container_of(message, struct acceptance, message);
	struct posted *posted = acceptance->context;
	if (acceptance->refused)
		problem_print(stderr, problems_form_for(stderr), false, &acceptance->error);
	event_unref(posted->event);
	free(posted);
}

static void post_event(struct demo *demo, struct event *event)
{
	struct posted *posted = mem_zalloc(sizeof *posted);
	posted->demo = demo;
	posted->event = event_ref(event);
	posted->acceptance = (struct acceptance){
		.message.deliver = on_accepted,
		.reply_to = &demo->loop.mailbox,
		.context = posted,
		.events = &posted->event,
		.duplicates = &posted->duplicate,
		.n = 1,
	};
	if (engine_accept(demo->engine, &posted->acceptance))
		mailbox_post(posted->acceptance.reply_to, &posted->acceptance.message);
}

static void on_pace(uv_timer_t *timer)
{
	struct demo *demo = timer->data;
	if (demo->next < demo->events.n) {
		struct event *event = demo->events.events[demo->next++];
		print_event(demo, event);
		post_event(demo, event);
		return;
	}
	demo->waited_ms += PACE_MS;
	demo->pending = engine_pending(demo->engine);
	if (!demo->pending || demo->waited_ms > WAIT_MAX_MS)
		uv_stop(&demo->loop.uv);
}

static void on_stop(void *context)
{
	struct demo *demo = context;
	demo->stopped = true;
	uv_stop(&demo->loop.uv);
}

static void play(struct demo *demo)
{
	print_begin(demo);
	uv_timer_init(&demo->loop.uv, &demo->pace);
	demo->pace.data = demo;
	uv_timer_start(&demo->pace, on_pace, 0, PACE_MS);
	uv_run(&demo->loop.uv, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&demo->pace, NULL);
	app_loop_release_signals(&demo->loop);
	engine_totals(demo->engine, &demo->totals);
	engine_stop(demo->engine, GRACE_MS);
	mailbox_drain(&demo->loop.mailbox);
}

/* --- what it is made of --- */

static int is_sample(const struct dirent *entry)
{
	return str_ends(str_of(entry->d_name), STR(".ndjson")) && entry->d_name[0] != '.';
}

static int read_sample(struct demo *demo, const char *name, struct error *reterr)
{
	char path[4096];
	struct buf text;
	snprintf(path, sizeof path, "%s/%s", demo->samples, name);
	buf_init(&text, SAMPLES_MAX_BYTES);
	int result = read_file(path, &text, reterr);
	if (result == 0) {
		result = events_parse_ndjson(buf_view(&text), NULL, clock_wall_ms(clock_system()),
					     &demo->events, reterr);
		if (result)
			error_at(reterr, str_of(path), reterr->line, reterr->column, (struct str){0});
	}
	buf_finish(&text);
	return result;
}

static int read_samples(struct demo *demo, struct error *reterr)
{
	struct dirent **names;
	int n = scandir(demo->samples, &names, is_sample, alphasort), result = 0;
	for (int i = 0; i < n; i++) {
		if (result == 0)
			result = read_sample(demo, names[i]->d_name, reterr);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (result == 0 && !demo->events.n) {
		error_set(reterr, "no sample events in '%s'", demo->samples);
		error_hint(reterr, "name a folder of .ndjson files with --samples DIR");
		result = -1;
	}
	return result;
}

static int read_answers(struct demo *demo, struct error *reterr)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/answers.json", demo->samples);
	if (access(path, F_OK))
		return 0;
	return answers_read(&demo->answers, path, reterr) || answers_fit_sink(&demo->answers, path, reterr)
		       ? -1
		       : 0;
}

static int start_sink(struct demo *demo, struct error *reterr)
{
	struct sink_options options = {
		.address = "127.0.0.1",
		.answers = &demo->answers,
		.log = &demo->log,
		.seen = print_request,
		.context = demo,
	};
	return sink_create(&demo->loop.uv, &options, &demo->sink, reterr);
}

static int start_engine(struct demo *demo, struct error *reterr)
{
	char place[32];
	snprintf(place, sizeof place, "127.0.0.1:%u", sink_port(demo->sink));
	struct rules_replace replace = {STR(SAMPLE_SERVICES), str_of(place)};
	if (rules_load(demo->rules, &replace, NULL, &demo->ruleset, reterr))
		return -1;
	problems_print(stderr, problems_form_for(stderr), demo->ruleset);
	if (!ruleset_loaded_campaigns(demo->ruleset))
		return error_set(reterr, "no campaign in '%s' can serve", demo->rules);
	demo->secrets = secrets_create(secrets_folder(NULL));
	/* The rules name the sink's address themselves. */
	struct engine_options options = {.shards = ENGINE_SHARDS,
					 .log = &demo->log,
					 .secrets = demo->secrets,
					 .egress.loopback = true};
	return engine_create(&options, demo->ruleset, &demo->engine, reterr);
}

static int show(struct demo *demo)
{
	struct error error;
	app_loop_init(&demo->loop, on_stop, demo);
	int result = read_samples(demo, &error);
	if (result == 0)
		result = read_answers(demo, &error);
	if (result == 0)
		result = start_sink(demo, &error);
	if (result == 0)
		result = start_engine(demo, &error);
	if (result == 0)
		play(demo);
	else
		problem_print(stderr, problems_form_for(stderr), false, &error);
	sink_destroy(demo->sink);
	app_loop_finish(&demo->loop);
	if (result)
		return EXIT_NO;
	print_end(demo);
	return demo->totals.dead || demo->totals.runs_failed || demo->pending || demo->stopped ? EXIT_NO
											       : EXIT_DONE;
}

static char *samples_of(const char *rules)
{
	struct buf path;
	buf_init(&path, 4096);
	buf_printf(&path, "%s/samples", rules);
	return buf_take(&path, NULL);
}

static int run_demo(const struct command *command, int argc, char **argv)
{
	struct demo demo = {.rules = mem_strdup("rules"),
			    .log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_WARN}};
	const struct poptOption table[] = {
		OPTION_RULES(&demo.rules),
		{"samples", 0, POPT_ARG_STRING, &demo.samples, 0,
		 "folder of sample events, *.ndjson, and answers.json (default: samples in the rules)",
		 "DIR"},
		OPTION_END,
	};
	answers_init(&demo.answers);
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON) {
		if (!demo.samples)
			demo.samples = samples_of(demo.rules);
		demo.colour = problems_form_for(stdout) == PROBLEMS_COLOUR;
		code = show(&demo);
	}
	event_list_finish(&demo.events);
	answers_finish(&demo.answers);
	ruleset_unref(demo.ruleset);
	secrets_destroy(demo.secrets);
	free(demo.rules);
	free(demo.samples);
	return code;
}

const struct command command_demo = {
	.name = "demo",
	.summary = "engine, sink and sample calls together; prints what happens",
	.example = "  switchhook demo\n",
	.about = "Plays sample calls through the rules and shows each event and each request that comes of "
		 "it.\n"
		 "Services at " SAMPLE_SERVICES
		 " are answered by the demo's own sink; others are really called.\n",
	.run = run_demo,
};
