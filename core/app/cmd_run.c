/* switchhook run: the engine. */
#include "api/api.h"
#include "app/egress_options.h"
#include "app/limits_options.h"
#include "app/listen_options.h"
#include "app/loop.h"
#include "app/notify.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/reload_test.h"
#include "app/retain_options.h"
#include "app/supervise.h"
#include "engine/blackbox.h"
#include "app/secrets_check.h"
#include "engine/engine.h"
#include "engine/reload.h"
#include "journal/journal.h"
#include "script/duration.h"
#include "simulate/http_coverage.h"
#include "simulate/http_simulate.h"
#include "source/http_ingest.h"
#include "source/ndjson_source.h"
#include "transport/transport_curl.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { SHARDS_MAX = 64, STALL_LEAST_MS = 1000 };

struct run_command {
	char *rules, *data, *durability_text, *listen_text, *events, *grace_text, *stall_text, *web_root,
		*secrets_text, *proxy;
	char **hosts, **ranges; /* NULL, or ended by NULL */
	struct retain_options retain;
	int drain, shards, max_pending, quiet, no_watch, test_on_reload, supervise, edit_rules;
	enum durability durability;
	struct listen_address listen;
	int64_t grace_ms, stall_ms;
	struct limits_options limits_options;
	struct limits limits;
	struct listen_options access;
	struct egress egress;

	struct log log;
	struct app_loop loop;
	struct secrets *secrets;
	struct reloader *reloader;
	uv_signal_t hangup;
	struct blackbox *blackbox;
	struct notify notify;
	struct journal *journal; /* until the engine takes it over */
	struct engine *engine;
	struct http_server *server;
	struct http_ingest *ingest;
	struct api *api;
	struct ndjson_source *source;
	bool stopping;
	bool source_finished; /* all of its events were accepted, or reading failed */
	bool drained;         /* --drain has reached its end */
};

/* --- the end --- */

static void begin_stop(void *context)
{
	struct run_command *run = context;
	if (run->stopping)
		return;
	run->stopping = true;
	log_info(&run->log, "stopping");
	notify_stopping();
	http_ingest_close(run->ingest);
	http_server_quiesce(run->server);
	uv_stop(&run->loop.uv);
}

static void consider_drained(struct run_command *run)
{
	if (!run->drain || run->stopping || !run->source_finished || engine_pending(run->engine))
		return;
	run->drained = true;
	begin_stop(run);
}

static void on_idle(void *context)
{
	consider_drained(context);
}

static void on_source_finished(void *context)
{
	struct run_command *run = context;
	run->source_finished = true;
	consider_drained(run);
}

static void on_server_closed(void *context)
{
	bool *closed = context;
	*closed = true;
}

static void close_server(struct run_command *run)
{
	bool closed = !run->server;
	if (run->server)
		http_server_destroy(run->server, on_server_closed, &closed);
	while (!closed)
		uv_run(&run->loop.uv, UV_RUN_ONCE);
	if (run->ingest)
		http_ingest_destroy(run->ingest);
	api_destroy(run->api);
}

/* What was accepted is finished first; the answers about it go out before the server closes. */
static void finish(struct run_command *run)
{
	app_loop_release_signals(&run->loop);
	ndjson_source_stop(run->source);
	uv_close((uv_handle_t *)&run->hangup, NULL);
	reloader_close(run->reloader);
	api_close(run->api);
	mailbox_drain(&run->loop.mailbox);
	run->loop.before_sleep = NULL;
	engine_stop(run->engine, run->grace_ms);
	mailbox_drain(&run->loop.mailbox);
	uv_run(&run->loop.uv, UV_RUN_NOWAIT);
}

/* --- the beginning --- */

static void wake_shards(void *context)
{
	struct run_command *run = context;
	engine_wake(run->engine);
}

