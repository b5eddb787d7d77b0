/* POST /v1/simulate: a simulation with the rules that serve, or with changes to them that are only tried. */
#include "simulate/http_simulate.h"

#include "format/json.h"
#include "script/duration.h"
#include "simulate/coverage_report.h"
#include "simulate/play.h"
#include "simulate/report.h"
#include "simulate/samples.h"
#include "simulate/trial.h"

enum { EVENTS_MAX = 1000 };

struct simulate_job {
	struct job *job;
	struct ruleset *ruleset;
	struct answers answers;
	struct event_list events;
	int64_t advance_ms, seed;
	struct trial_end end;
	struct coverage *coverage; /* NULL: nobody asked for it */
};

static int fail(struct simulate_job *simulate)
{
	return job_fail(simulate->job, 400);
}

/* --- what is asked --- */

/* A text is read as a file of samples is, to the digit, and its errors have their place in it. */
static int parse_events(struct simulate_job *simulate, const struct value *events)
{
	struct job *job = simulate->job;
	struct buf text;
	if (events->kind == VALUE_STRING)
		return samples_parse(events->text, "events", &simulate->events, &job->error);
	buf_init(&text, ANSWER_MAX);
	json_write(&text, events);
	int result = samples_parse(buf_view(&text), "events", &simulate->events, &job->error);
	buf_finish(&text);
	/* The line and column count in a text that the asker never saw. */
	job->error.line = job->error.column = 0;
	return result;
}

static int read_events(struct simulate_job *simulate, const struct value *events)
{
	struct job *job = simulate->job;
	if (!events ||
	    (events->kind != VALUE_ARRAY && events->kind != VALUE_OBJECT && events->kind != VALUE_STRING)) {
		error_set(&job->error, "'events' must be an event, an array of events, or their text");
		return fail(simulate);
	}
	int result = parse_events(simulate, events);
	if (result == 0 && (!simulate->events.n || simulate->events.n > EVENTS_MAX))
		result = error_set(&job->error, "'events' must hold 1 to %d events", EVENTS_MAX);
	if (result)
		return fail(simulate);
	samples_arrive(&simulate->events);
	return 0;
}

/* A text as events are. */
static int parse_answers(struct simulate_job *simulate, const struct value *answers)
{
	struct error *error = &simulate->job->error;
	struct buf text;
	if (answers->kind == VALUE_STRING)
		return answers_parse(&simulate->answers, answers->text, "answers", error);
	buf_init(&text, ANSWER_MAX);
	json_write(&text, answers);
	int result = answers_parse(&simulate->answers, buf_view(&text), "answers", error);
	buf_finish(&text);
	error->line = error->column = 0;
	return result;
}

static int read_answers(struct simulate_job *simulate, const struct value *answers)
{
	return answers && parse_answers(simulate, answers) ? fail(simulate) : 0;
}

static int wrong(struct simulate_job *simulate, const char *what)
{
	error_set(&simulate->job->error, "%s", what);
	return fail(simulate);
}

static int read_options(struct simulate_job *simulate, const struct value *body)
{
	const struct value *advance = value_get(body, STR("advance")),
			   *coverage = value_get(body, STR("coverage"));
	if (advance &&
	    (advance->kind != VALUE_STRING || !duration_parse(advance->text, &simulate->advance_ms)))
		return wrong(simulate, "'advance' must be a duration: \"10m\"");
	if (trial_number(simulate->job, body, "seed", 0, INT64_C(1000000000000000), 1, &simulate->seed))
		return -1;
	if (!coverage || coverage->kind == VALUE_FALSE)
		return 0;
	if (coverage->kind != VALUE_TRUE)
		return wrong(simulate, "'coverage' must be true or false");
	return coverage_create(simulate->ruleset, &simulate->coverage, &simulate->job->error)
		       ? job_fail(simulate->job, 500)
		       : 0;
}

static int read_body(struct simulate_job *simulate)
{
	static const struct str known[] = {{"events", 6},  {"answers", 7}, {"rules", 5},
					   {"advance", 7}, {"seed", 4},    {"coverage", 8}};
	struct job *job = simulate->job;
	struct value body;
	if (trial_body(job, known, countof(known), &body) ||
	    read_events(simulate, value_get(&body, STR("events"))) ||
	    read_answers(simulate, value_get(&body, STR("answers"))) ||
	    trial_rules(job, value_get(&body, STR("rules")), &simulate->ruleset))
		return -1;
	return read_options(simulate, &body);
}

/* --- what is answered --- */

static bool add_result(void *context, struct result *result)
{
	struct simulate_job *simulate = context;
	report_items(&simulate->job->body, result);
	result_free(result);
	return !simulate->job->body.overflow && trial_has_time(simulate->job, &simulate->end);
}

static bool has_time(void *context, size_t n)
{
	struct simulate_job *simulate = context;
	return trial_has_time(simulate->job, &simulate->end);
}

static void cut_short(struct simulate_job *simulate)
{
	struct error *error = &simulate->job->error;
	if (trial_has_time(simulate->job, &simulate->end))
		error_set(error, "the simulation held more than %d MiB", TRIAL_BYTES_MAX >> 20);
	else
		error_set(error, "the simulation took longer than %d s", TRIAL_CPU_MAX_MS / 1000);
	error_hint(error, "ask for fewer events");
	job_fail(simulate->job, 422);
}

static void play(struct simulate_job *simulate)
{
	struct job *job = simulate->job;
	struct buf *out = &job->body;
	const struct ruleset *ruleset = simulate->ruleset;
	struct play play = {
		.simulation = {.ruleset = ruleset,
			       .answers = &simulate->answers,
			       .seed = (uint64_t)simulate->seed,
			       .coverage = simulate->coverage},
		.advance_ms = simulate->advance_ms,
		.bytes_max = TRIAL_BYTES_MAX,
		.result = add_result,
		.progress = has_time,
		.context = simulate,
	};
	simulate->end = trial_end();
	buf_char(out, '{');
	put_number(out, "generation", ruleset->generation);
	put_problems(out, ruleset);
	put_key(out, "results");
	buf_char(out, '[');
	int result = play_events(&play, &simulate->events, &job->error);
	buf_char(out, ']');
	if (simulate->coverage)
		coverage_put(out, simulate->coverage, (struct str){0});
	buf_char(out, '}');
	if (result < 0)
		job_fail(job, 500);
	else if (result > 0 && !out->overflow)
		cut_short(simulate);
}

static void work_simulate(struct job *job)
{
	struct simulate_job simulate = {.job = job};
	answers_init(&simulate.answers);
	if (read_body(&simulate) == 0)
		play(&simulate);
	event_list_finish(&simulate.events);
	answers_finish(&simulate.answers);
	coverage_destroy(simulate.coverage);
	ruleset_unref(simulate.ruleset);
}

static void on_simulate(void *context, struct http_request *request)
{
	trial_begin(context, request, work_simulate, NULL);
}

void simulate_routes(struct api *api, struct http_server *server)
{
	http_server_route(server, "POST", "/v1/simulate", on_simulate, api);
	http_server_route(server, "POST", "/v1/simulate/diff", simulate_on_diff, api);
	http_server_route(server, "POST", "/v1/rules/check", simulate_on_check, api);
	http_server_route(server, "PUT", "/v1/rules/files", simulate_on_edit, api);
	http_server_route(server, "GET", "/v1/samples", simulate_on_samples, api);
}
