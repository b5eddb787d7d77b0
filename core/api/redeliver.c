/* POST /v1/deliveries/ID/redeliver, POST /v1/redeliver
 *
 * The deliveries are taken in groups: the API's thread reads them, the main thread hands them to the engine,
 * and when all of a group are pending again on disk the next is read. One request after the other.
 */
#include "api/redeliver_private.h"

#include "engine/run_id.h"
#include "format/json.h"

static void release_group(struct redelivery_job *redelivery)
{
	for (size_t i = 0; i < redelivery->n_group; i++) {
		event_unref(redelivery->group[i].event);
		ruleset_unref(redelivery->group[i].ruleset);
	}
	redelivery->n_group = 0;
	arena_finish(&redelivery->arena);
}

void redelivery_free(struct redelivery_job *redelivery)
{
	if (!redelivery)
		return;
	list_remove(&redelivery->in_queue);
	release_group(redelivery);
	buf_finish(&redelivery->begun);
	buf_finish(&redelivery->refused);
	missing_free(redelivery->missing);
	free(redelivery->ids);
	free(redelivery);
}

void redelivery_abandon(struct job *job)
{
	if (job->redelivery)
		list_remove(&job->redelivery->in_queue);
	if (!job->redelivery || !job->redelivery->outstanding)
		job_free(job);
}

/* --- the answer --- */

static void begin_next(struct api *api);

static void write_answer(struct job *job)
{
	const struct redelivery_job *redelivery = job->redelivery;
	struct buf *out = &job->body;
	buf_char(out, '{');
	if (redelivery->single) {
		put_text(out, "id", redelivery->ids[0]);
		put_text(out, "state", STR("pending"));
	} else {
		put_number(out, "count", (int64_t)redelivery->n_begun);
		put_key(out, "ids");
		buf_printf(out, "[" STR_FMT "]", STR_ARG(buf_view(&redelivery->begun)));
		put_key(out, "refused");
		buf_printf(out, "[" STR_FMT "]", STR_ARG(buf_view(&redelivery->refused)));
		put_bool(out, "more", redelivery->more);
		put_bool(out, "dry_run", job->query.dry_run);
		if (redelivery->missing)
			missing_put(job, out);
	}
	buf_char(out, '}');
	job->status = job->query.dry_run ? 200 : 202;
}

static void finish(struct job *job)
{
	struct api *api = job->api;
	if (job->status < 400)
		write_answer(job);
	job_answer(job);
	begin_next(api);
}

/* --- handing a group to the engine; on the main thread --- */

static void note_refused(struct job *job, struct str id, const struct error *error, int status)
{
	struct redelivery_job *redelivery = job->redelivery;
	struct buf *out = &redelivery->refused;
	if (redelivery->single) {
		job->error = *error;
		job_fail(job, status);
		return;
	}
	if (out->n)
		buf_char(out, ',');
	buf_char(out, '{');
	put_text(out, "id", id);
	put_text(out, "reason", str_of(error->what));
	buf_char(out, '}');
}

void redelivery_note_begun(struct redelivery_job *redelivery, struct str id)
{
	if (redelivery->n_begun++)
		buf_char(&redelivery->begun, ',');
	json_write_string(&redelivery->begun, id);
}

static void group_done(struct job *job)
{
	struct redelivery_job *redelivery = job->redelivery;
	bool collecting = missing_is_collecting(redelivery->missing);
	release_group(redelivery);
	if ((redelivery->next == redelivery->n && !collecting) || job->status >= 400) {
		finish(job);
		return;
	}
	job->work = collecting ? missing_collect : redelivery_read_group;
	job_post(job);
}

static void on_begun(void *context)
{
	struct job *job = context;
	if (--job->redelivery->outstanding)
		return;
	if (job->api)
		group_done(job);
	else
		job_free(job);
}

static struct begun begun_of(struct job *job)
{
	return (struct begun){on_begun, job->api->options.mailbox, job};
}