static int start_engine(struct run_command *run, struct error *reterr)
{
	struct engine_options options = {
		.shards = run->shards,
		.waiting_max = (size_t)run->max_pending,
		.log = &run->log,
		.blackbox = run->blackbox,
		.stall_ms = run->stall_ms,
		.secrets = run->secrets,
		.seed = (uint64_t)clock_wall_ms(clock_system()) * 1000003 + (uint64_t)getpid(),
		.rules_folder = run->rules,
		.proxy = run->proxy,
		.egress = run->egress,
		.journal = run->journal,
		.mailbox = &run->loop.mailbox,
		.wakes_later = true,
	};
	run->journal = NULL;
	if (engine_create(&options, reloader_first(run->reloader), &run->engine, reterr))
		return -1;
	run->loop.before_sleep = wake_shards;
	if (run->drain)
		engine_on_idle(run->engine, &run->loop.mailbox, on_idle, run);
	return 0;
}

static int start_server(struct run_command *run, struct error *reterr)
{
	struct http_server_options options = {
		.address = run->listen.address,
		.port = run->listen.port,
		.tls_cert = run->access.cert_text,
		.tls_key = run->access.key_text,
		.log = &run->log,
	};
	if (http_server_create(&run->loop.uv, &options, &run->server, reterr))
		return -1;
	access_guard(run->access.access, run->server);
	return 0;
}

static size_t n_hosts(const struct run_command *run)
{
	size_t n = 0;
	while (run->hosts && run->hosts[n])
		n++;
	return n;
}

/* `journal` belongs to the engine by now. */
static void start_routes(struct run_command *run, struct journal *journal)
{
	struct api_options options = {
		.loop = &run->loop.uv,
		.server = run->server,
		.engine = run->engine,
		.journal = journal,
		.reloader = run->reloader,
		.mailbox = &run->loop.mailbox,
		.clock = clock_system(),
		.log = &run->log,
		.durability = run->durability_text,
		.version = VERSION,
		.rules_folder = run->rules,
		.edit_rules = run->edit_rules,
		.web_root = run->web_root,
		.host_names = (const char *const *)run->hosts,
		.n_host_names = n_hosts(run),
		.any_host_name = run->access.token_file != NULL,
	};
	run->ingest =
		http_ingest_create(run->server, run->engine, &run->loop.mailbox, clock_system(), &run->log);
	run->api = api_create(&options);
	simulate_routes(run->api, options.server);
	coverage_routes(run->api, options.server);
	http_ingest_on_lookup(run->ingest, api_show_event, run->api);
}

static void on_hangup(uv_signal_t *hangup, int number)
{
	struct run_command *run = hangup->data;
	struct error error;
	if (reloader_ask(run->reloader, RELOAD_SIGNAL, 0, NULL, NULL, &error))
		log_error(&run->log, "the rules did not change", "cause", "signal", "error", error.what);
}

static void start_reloads(struct run_command *run)
{
	ensure(uv_signal_init(&run->loop.uv, &run->hangup) == 0);
	run->hangup.data = run;
	ensure(uv_signal_start(&run->hangup, on_hangup, SIGHUP) == 0);
	reloader_start(run->reloader, run->engine, &run->loop.uv, &run->loop.mailbox, !run->no_watch);
}

static int start_source(struct run_command *run, struct error *reterr)
{
	if (!run->events)
		return 0;
	struct ndjson_source_options options = {
		.path = run->events,
		.engine = run->engine,
		.mailbox = &run->loop.mailbox,
		.clock = clock_system(),
		.log = &run->log,
		.on_finished = on_source_finished,
		.context = run,
	};
	return ndjson_source_start(&run->loop.uv, &options, &run->source, reterr);
}

static void say_where(struct run_command *run)
{
	char url[96], message[128];
	listen_address_url(&run->listen, http_server_port(run->server), run->access.tls_cert != NULL, url,
			   sizeof url);
	snprintf(message, sizeof message, "listening on %s", url);
	log_info(&run->log, message);
	notify_ready(&run->notify, &run->loop.uv, message);
}

/* Without --drain nobody asked for a verdict. */
static int verdict(const struct run_command *run)
{
	struct engine_totals totals;
	if (!run->drain)
		return EXIT_DONE;
	struct ndjson_counts counts = ndjson_source_counts(run->source);
	engine_totals(run->engine, &totals);
	return run->drained && !counts.failed && !counts.bad_lines && !totals.dead ? EXIT_DONE : EXIT_NO;
}

