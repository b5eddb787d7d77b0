/* What a reload changed, for the answer, the history and the log. */
#include "engine/reload_private.h"

#include "format/json.h"

#include <stdio.h>

enum { SHOWN_MAX = 50, LOGGED_MAX = 20 };

static void add_change(struct reload_job *job, enum reload_change_kind kind, const struct campaign *campaign)
{
	job->changes[job->report.n_changes++] = (struct reload_change){kind, campaign->name};
}

static void retire(struct reload_job *job, const struct campaign *campaign)
{
	job->retired[job->n_retired++] = unit_ref(campaign->unit);
}

/* Both are sorted by name. What has the same unit is the same. */
void reload_compare(struct reload_job *job, const struct ruleset *before, const struct ruleset *after)
{
	size_t n_before = before ? before->n_campaigns : 0, i = 0, j = 0;
	job->changes = mem_zalloc((n_before + after->n_campaigns + 1) * sizeof *job->changes);
	job->retired = mem_zalloc((n_before + 1) * sizeof(struct unit *));
	while (i < n_before || j < after->n_campaigns) {
		const struct campaign *old = i < n_before ? before->campaigns[i] : NULL,
				      *new = j < after->n_campaigns ? after->campaigns[j] : NULL;
		int order = !old ? 1 : !new ? -1 : str_cmp(old->name, new->name);
		if (order < 0) {
			add_change(job, CAMPAIGN_REMOVED, old);
			retire(job, old);
		} else if (order > 0) {
			add_change(job, CAMPAIGN_ADDED, new);
		} else if (old != new) {
			add_change(job, CAMPAIGN_CHANGED, new);
			retire(job, old);
		}
		i += order <= 0;
		j += order >= 0;
	}
	job->report.changes = job->changes;
}

/* --- history --- */

static void put_names(struct buf *out, const char *key, const struct reload_job *job,
		      enum reload_change_kind kind)
{
	size_t n = 0, shown = 0;
	for (size_t i = 0; i < job->report.n_changes; i++)
		n += job->changes[i].kind == kind;
	buf_printf(out, "\"n_%s\":%zu,\"%s\":[", key, n, key);
	for (size_t i = 0; i < job->report.n_changes && shown < SHOWN_MAX; i++) {
		if (job->changes[i].kind != kind)
			continue;
		buf_str(out, shown++ ? STR(",") : STR(""));
		json_write_string(out, job->changes[i].campaign);
	}
	buf_str(out, STR("],"));
}

void reload_summary(const struct reload_job *job, struct buf *out)
{
	const struct ruleset *ruleset = job->ruleset;
	size_t shown = 0;
	buf_char(out, '{');
	put_names(out, "added", job, CAMPAIGN_ADDED);
	put_names(out, "changed", job, CAMPAIGN_CHANGED);
	put_names(out, "removed", job, CAMPAIGN_REMOVED);
	buf_printf(out, "\"campaigns\":%zu,\"errors\":%zu,\"n_kept\":%zu,\"kept\":[",
		   ruleset_loaded_campaigns(ruleset), ruleset->n_errors, ruleset->n_kept);
	for (size_t i = 0; i < ruleset->n_campaigns && shown < SHOWN_MAX; i++) {
		if (!ruleset->kept[i])
			continue;
		buf_str(out, shown++ ? STR(",") : STR(""));
		json_write_string(out, ruleset->campaigns[i]->name);
	}
	buf_str(out, STR("]}"));
}

/* --- log --- */

static void log_problem(const struct log *log, const struct problem *problem)
{
	const struct error *error = &problem->error;
	char place[sizeof error->file + 32];
	snprintf(place, sizeof place, error->column > 0 ? "%s:%d:%d" : "%s:%d", error->file, error->line,
		 error->column);
	log_entry(log, problem->warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "rules", "at",
		  error->file[0] ? place : NULL, problem->warning ? "warning" : "error", error->what, "hint",
		  error->hint[0] ? error->hint : NULL, NULL);
}

static void log_problems(const struct log *log, const struct ruleset *ruleset)
{
	size_t logged = 0;
	char more[32];
	for (size_t i = 0; i < ruleset->n_problems && logged < LOGGED_MAX; i++) {
		if (ruleset->problems[i].warning)
			continue;
		log_problem(log, &ruleset->problems[i]);
		logged++;
	}
	if (ruleset->n_errors <= logged)
		return;
	snprintf(more, sizeof more, "%zu", ruleset->n_errors - logged);
	log_error(log, "rules have more errors: `switchhook check` shows all", "more", more);
}

void reload_log_kept(const struct log *log, const struct ruleset *ruleset)
{
	size_t logged = 0;
	for (size_t i = 0; i < ruleset->n_campaigns && logged < LOGGED_MAX; i++) {
		const struct campaign *campaign = ruleset->campaigns[i];
		char generation[32];
		if (!ruleset->kept[i] && campaign->loaded)
			continue;
		snprintf(generation, sizeof generation, "%u", campaign->unit->generation);
		log_error(log,
			  campaign->loaded ? "a campaign has errors and goes on as it was"
					   : "a campaign has errors and serves nothing",
			  "campaign", LOG_STR(campaign->name), "generation",
			  campaign->loaded && campaign->unit->generation ? generation : NULL);
		logged++;
	}
}

static size_t count(const struct reload_report *report, enum reload_change_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < report->n_changes; i++)
		n += report->changes[i].kind == kind;
	return n;
}

void reload_log(const struct reloader *reloader, const struct reload_report *report)
{
	const struct log *log = reloader->options.log;
	const char *cause = reload_cause_name(report->cause);
	char generation[32], before[32], counts[3][32], took[32];
	if (report->refused) {
		log_error(log, "the rules did not change", "cause", cause, "error", report->error.what,
			  "hint", report->error.hint[0] ? report->error.hint : NULL);
		return;
	}
	snprintf(generation, sizeof generation, "%u", report->generation);
	snprintf(before, sizeof before, "%u", report->before);
	snprintf(took, sizeof took, "%lld", (long long)report->took_ms);
	for (int kind = CAMPAIGN_ADDED; kind <= CAMPAIGN_REMOVED; kind++)
		snprintf(counts[kind], sizeof counts[kind], "%zu",
			 count(report, (enum reload_change_kind)kind));
	log_problems(log, report->ruleset);
	reload_log_kept(log, report->ruleset);
	if (report->generation == report->before)
		log_info(log, "the rules are as they were", "cause", cause, "generation", generation);
	else
		log_info(log, "other rules serve", "cause", cause, "generation", generation, "before", before,
			 "added", counts[CAMPAIGN_ADDED], "changed", counts[CAMPAIGN_CHANGED], "removed",
			 counts[CAMPAIGN_REMOVED], "took_ms", took);
}
