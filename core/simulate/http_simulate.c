/* It is worked on by the API's thread: a simulation holds up what reads the journal, and no event. */
#include "simulate/http_simulate.h"

#include "api/api_private.h"
#include "format/json.h"
#include "script/duration.h"
#include "script/script.h"
#include "simulate/coverage_report.h"
#include "simulate/play.h"
#include "simulate/report.h"
#include "simulate/samples.h"

enum {
	EVENTS_MAX = 1000,
	FILES_MAX = 100,    /* that a request may replace */
	TIME_MAX_MS = 5000, /* of the machine's clock */
};

struct simulate_job {
	struct job *job;
	struct ruleset *ruleset;
	struct answers answers;
	struct event_list events;
	int64_t advance_ms, seed, until_us;
	struct coverage *coverage; /* NULL: nobody asked for it */
};

static int fail(struct simulate_job *simulate)
{
	return job_fail(simulate->job, 400);
}

/* --- what is asked --- */

static int read_events(struct simulate_job *simulate, const struct value *events)
{
	struct job *job = simulate->job;
	struct buf text;
	if (!events || (events->kind != VALUE_ARRAY && events->kind != VALUE_OBJECT)) {
		error_set(&job->error, "'events' must be an event or an array of events");
		return fail(simulate);
	}
	buf_init(&text, ANSWER_MAX);
	json_write(&text, events);
	int result = samples_parse(buf_view(&text), "events", &simulate->events, &job->error);
	buf_finish(&text);
	if (result == 0 && (!simulate->events.n || simulate->events.n > EVENTS_MAX))
		result = error_set(&job->error, "'events' must hold 1 to %d events", EVENTS_MAX);
	/* Their line and column count in a text that the asker never saw. */
	job->error.line = job->error.column = 0;
	if (result)
		return fail(simulate);
	samples_arrive(&simulate->events);
	return 0;
}

static int read_answers(struct simulate_job *simulate, const struct value *answers)
{
	struct buf text;
	if (!answers)
		return 0;
	buf_init(&text, ANSWER_MAX);
	json_write(&text, answers);
	int result = answers_parse(&simulate->answers, buf_view(&text), "answers", &simulate->job->error);
	buf_finish(&text);
	return result ? fail(simulate) : 0;
}

static struct source_file *find_file(struct source_file *files, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(files[i].path, path))
			return &files[i];
	return NULL;
}

/* The files that serve, with those of the request in their place or beside them; null takes one away. */
static int change_rules(struct simulate_job *simulate, const struct value *changes)
{
	const struct ruleset *serving = simulate->ruleset;
	struct job *job = simulate->job;
	size_t n = serving->n_files;
	if (changes->kind != VALUE_OBJECT || changes->n > FILES_MAX) {
		error_set(&job->error, "'rules' must be an object of at most %d files: {\"sales.lua\":\"…\"}",
			  FILES_MAX);
		return fail(simulate);
	}
	struct source_file *files = mem_alloc((n + changes->n + 1) * sizeof *files);
	if (n)
		memcpy(files, serving->files, n * sizeof *files);
	for (uint32_t i = 0; i < changes->n; i++) {
		const struct member *member = &changes->members[i];
		struct source_file *file = find_file(files, n, member->key);
		if (member->value.kind == VALUE_NULL) {
			if (file)
				*file = files[--n];
			continue;
		}
		if (member->value.kind != VALUE_STRING || !str_ends(member->key, STR(".lua"))) {
			error_set(&job->error, "'rules' must hold the texts of .lua files, or null");
			free(files);
			return fail(simulate);
		}
		if (!file)
			file = &files[n++];
		*file = (struct source_file){member->key, member->value.text};
	}
	simulate->ruleset = script_reload(serving, files, n, true, serving->generation, NULL);
	ruleset_unref((struct ruleset *)(uintptr_t)serving);
	free(files);
	return 0;
}

static int wrong(struct simulate_job *simulate, const char *what)
{
	error_set(&simulate->job->error, "%s", what);
	return fail(simulate);
}