/* The server comes first: a port that is taken is the likeliest failure, and nothing has begun by then. */
static int serve(struct run_command *run)
{
	struct error error;
	int code = EXIT_CONFIG;
	struct journal *journal = run->journal;
	app_loop_init(&run->loop, begin_stop, run);
	if (start_server(run, &error) || start_engine(run, &error))
		goto failed;
	start_reloads(run);
	start_routes(run, journal);
	if (start_source(run, &error)) {
		finish(run);
		goto failed;
	}
	say_where(run);
	uv_run(&run->loop.uv, UV_RUN_DEFAULT);
	code = verdict(run);
	finish(run);
	goto close;
failed:
	problem_print(stderr, problems_form_for(stderr), false, &error);
close:
	close_server(run);
	reloader_destroy(run->reloader);
	run->reloader = NULL;
	notify_close(&run->notify);
	app_loop_finish(&run->loop);
	return code;
}

static int refuse(const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return EXIT_CONFIG;
}

/* From the journal's thread. */
static void journal_changed(void *context, const struct error *error)
{
	const struct run_command *run = context;
	if (error)
		log_error(&run->log, "the journal cannot write: new events are refused", "error", error->what,
			  "hint", error->hint[0] ? error->hint : NULL);
	else
		log_info(&run->log, "the journal writes again");
}

static int open_journal(struct run_command *run, struct error *reterr)
{
	struct error notice = {0};
	struct journal_options options = {
		.folder = run->data,
		.durability = run->durability,
		.clock = clock_system(),
		.retain_ms = run->retain.age_ms,
		.retain_bytes = run->retain.size_bytes,
		.retain_generations = (unsigned)run->retain.generations,
		.state_changed = journal_changed,
		.context = run,
	};
	if (run->durability == DURABILITY_NONE)
		return 0;
	if (journal_open(&options, &run->journal, &notice, reterr))
		return -1;
	if (notice.what[0])
		log_error(&run->log, notice.what, "hint", notice.hint[0] ? notice.hint : NULL);
	return 0;
}

/* What a thread was doing when it crashed. In app/ because a handler of signals finds nothing but a global.
 */
static struct blackbox *last_words;

static void crashed(int number)
{
	blackbox_blame_thread(last_words);
	/* Whoever had the signal before is next: the instruction fails again, or abort raises it again. */
	raise(number);
}

/* SA_RESETHAND puts the system's own action in place, which writes the core. A sanitizer's handler, which
 * shows more, is left alone. */
static void blame_on_crash(struct blackbox *blackbox)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	struct sigaction before, action = {.sa_handler = crashed, .sa_flags = SA_RESETHAND};
	last_words = blackbox;
	for (size_t i = 0; i < countof(numbers); i++)
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
}

/* Without a journal nothing is tried again, and there is nothing to remember. */
static int open_blackbox(struct run_command *run, struct error *reterr)
{
	if (run->durability == DURABILITY_NONE)
		return 0;
	if (blackbox_open(run->data, &run->blackbox, reterr))
		return -1;
	blame_on_crash(run->blackbox);
	return 0;
}

static void say_missing(void *context, const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), true, error);
}

static int load_and_serve(struct run_command *run)
{
	struct error error;
	struct reload_options options = {
		.folder = run->rules, .limits = &run->limits, .clock = clock_system(), .log = &run->log};
	run->secrets = secrets_create(secrets_folder(run->secrets_text));
	if (open_journal(run, &error) || open_blackbox(run, &error))
		return refuse(&error);
	options.journal = run->journal;
	options.check = run->test_on_reload ? reload_test : NULL;
	options.check_context = run->rules;
	if (reloader_create(&options, &run->reloader, &error))
		return refuse(&error);
	const struct ruleset *ruleset = reloader_first(run->reloader);
	problems_print(stderr, problems_form_for(stderr), ruleset);
	secrets_missing(ruleset, run->secrets, say_missing, NULL);
	certificates_missing(ruleset, run->rules, say_missing, NULL);
	if (!ruleset_loaded_campaigns(ruleset)) {
		error_set(&error, "no campaign in '%s' can serve", run->rules);
		error_hint(&error, "`switchhook check --rules %s` shows what is wrong", run->rules);
		return refuse(&error);
	}
	raise_file_limit();
	return serve(run);
}