static int rerun(struct job *job, const struct found *found, struct error *reterr)
{
	struct rerun asked = {.row = &found->run,
			      .event = found->event,
			      .event_done = found->event_done,
			      .ruleset = found->ruleset,
			      .rerender = job->query.rerender,
			      .begun = begun_of(job)};
	return engine_rerun(job->api->options.engine, &asked, reterr);
}

static int run_missing(struct job *job, const struct found *found, struct error *reterr)
{
	struct missing_runs asked = {.event = found->event,
				     .event_done = found->event_done,
				     .ruleset = found->ruleset,
				     .rules = found->rules,
				     .n = found->n_rules,
				     .begun = begun_of(job)};
	return engine_run_missing(job->api->options.engine, &asked, reterr);
}

static int redeliver(struct job *job, const struct found *found, struct error *reterr)
{
	struct redelivery asked = {.row = &found->row,
				   .event = found->event,
				   .event_done = found->event_done,
				   .rerender = job->query.rerender,
				   .begun = begun_of(job)};
	return engine_redeliver(job->api->options.engine, &asked, reterr);
}

static void hand_over(struct job *job, const struct found *found)
{
	struct redelivery_job *redelivery = job->redelivery;
	struct error error = {0};
	if (!found->has_row && !found->has_run) {
		error_set(&error,
			  run_id_seq(found->id) ? "there is no such run" : "there is no such delivery");
		note_refused(job, found->id, &error, 404);
	} else if (!found->event) {
		error_set(&error, "the journal does not hold its event any more");
		note_refused(job, found->id, &error, 409);
	} else if (found->has_run ? rerun(job, found, &error) : redeliver(job, found, &error)) {
		note_refused(job, found->id, &error, 409);
	} else {
		redelivery_note_begun(redelivery, found->id);
		redelivery->outstanding++;
	}
}

/* The runs of one event: all or none. */
static void hand_over_missing(struct job *job, const struct found *found)
{
	struct error error = {0};
	char id[RUN_ID_SIZE];
	bool refused = true;
	if (!found->event)
		error_set(&error, "the journal does not hold its event any more");
	else
		refused = run_missing(job, found, &error) != 0;
	for (size_t i = 0; i < found->n_rules; i++) {
		const struct rule *rule = found->rules[i];
		struct str name = run_id(id, found->seq, rule->campaign->name, rule->name);
		if (refused)
			note_refused(job, name, &error, 409);
		else
			redelivery_note_begun(job->redelivery, name);
	}
	job->redelivery->outstanding += !refused;
}

/* `begun` comes by mailbox, never from within. */
static void then_hand_over(struct job *job)
{
	struct redelivery_job *redelivery = job->redelivery;
	for (size_t i = 0; job->status < 400 && i < redelivery->n_group; i++)
		(redelivery->missing ? hand_over_missing : hand_over)(job, &redelivery->group[i]);
	if (!redelivery->outstanding)
		group_done(job);
}

/* --- the routes --- */

static void begin_next(struct api *api)
{
	struct list *item = list_first(&api->redelivery_jobs);
	if (item)
		job_post(container_of(item, struct redelivery_job, in_queue)->job);
}

static struct redelivery_job *redelivery_new(struct job *job, bool single)
{
	struct redelivery_job *redelivery = mem_zalloc(sizeof *redelivery);
	redelivery->job = job;
	redelivery->single = single;
	list_init(&redelivery->in_queue);
	arena_init(&redelivery->arena, GROUP_ARENA_MAX);
	buf_init(&redelivery->begun, ANSWER_MAX / 4);
	buf_init(&redelivery->refused, ANSWER_MAX / 4);
	job->redelivery = redelivery;
	job->then = then_hand_over;
	return redelivery;
}

static void enqueue(struct redelivery_job *redelivery)
{
	struct list *queue = &redelivery->job->api->redelivery_jobs;
	bool first = list_empty(queue);
	list_append(queue, &redelivery->in_queue);
	if (first)
		job_post(redelivery->job);
}