static int read_options(struct simulate_job *simulate, const struct value *body)
{
	static const struct str known[] = {{"events", 6},  {"answers", 7}, {"rules", 5},
					   {"advance", 7}, {"seed", 4},    {"coverage", 8}};
	const struct value *advance = value_get(body, STR("advance")), *seed = value_get(body, STR("seed"));
	double number;
	for (uint32_t i = 0; i < body->n; i++) {
		bool is_known = false;
		for (size_t j = 0; j < countof(known); j++)
			is_known |= str_eq(body->members[i].key, known[j]);
		if (!is_known) {
			error_set(&simulate->job->error, "unknown member '" STR_FMT "'",
				  STR_ARG(body->members[i].key));
			error_hint(&simulate->job->error,
				   "known are events, answers, rules, advance, seed, coverage");
			return fail(simulate);
		}
	}
	if (advance &&
	    (advance->kind != VALUE_STRING || !duration_parse(advance->text, &simulate->advance_ms)))
		return wrong(simulate, "'advance' must be a duration: \"10m\"");
	if (seed &&
	    (seed->kind != VALUE_NUMBER || !value_number(seed, &number) || number < 0 || number > 1e15))
		return wrong(simulate, "'seed' must be a number, 0 or more");
	simulate->seed = seed ? (int64_t)number : 1;
	return 0;
}

static int read_body(struct simulate_job *simulate)
{
	struct job *job = simulate->job;
	struct value body;
	if (json_parse(job->input, (struct json_limits){0}, &job->arena, &body, &job->error))
		return fail(simulate);
	if (body.kind != VALUE_OBJECT)
		return wrong(simulate, "the body must be an object: {\"events\":[…]}");
	const struct value *rules = value_get(&body, STR("rules"));
	simulate->ruleset = ruleset_ref(job->ruleset);
	if (read_options(simulate, &body) || read_events(simulate, value_get(&body, STR("events"))) ||
	    read_answers(simulate, value_get(&body, STR("answers"))))
		return -1;
	if (rules && change_rules(simulate, rules))
		return -1;
	const struct value *coverage = value_get(&body, STR("coverage"));
	if (!coverage || coverage->kind == VALUE_FALSE)
		return 0;
	if (coverage->kind != VALUE_TRUE)
		return wrong(simulate, "'coverage' must be true or false");
	return coverage_create(simulate->ruleset, &simulate->coverage, &job->error) ? job_fail(job, 500) : 0;
}

/* --- what is answered --- */

static bool add_result(void *context, struct result *result)
{
	struct simulate_job *simulate = context;
	report_items(&simulate->job->body, result);
	result_free(result);
	return !simulate->job->body.overflow && clock_mono_us(clock_system()) < simulate->until_us;
}

static bool has_time(void *context, size_t n)
{
	struct simulate_job *simulate = context;
	return clock_mono_us(clock_system()) < simulate->until_us;
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
		.result = add_result,
		.progress = has_time,
		.context = simulate,
	};
	simulate->until_us = clock_mono_us(clock_system()) + TIME_MAX_MS * 1000;
	buf_char(out, '{');
	put_number(out, "generation", ruleset->generation);
	put_problems(out, ruleset);
	put_key(out, "results");
	buf_char(out, '[');
	int result = play_events(&play, &simulate->events, &job->error);
	buf_char(out, ']');
	if (simulate->coverage)
		coverage_put(out, simulate->coverage);
	buf_char(out, '}');
	if (result < 0) {
		job_fail(job, 500);
	} else if (result > 0 && !out->overflow) {
		error_set(&job->error, "the simulation took longer than %d s; ask for fewer events",
			  TIME_MAX_MS / 1000);
		job_fail(job, 422);
	}
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
	struct job *job = job_new(context, request, "", 0, 1, 1, false);
	if (!job)
		return;
	job->input = arena_copy(&job->arena, http_request_body(request));
	job->work = work_simulate;
	job_post(job);
}

void simulate_routes(struct api *api, struct http_server *server)
{
	http_server_route(server, "POST", "/v1/simulate", on_simulate, api);
}