static bool durability_parse(const char *text, enum durability *ret)
{
	static const char *const names[] = {"full", "relaxed", "none"};
	for (size_t i = 0; i < countof(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum durability)i;
			return true;
		}
	}
	return false;
}

static int check_and_serve(const struct command *command, struct run_command *run)
{
	struct error error;
	if (listen_address_parse(run->listen_text, &run->listen, &error))
		return options_wrong(command, "%s; %s", error.what, error.hint);
	if (!duration_parse(str_of(run->grace_text), &run->grace_ms))
		return options_wrong(command, "'%s' is no duration; write 500ms, 10s, 2m or 1h",
				     run->grace_text);
	if (!duration_parse(str_of(run->stall_text), &run->stall_ms) || run->stall_ms < STALL_LEAST_MS)
		return options_wrong(command, "--max-stall takes a time from 1s on, as 10s, not '%s'",
				     run->stall_text);
	if (!durability_parse(run->durability_text, &run->durability))
		return options_wrong(command, "--durability is full, relaxed or none, not '%s'",
				     run->durability_text);
	if (run->max_pending < 0)
		return options_wrong(command, "--max-pending takes a number from 1 on; 0 is the default");
	if (run->shards < 0 || run->shards > SHARDS_MAX)
		return options_wrong(command, "--shards goes from 1 to %d; 0 is one a core", SHARDS_MAX);
	if (egress_read(run->ranges, run->listen.loopback, &run->egress, &error) ||
	    (run->proxy && transport_proxy_check(run->proxy, &error)))
		return options_wrong(command, "%s; %s", error.what, error.hint);
	if (run->drain && !run->events)
		return options_wrong(command, "--drain needs --events FILE: it stops when they are settled");
	if (run->edit_rules && !run->access.token_file) {
		error_set(&error, "--edit-rules needs --token-file: anybody who reaches the engine could "
				  "change the rules");
		error_hint(&error,
			   "give --token-file FILE with a token a line (openssl rand -hex 32 makes one)");
		return refuse(&error);
	}
	if (listen_options_load(&run->access, run->listen.loopback, run->listen_text, clock_system(),
				&run->log, &error))
		return refuse(&error);
	int code = run->supervise ? supervise(&run->log) : SUPERVISED;
	return code == SUPERVISED ? load_and_serve(run) : code;
}

