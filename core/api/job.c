/* A request that needs the journal: from the main thread to the API's own, and back with the answer. */
#include "api/api_private.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- the beginning --- */

struct reading {
	struct job *job;
	unsigned parameters;
	int failed;
};

static void read_parameter(void *context, struct str name, struct str value)
{
	struct reading *reading = context;
	struct job *job = reading->job;
	struct str copy = arena_copy(&job->arena, value);
	if (!reading->failed && copy.p)
		reading->failed = api_query_set(&job->query, reading->parameters, name, copy, &job->error);
}

static bool refuse(const struct api *api, struct http_request *request, bool needs_journal)
{
	struct error error;
	if (api->closed)
		error_set(&error, "the engine is stopping");
	else if (needs_journal && !api->options.journal)
		error_set(&error, "this engine keeps no journal (--durability none)");
	else if (api->n_jobs >= JOBS_MAX)
		error_set(&error, "too much is asked at once");
	else
		return false;
	bool lasting = needs_journal && !api->options.journal;
	http_respond_problem(request, 503, &error, lasting ? 0 : 1);
	return true;
}

struct job *job_new(struct api *api, struct http_request *request, const char *prefix, unsigned parameters,
		    size_t limit, size_t limit_max, bool needs_journal)
{
	if (refuse(api, request, needs_journal))
		return NULL;
	struct job *job = mem_zalloc(sizeof *job);
	struct reading reading = {job, parameters, 0};
	struct str path = http_request_path(request);
	size_t skip = strlen(prefix);
	job->api = api;
	job->ruleset = engine_ruleset(api->options.engine);
	if (api->options.reloader)
		reloader_figures(api->options.reloader, &job->reload);
	job->request = request;
	job->query = (struct api_query){.state = -1,
					.limit = limit,
					.limit_max = limit_max,
					.now_ms = clock_wall_ms(api->options.clock)};
	arena_init(&job->arena, JOB_ARENA_MAX);
	buf_init(&job->body, ANSWER_MAX);
	job->path = arena_copy(&job->arena, (struct str){path.p + skip, path.n - skip});
	list_append(&api->jobs, &job->in_api);
	api->n_jobs++;
	http_request_each_query(request, read_parameter, &reading);
	if (!reading.failed)
		return job;
	job_fail(job, 400);
	job_answer(job);
	return NULL;
}

/* --- the end --- */

int job_fail(struct job *job, int status)
{
	job->status = status;
	return -1;
}

void job_free(struct job *job)
{
	if (job->api) {
		job->api->n_jobs--;
		job->api->n_trials -= job->trial;
	}
	list_remove(&job->in_api);
	redelivery_free(job->redelivery);
	ruleset_unref(job->ruleset);
	arena_finish(&job->arena);
	buf_finish(&job->body);
	free(job);
}

static void respond(struct job *job)
{
	const char *type = job->content_type ? job->content_type : "application/json";
	struct header headers[] = {{STR("Content-Type"), str_of(type)},
				   {STR("Cache-Control"), STR("no-store")},
				   {STR("X-Next-After"), str_of(job->next_after)}};
	http_respond(job->request, job->status ? job->status : 200, headers, job->next_after[0] ? 3 : 2,
		     buf_view(&job->body));
}

void job_answer(struct job *job)
{
	if (job->body.overflow && job->status < 400) {
		error_set(&job->error, "the answer is longer than %d MiB; ask for less", ANSWER_MAX >> 20);
		job_fail(job, 500);
	}
	if (job->status >= 400)
		http_respond_problem(job->request, job->status, &job->error, job->status == 503 ? 1 : 0);
	else
		respond(job);
	job_free(job);
}

/* --- the threads --- */

static void deliver_done(struct message *message)
{
	struct job *job = container_of(message, struct job, message);
	if (job->then)
		job->then(job);
	else
		job_answer(job);
}

static int open_reader(struct job *job, struct journal_reader **reader)
{
	struct api *api = job->api;
	if (*reader || !api->options.journal)
		return 0;
	return journal_reader_open(api->options.journal, reader, &job->error) ? job_fail(job, 500) : 0;
}

bool job_is_ending(const struct job *job)
{
	return __atomic_load_n(&job->api->ending, __ATOMIC_ACQUIRE);
}

static void deliver_work(struct message *message)
{
	struct job *job = container_of(message, struct job, message);
	struct api *api = job->api;
	struct api_thread *thread = job->trial ? &api->trying : &api->reading;
	if (job_is_ending(job)) {
		error_set(&job->error, "the engine is stopping");
		job_fail(job, 503);
	} else if (open_reader(job, thread->reader) == 0) {
		if (!job->trial)
			api->serving = job->ruleset;
		job->work(job);
	}
	job->message.deliver = deliver_done;
	mailbox_post(api->options.mailbox, &job->message);
}

static void post(struct job *job, struct api_thread *thread)
{
	if (job->api->closed) {
		error_set(&job->error, "the engine is stopping");
		job_fail(job, 503);
		deliver_done(&job->message);
		return;
	}
	job->message.deliver = deliver_work;
	mailbox_post(&thread->mailbox, &job->message);
}

void job_post(struct job *job)
{
	post(job, &job->api->reading);
}

void job_post_trial(struct job *job)
{
	struct api *api = job->api;
	if (api->n_trials >= TRIALS_MAX) {
		error_set(&job->error, "%d simulations wait already", TRIALS_MAX);
		error_hint(&job->error, "they are done one after the other; ask again in a few seconds");
		job_fail(job, 429);
		job_answer(job);
		return;
	}
	job->trial = true;
	api->n_trials++;
	post(job, &api->trying);
}

static void wake(void *context)
{
	sem_post(context);
}

static void *run_thread(void *context)
{
	struct api_thread *thread = context;
	/* On Linux it is the thread that is nice, not the process. */
	if (thread->niceness)
		setpriority(PRIO_PROCESS, (id_t)gettid(), thread->niceness);
	while (!__atomic_load_n(&thread->api->ending, __ATOMIC_ACQUIRE)) {
		while (sem_wait(&thread->posted))
			; /* a signal */
		mailbox_drain(&thread->mailbox);
	}
	mailbox_drain(&thread->mailbox);
	journal_reader_close(*thread->reader);
	return NULL;
}

static void start(struct api *api, struct api_thread *thread, struct journal_reader **reader, int niceness)
{
	thread->api = api;
	thread->reader = reader;
	thread->niceness = niceness;
	sem_init(&thread->posted, 0, 0);
	mailbox_init(&thread->mailbox, wake, &thread->posted);
	ensure(pthread_create(&thread->thread, NULL, run_thread, thread) == 0);
}

void api_threads_start(struct api *api)
{
	start(api, &api->reading, &api->reader, 0);
	start(api, &api->trying, &api->trial_reader, TRIAL_NICENESS);
}

static void end(struct api_thread *thread)
{
	sem_post(&thread->posted);
	pthread_join(thread->thread, NULL);
	mailbox_finish(&thread->mailbox);
	sem_destroy(&thread->posted);
}

void api_threads_end(struct api *api)
{
	__atomic_store_n(&api->ending, true, __ATOMIC_RELEASE);
	end(&api->reading);
	end(&api->trying);
	generations_free(api);
}
