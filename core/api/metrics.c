/* GET /metrics, GET /readyz: for what watches the engine. */
#include "api/api_private.h"

#include "api/metric_put.h"
#include "engine/tally.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void one_count(struct metrics *metrics, const char *name, const char *help, uint64_t value)
{
	metric_counter(metrics, name, help);
	metric_count(metrics, NULL, 0, value);
}

static void one_value(struct metrics *metrics, const char *name, const char *help, double value)
{
	metric_gauge(metrics, name, help);
	metric_value(metrics, NULL, 0, value);
}

/* --- the process, under the names that every exporter uses --- */

static double resident_bytes(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	if (fscanf(file, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_descriptors(void)
{
	int n = 0;
	DIR *folder = opendir("/proc/self/fd");
	if (!folder)
		return 0;
	while (readdir(folder))
		n++;
	closedir(folder);
	return n - 3; /* "." and "..", and the folder itself */
}

static void put_process(struct metrics *metrics, const struct api *api)
{
	struct rusage usage;
	struct rlimit files;
	getrusage(RUSAGE_SELF, &usage);
	getrlimit(RLIMIT_NOFILE, &files);
	metric_counter(metrics, "process_cpu_seconds", "User and system CPU time spent.");
	buf_printf(metrics->out, "process_cpu_seconds_total %.3f\n",
		   (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	one_value(metrics, "process_resident_memory_bytes", "Resident memory.", resident_bytes());
	one_value(metrics, "process_open_fds", "Open file descriptors.", open_descriptors());
	one_value(metrics, "process_max_fds", "How many file descriptors may be open.",
		  (double)files.rlim_cur);
	one_value(metrics, "process_start_time_seconds", "When the process started, in seconds since 1970.",
		  (double)api->started_ms / 1e3);
}

/* --- what the shards count --- */

static void put_runs(struct metrics *metrics, const struct tally_table *table)
{
	static const char *const outcomes[] = {"done", "skipped", "failed", "waiting", "diverged"};
	metric_counter(metrics, "switchhook_runs", "Runs of rules that ended, by campaign and outcome.");
	for (size_t i = 0; i < table->n; i++) {
		for (size_t k = 0; k < countof(outcomes); k++) {
			struct label labels[] = {{"campaign", table->rows[i]->name},
						 {"outcome", str_of(outcomes[k])}};
			if (k != OUTCOME_WAITING)
				metric_count(metrics, labels, 2, table->rows[i]->figures[k]);
		}
	}
}

static void put_deliveries(struct metrics *metrics, const struct tally_table *table)
{
	static const char *const outcomes[] = {"delivered", "dead", "expired"};
	metric_counter(metrics, "switchhook_deliveries",
		       "Deliveries that are settled, by service and outcome.");
	for (size_t i = 0; i < table->n; i++) {
		for (size_t k = 0; k < countof(outcomes); k++) {
			struct label labels[] = {{"service", table->rows[i]->name},
						 {"outcome", str_of(outcomes[k])}};
			metric_count(metrics, labels, 2, table->rows[i]->figures[k]);
		}
	}
	metric_counter(metrics, "switchhook_delivery_attempts",
		       "Requests that were made, by service and result.");
	for (size_t i = 0; i < table->n; i++) {
		const struct tally_row *row = table->rows[i];
		uint64_t failed = row->figures[TALLY_FAILED_ATTEMPTS], all = row->figures[TALLY_ATTEMPTS];
		struct label labels[] = {{"service", row->name}, {"result", STR("good")}};
		metric_count(metrics, labels, 2, all > failed ? all - failed : 0);
		labels[1].value = STR("failed");
		metric_count(metrics, labels, 2, failed);
	}
	metric_gauge(metrics, "switchhook_deliveries_pending",
		     "Deliveries that are not settled, by service.");
	for (size_t i = 0; i < table->n; i++) {
		struct label label = {"service", table->rows[i]->name};
		metric_value(metrics, &label, 1, (double)(int64_t)table->rows[i]->figures[TALLY_PENDING]);
	}
	metric_gauge(metrics, "switchhook_breaker_open",
		     "1 while a service is left alone because it failed too often.");
	for (size_t i = 0; i < table->n; i++) {
		struct label label = {"service", table->rows[i]->name};
		metric_value(metrics, &label, 1, (double)table->rows[i]->figures[TALLY_BREAKER]);
	}
	metric_histogram(metrics, "switchhook_delivery_attempt_duration_seconds",
			 "How long requests took, by service.");
	for (size_t i = 0; i < table->n; i++) {
		struct label label = {"service", table->rows[i]->name};
		metric_times(metrics, &label, 1, &table->rows[i]->took);
	}
}

static void put_shards(struct metrics *metrics, const struct engine *engine)
{
	struct tally *tally = mem_zalloc(sizeof *tally);
	engine_tally(engine, tally);
	put_runs(metrics, &tally->tables[TALLY_RUNS]);
	put_deliveries(metrics, &tally->tables[TALLY_DELIVERIES]);
	metric_histogram(
		metrics, "switchhook_loop_turn_duration_seconds",
		"How long the loops of the shards were busy before they looked at their sockets again.");
	metric_times(metrics, NULL, 0, &tally->turns);
	one_value(metrics, "switchhook_lua_memory_bytes", "Memory that the campaigns' Lua states hold.",
		  (double)tally->lua_bytes);
	one_value(metrics, "switchhook_lua_states", "Lua states of campaigns.", (double)tally->lua_states);
	one_value(metrics, "switchhook_shards", "Threads that run rules and deliveries.",
		  engine_shards(engine));
	tally_finish(tally);
	free(tally);
}

static void put_engine(struct metrics *metrics, const struct engine *engine)
{
	struct engine_totals totals;
	engine_totals(engine, &totals);
	one_count(metrics, "switchhook_events_accepted", "Events that were accepted.", totals.events);
	one_count(metrics, "switchhook_event_duplicates", "Events that had been accepted before.",
		  totals.duplicates);
	one_count(metrics, "switchhook_runs_begun", "Runs of rules that were begun.", totals.runs);
	one_value(metrics, "switchhook_work_pending", "Events, runs and deliveries that are not settled.",
		  (double)engine_pending(engine));
}

/* --- rules, journal --- */

static void put_rules(struct metrics *metrics, const struct job *job)
{
	const struct ruleset *ruleset = job->ruleset;
	one_value(metrics, "switchhook_rules_generation", "The generation of rules that serves.",
		  ruleset->generation);
	one_value(metrics, "switchhook_rules_campaigns", "Campaigns that serve.",
		  (double)ruleset_loaded_campaigns(ruleset));
	one_value(metrics, "switchhook_rules_campaigns_kept",
		  "Campaigns whose script has errors and that go on as they were.", (double)ruleset->n_kept);
	one_value(metrics, "switchhook_rules_campaigns_not_loaded",
		  "Campaigns whose script has errors and that serve nothing.",
		  (double)(ruleset->n_campaigns - ruleset_loaded_campaigns(ruleset)));
	one_count(metrics, "switchhook_rules_reloads", "Times that other rules began to serve.",
		  job->reload.reloads);
	one_count(metrics, "switchhook_rules_reloads_refused", "Reloads that changed nothing for an error.",
		  job->reload.refused);
	one_value(metrics, "switchhook_rules_changed_time_seconds",
		  "When the rules that serve began to, in seconds since 1970.",
		  (double)job->reload.changed_ms / 1e3);
	one_value(metrics, "switchhook_rules_errors", "Errors of the rules that serve.",
		  (double)ruleset->n_errors);
	one_value(metrics, "switchhook_rules_warnings", "Warnings of the rules that serve.",
		  (double)(ruleset->n_problems - ruleset->n_errors));
}

static int put_journal(struct metrics *metrics, struct job *job)
{
	struct journal *journal = job->api->options.journal;
	struct journal_figures figures;
	struct histogram commits = {0};
	uint64_t rows = 0;
	if (!journal)
		return 0;
	if (journal_read_figures(job->api->reader, &figures, &job->error))
		return job_fail(job, 500);
	journal_commits(journal, &commits, &rows);
	int64_t oldest_ms = figures.oldest_pending_ms ? job->query.now_ms - figures.oldest_pending_ms : 0;
	metric_histogram(metrics, "switchhook_journal_commit_duration_seconds",
			 "How long commits of the journal took.");
	metric_times(metrics, NULL, 0, &commits);
	one_count(metrics, "switchhook_journal_rows_written", "Rows that were written to the journal.", rows);
	one_value(metrics, "switchhook_journal_size_bytes", "Size of the journal's database.",
		  (double)figures.bytes);
	one_value(metrics, "switchhook_journal_events", "Events in the journal.", (double)figures.events);
	one_value(metrics, "switchhook_journal_failing",
		  "1 while the journal cannot write and events are refused.", journal_failing(journal));
	one_value(metrics, "switchhook_deliveries_dead", "Deliveries in the journal that are dead.",
		  (double)figures.dead);
	one_value(metrics, "switchhook_oldest_pending_seconds",
		  "Age of the oldest delivery that is not settled.",
		  oldest_ms > 0 ? (double)oldest_ms / 1e3 : 0);
	return 0;
}

/* --- the routes --- */

static void work_metrics(struct job *job)
{
	struct api *api = job->api;
	struct metrics metrics = {.out = &job->body, .openmetrics = job->wants_openmetrics};
	struct label version = {"version", str_of(api->options.version)};
	metric_gauge(&metrics, "switchhook_build_info", "What runs; always 1.");
	metric_value(&metrics, &version, 1, 1);
	put_engine(&metrics, api->options.engine);
	put_shards(&metrics, api->options.engine);
	put_rules(&metrics, job);
	if (put_journal(&metrics, job))
		return;
	put_process(&metrics, api);
	metrics_end(&metrics);
	job->content_type = metrics.openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
						: "text/plain; version=0.0.4; charset=utf-8";
}

static bool holds(struct str text, struct str word)
{
	return text.n && memmem(text.p, text.n, word.p, word.n);
}

static void on_metrics(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", 0, 1, 1, false);
	if (!job)
		return;
	job->wants_openmetrics =
		holds(http_request_header(request, "accept"), STR("application/openmetrics-text"));
	job->work = work_metrics;
	job_post(job);
}

static void put_reason(struct buf *out, const char *reason)
{
	put_item(out);
	buf_printf(out, "\"%s\"", reason);
}

/* Would an event that comes now be accepted? */
static void put_reasons(struct buf *out, const struct api *api)
{
	struct ruleset *ruleset = engine_ruleset(api->options.engine);
	bool serves = ruleset_loaded_campaigns(ruleset) > 0;
	ruleset_unref(ruleset);
	if (!serves)
		put_reason(out, "no campaign serves");
	if (api->options.journal && journal_failing(api->options.journal))
		put_reason(out, "the journal cannot write");
	if (engine_full(api->options.engine))
		put_reason(out, "too much is pending");
}

static void on_readyz(void *context, struct http_request *request)
{
	const struct api *api = context;
	struct buf reasons, body;
	struct header headers[] = {{STR("Content-Type"), STR("application/json")},
				   {STR("Cache-Control"), STR("no-store")}};
	buf_init(&reasons, 1024);
	buf_init(&body, 2048);
	if (api->closed)
		put_reason(&reasons, "the engine is stopping");
	else
		put_reasons(&reasons, api);
	buf_printf(&body, "{\"status\":\"%s\",\"reasons\":[", reasons.n ? "not ready" : "ready");
	buf_str(&body, buf_view(&reasons));
	buf_str(&body, STR("]}"));
	http_respond(request, reasons.n ? 503 : 200, headers, countof(headers), buf_view(&body));
	buf_finish(&reasons);
	buf_finish(&body);
}

void routes_metrics(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/metrics", on_metrics, api);
	http_server_route(server, "GET", "/readyz", on_readyz, api);
}