static int read_body(struct job *job, unsigned parameters)
{
	struct value body;
	struct str text = http_request_body(job->request);
	if (str_trim(text).n == 0)
		return 0;
	if (json_parse(text, (struct json_limits){.depth = 4, .values = 100}, &job->arena, &body,
		       &job->error) ||
	    api_query_set_members(&job->query, parameters, &body, &job->error))
		return job_fail(job, 400);
	return 0;
}

static int check_filter(struct job *job)
{
	int state = job->query.state;
	if (job->query.missing)
		return missing_check(job);
	if (job->query.rule.p || job->query.after) {
		error_set(&job->error, "'%s' goes with 'missing' only", job->query.rule.p ? "rule" : "after");
		return job_fail(job, 400);
	}
	if (state >= 0 && state != DELIVERY_PENDING)
		return 0;
	error_set(&job->error,
		  state < 0 ? "'state' is missing" : "pending deliveries are sent by themselves");
	error_hint(&job->error,
		   "{\"state\":\"dead\"}, perhaps with service, campaign, call, since, dry_run; or "
		   "{\"missing\":true,\"since\":\"2h\"}");
	return job_fail(job, 400);
}

/* A page of some other site, open in an operator's browser, can post to any address that the browser reaches.
 * Browsers name that site; programs name none. */
static bool is_from_other_site(struct http_request *request)
{
	struct str origin = http_request_header(request, "origin");
	struct str host = http_request_header(request, "host");
	struct error error;
	const char *slashes = origin.p ? memmem(origin.p, origin.n, "://", 3) : NULL;
	if (!origin.p ||
	    (slashes && str_eq(host, (struct str){slashes + 3, origin.n - 3 - (size_t)(slashes - origin.p)})))
		return false;
	error_set(&error, "a page of another site may not ask for this");
	http_respond_problem(request, 403, &error, 0);
	return true;
}

static void on_many(void *context, struct http_request *request)
{
	if (is_from_other_site(request))
		return;
	unsigned parameters = PARAMETER_STATE | PARAMETER_SERVICE | PARAMETER_CAMPAIGN | PARAMETER_CALL |
			      PARAMETER_SINCE | PARAMETER_LIMIT | PARAMETER_DRY_RUN | PARAMETER_RERENDER |
			      PARAMETER_MISSING | PARAMETER_RULE | PARAMETER_AFTER;
	struct job *job = job_new(context, request, "", 0, IDS_MAX, IDS_MAX, true);
	if (!job)
		return;
	if (read_body(job, parameters) || check_filter(job)) {
		job_answer(job);
		return;
	}
	struct redelivery_job *redelivery = redelivery_new(job, false);
	redelivery->missing = job->query.missing ? missing_new(job) : NULL;
	job->work = redelivery->missing ? missing_collect : redelivery_collect;
	enqueue(redelivery);
}

static void on_one(void *context, struct http_request *request)
{
	if (is_from_other_site(request))
		return;
	struct job *job = job_new(context, request, "/v1/deliveries/", 0, 1, 1, true);
	const struct str end = STR("/redeliver");
	if (!job)
		return;
	if (!str_ends(job->path, end)) {
		error_set(&job->error, "nothing is at this path");
		job_fail(job, 404);
	} else {
		read_body(job, PARAMETER_RERENDER);
	}
	if (job->status >= 400) {
		job_answer(job);
		return;
	}
	job->work = redelivery_read_group;
	struct redelivery_job *redelivery = redelivery_new(job, true);
	redelivery->ids = mem_alloc(sizeof *redelivery->ids);
	redelivery->ids[0] = (struct str){job->path.p, job->path.n - end.n};
	redelivery->n = 1;
	enqueue(redelivery);
}

void routes_redeliver(struct api *api, struct http_server *server)
{
	http_server_route(server, "POST", "/v1/redeliver", on_many, api);
	http_server_route(server, "POST", "/v1/deliveries/*", on_one, api);
}
