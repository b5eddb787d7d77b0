/* GET /v1/status */
#include "api/api_private.h"

static void show_totals(struct buf *out, const struct engine *engine)
{
	struct engine_totals totals;
	engine_totals(engine, &totals);
	put_key(out, "totals");
	buf_char(out, '{');
	put_number(out, "events", (int64_t)totals.events);
	put_number(out, "duplicates", (int64_t)totals.duplicates);
	put_number(out, "runs", (int64_t)totals.runs);
	put_number(out, "runs_failed", (int64_t)totals.runs_failed);
	put_number(out, "delivered", (int64_t)totals.delivered);
	put_number(out, "dead", (int64_t)totals.dead);
	put_number(out, "expired", (int64_t)totals.expired);
	put_number(out, "attempts", (int64_t)totals.attempts);
	buf_char(out, '}');
}

static void show_loaded(struct buf *out, const struct ruleset *ruleset)
{
	put_number(out, "generation", ruleset->generation);
	put_number(out, "campaigns", (int64_t)ruleset_loaded_campaigns(ruleset));
	put_number(out, "services", (int64_t)ruleset->n_services);
	put_number(out, "rule_errors", (int64_t)ruleset->n_errors);
	put_number(out, "rule_warnings", (int64_t)(ruleset->n_problems - ruleset->n_errors));
	put_kept(out, ruleset);
}

static void show_reloads(struct buf *out, const struct reload_figures *figures)
{
	if (!figures->changed_ms) {
		put_null(out, "rules");
		return;
	}
	put_key(out, "rules");
	buf_char(out, '{');
	put_time(out, "serving_since", figures->changed_ms);
	put_text(out, "cause", str_of(reload_cause_name(figures->cause)));
	put_number(out, "reloads", (int64_t)figures->reloads);
	put_number(out, "refused", (int64_t)figures->refused);
	put_bool(out, "watching", figures->watching);
	buf_char(out, '}');
}

static void show_journal(struct job *job, struct buf *out)
{
	struct journal_figures figures;
	struct journal *journal = job->api->options.journal;
	if (!journal) {
		put_null(out, "journal");
		return;
	}
	if (journal_read_figures(job->api->reader, &figures, &job->error)) {
		job_fail(job, 500);
		return;
	}
	put_key(out, "journal");
	buf_char(out, '{');
	put_bool(out, "failing", journal_failing(journal));
	put_number(out, "events", (int64_t)figures.events);
	put_number(out, "open_events", (int64_t)figures.open_events);
	put_number(out, "pending_deliveries", (int64_t)figures.pending);
	put_number(out, "dead_deliveries", (int64_t)figures.dead);
	put_time(out, "oldest_pending_time", figures.oldest_pending_ms);
	put_number(out, "last_seq", (int64_t)figures.last_seq);
	put_number(out, "bytes", figures.bytes);
	put_number(out, "commits", (int64_t)figures.commits);
	put_number(out, "last_commit_us", figures.last_commit_us);
	buf_char(out, '}');
}

static void work_status(struct job *job)
{
	const struct api *api = job->api;
	struct buf *out = &job->body;
	buf_char(out, '{');
	put_text(out, "version", str_of(api->options.version));
	put_time(out, "started", api->started_ms);
	put_number(out, "started_ms", api->started_ms);
	put_text(out, "durability", str_of(api->options.durability));
	put_number(out, "pending", (int64_t)engine_pending(api->options.engine));
	show_loaded(out, job->ruleset);
	show_reloads(out, &job->reload);
	show_totals(out, api->options.engine);
	show_journal(job, out);
	buf_char(out, '}');
}

static void on_status(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", 0, 1, 1, false);
	if (!job)
		return;
	job->work = work_status;
	job_post(job);
}

void routes_status(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/status", on_status, api);
}
