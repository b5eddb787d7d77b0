/* GET /v1/rules: what is loaded and serves. */
#include "api/api_private.h"

#include "format/error_text.h"
#include "format/json.h"

/* --- rules --- */

static void show_conditions(struct buf *out, const struct rule *rule)
{
	put_key(out, "when");
	buf_char(out, '[');
	for (size_t i = 0; i < rule->n_when; i++) {
		put_item(out);
		buf_char(out, '{');
		put_text(out, "tag", rule->when[i].tag);
		put_bool(out, "negated", rule->when[i].negated);
		put_text(out, "condition", rule->when[i].shown);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void show_fired(struct buf *out, const struct rule *rule)
{
	put_key(out, "fire");
	buf_char(out, '[');
	for (size_t i = 0; i < rule->n_fire; i++) {
		put_item(out);
		json_write_string(out, rule->fire[i]->name);
	}
	buf_char(out, ']');
}

/* `kept`: its file has errors, and this is its last good version. */
static void show_campaign(struct buf *out, const struct campaign *campaign, bool kept)
{
	put_item(out);
	buf_char(out, '{');
	put_text(out, "name", campaign->name);
	put_text(out, "file", campaign->file);
	put_bool(out, "loaded", campaign->loaded);
	put_bool(out, "kept", kept);
	if (campaign->loaded && campaign->unit->generation)
		put_number(out, "generation", campaign->unit->generation);
	else
		put_null(out, "generation");
	put_texts(out, "serves", campaign->serves, campaign->n_serves);
	put_key(out, "rules");
	buf_char(out, '[');
	for (size_t i = 0; i < campaign->n_rules; i++) {
		const struct rule *rule = &campaign->rules[i];
		put_item(out);
		buf_char(out, '{');
		put_text(out, "name", rule->name);
		put_number(out, "line", rule->line);
		put_texts(out, "on", rule->on, rule->n_on);
		show_conditions(out, rule);
		show_fired(out, rule);
		put_bool(out, "run", rule->has_run);
		put_bool(out, "once", rule->has_once);
		buf_char(out, '}');
	}
	buf_str(out, STR("]}"));
}

static void show_problem(struct buf *out, const struct problem *problem)
{
	const struct error *error = &problem->error;
	put_item(out);
	buf_char(out, '{');
	put_text(out, "severity", problem->warning ? STR("warning") : STR("error"));
	buf_char(out, ',');
	error_write_members(out, error);
	buf_char(out, '}');
}

void put_problems(struct buf *out, const struct ruleset *ruleset)
{
	put_key(out, "problems");
	buf_char(out, '[');
	for (size_t i = 0; i < ruleset->n_problems; i++)
		show_problem(out, &ruleset->problems[i]);
	buf_char(out, ']');
}

static void work_rules(struct job *job)
{
	const struct ruleset *ruleset = job->ruleset;
	struct buf *out = &job->body;
	buf_char(out, '{');
	put_number(out, "generation", ruleset->generation);
	put_key(out, "campaigns");
	buf_char(out, '[');
	for (size_t i = 0; i < ruleset->n_campaigns; i++)
		show_campaign(out, ruleset->campaigns[i], ruleset->kept[i] != NULL);
	buf_char(out, ']');
	put_problems(out, ruleset);
	buf_char(out, '}');
}

static void on_rules(void *context, struct http_request *request)
{
	struct job *job = job_new(context, request, "", 0, 1, 1, false);
	if (!job)
		return;
	job->work = work_rules;
	job_post(job);
}

void routes_rules(struct api *api, struct http_server *server)
{
	http_server_route(server, "GET", "/v1/rules", on_rules, api);
}