static int run_run(const struct command *command, int argc, char **argv)
{
	struct run_command run = {
		.rules = mem_strdup("rules"),
		.data = mem_strdup("data"),
		.durability_text = mem_strdup("full"),
		.listen_text = mem_strdup("127.0.0.1:8484"),
		.grace_text = mem_strdup("10s"),
		.stall_text = mem_strdup("10s"),
	};
	const struct poptOption table[] = {
		OPTION_RULES(&run.rules),
		OPTION_SECRETS(&run.secrets_text),
		OPTIONS_LISTEN(&run.access),
		{"data", 0, POPT_ARG_STRING, &run.data, 0,
		 "where events and deliveries are kept (default: data)", "DIR"},
		{"durability", 0, POPT_ARG_STRING, &run.durability_text, 0,
		 "full: on disk before it is acknowledged (default); relaxed: a power cut can take the last "
		 "moments; none: nothing is kept",
		 "full|relaxed|none"},
		OPTIONS_RETAIN(&run.retain),
		{"listen", 0, POPT_ARG_STRING, &run.listen_text, 0,
		 "where events come in (default: 127.0.0.1:8484)", "ADDR:PORT"},
		{"events", 0, POPT_ARG_STRING, &run.events, 0,
		 "also read events from here, one JSON object a line", "FILE|-"},
		{"drain", 0, POPT_ARG_NONE, &run.drain, 0, "stop when all events of --events are settled",
		 NULL},
		{"shards", 0, POPT_ARG_INT, &run.shards, 0, "threads (default: one a core)", "N"},
		{"max-pending", 0, POPT_ARG_INT, &run.max_pending, 0,
		 "deliveries and runs that may wait; with more, events are refused (default: 250000)", "N"},
		{"grace", 0, POPT_ARG_STRING, &run.grace_text, 0,
		 "how long a stop waits for what is under way (default: 10s)", "TIME"},
		{"host", 0, POPT_ARG_ARGV, &run.hosts, 0,
		 "a name by which it may be asked, beside its address and localhost; can be repeated",
		 "NAME"},
		{"web-root", 0, POPT_ARG_STRING, &run.web_root, 0,
		 "a folder with another console than the one in the program", "DIR"},
		{"test-on-reload", 0, POPT_ARG_NONE, &run.test_on_reload, 0,
		 "changed rules serve only when their *_test.lua pass", NULL},
		{"edit-rules", 0, POPT_ARG_NONE, &run.edit_rules, 0,
		 "operators may save rules from the console; needs --token-file", NULL},
		{"no-watch", 0, POPT_ARG_NONE, &run.no_watch, 0,
		 "do not watch the rules folder; `switchhook reload` and SIGHUP load it anew", NULL},
		OPTIONS_LIMITS(&run.limits_options),
		{"max-stall", 0, POPT_ARG_STRING, &run.stall_text, 0,
		 "a thread that does not come back for so long ends the process, with a core (default: 10s)",
		 "TIME"},
		{"supervise", 0, POPT_ARG_NONE, &run.supervise, 0,
		 "run the engine in a process of its own, and start it again when it crashes", NULL},
		OPTION_ALLOW_EGRESS(&run.ranges),
		{"proxy", 0, POPT_ARG_STRING, &run.proxy, 0,
		 "send everything by this proxy, http://HOST:PORT", "URL"},
		{"quiet", 0, POPT_ARG_NONE, &run.quiet, 0, "log only warnings and errors", NULL},
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = limits_options_read(command, &run.limits_options, &run.limits);
	if (code == OPTIONS_GO_ON)
		code = retain_options_read(command, &run.retain);
	if (code == OPTIONS_GO_ON) {
		run.log = log_to(STDERR_FILENO, run.quiet ? LOG_LEVEL_WARN : LOG_LEVEL_INFO);
		code = check_and_serve(command, &run);
	}
	reloader_destroy(run.reloader);
	journal_close(run.journal);
	last_words = NULL;
	blackbox_close(run.blackbox);
	secrets_destroy(run.secrets);
	free(run.rules);
	free(run.web_root);
	words_free(run.hosts);
	free(run.secrets_text);
	listen_options_finish(&run.access);
	free(run.data);
	free(run.durability_text);
	free(run.listen_text);
	free(run.events);
	free(run.grace_text);
	free(run.stall_text);
	retain_options_finish(&run.retain);
	limits_options_finish(&run.limits_options);
	words_free(run.ranges);
	free(run.proxy);
	free((void *)(uintptr_t)run.egress.networks);
	return code;
}

const struct command command_run = {
	.name = "run",
	.summary = "the engine: events in, rules decide, requests out",
	.example = "  switchhook run --rules rules --listen 127.0.0.1:8484\n"
		   "  switchhook run --events calls.ndjson --drain\n",
	.about = "Takes events at POST /v1/events, runs the rules, and sends the requests they ask for.\n"
		 "Watches the rules folder: what changes there serves from the next event on. SIGHUP loads "
		 "it anew.\n"
		 "SIGTERM or SIGINT: takes no more, finishes what is under way, and ends; a second one ends "
		 "at once.\n"
		 "Ends with 78 if the rules folder is missing, no campaign can be loaded, or it may not "
		 "listen there.\n"
		 "With --drain: 0 if everything was delivered, 1 if anything is dead or a line was no "
		 "event.\n",
	.run = run_run,
};
