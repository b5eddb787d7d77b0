/* core/api/api_private.h
 *
 * The API as its own folder sees it.
 */
#pragma once

#include "api/api.h"
#include "api/console.h"
#include "api/json_put.h"
#include "api/query.h"
#include "base/list.h"
#include "engine/reload.h"
#include "format/cloudevents.h"

#include <semaphore.h>

enum {
	JOBS_MAX = 100,      /* that wait or are worked on; more are refused */
	TRIALS_MAX = 8,      /* of them, those of the second thread */
	TRIAL_NICENESS = 10, /* events come first */
	JOB_ARENA_MAX = 4 << 20,
	ANSWER_MAX = 64 << 20, /* bytes of an answer */
	KEPT_GENERATIONS = 4,
	LIST_DEFAULT = 50,
	LIST_MAX = 1000,
};

struct kept_generation {
	uint32_t number;
	struct ruleset *ruleset; /* NULL: the journal does not have it */
	uint64_t used;
};

struct redelivery_job;

/* One that works on jobs, one after the other. */
struct api_thread {
	struct api *api;
	pthread_t thread;
	struct mailbox mailbox;
	sem_t posted;
	struct journal_reader **reader; /* its own */
	int niceness;
};

struct api {
	struct api_options options;
	int64_t started_ms;
	bool closed;
	struct stream_hub *hub;  /* until api_close */
	struct history *history; /* the same */
	struct console *console;
	struct list jobs;
	size_t n_jobs;

	/* Sending again goes one request after the other, so that none reads what another is changing. */
	struct list redelivery_jobs;

	bool ending; /* atomic */

	/* What tries rules on events: that may take seconds, and nobody's list waits for it. */
	struct api_thread trying;
	struct journal_reader *trial_reader; /* that thread's */
	size_t n_trials;

	/* Everything else. What follows is this thread's. */
	struct api_thread reading;
	struct journal_reader *reader;
	const struct ruleset *serving; /* of the job that is worked on */
	struct kept_generation kept[KEPT_GENERATIONS];
	uint64_t uses;
};

/* One request, from its handler to its answer. */
struct job {
	struct message message;
	struct list in_api;
	struct api *api; /* NULL: it is gone, nobody is answered */
	struct http_request *request;
	void (*work)(struct job *job); /* on the thread: fills in the answer */
	void (*then)(struct job *job); /* on the main thread afterwards; NULL: it is answered and freed */
	struct ruleset *ruleset;       /* that served when it was asked */
	struct reload_figures reload;  /* of then; all 0 without a reloader */
	struct arena arena;
	struct str path;  /* what stands behind the route */
	struct str input; /* the body that came, of routes whose work needs it */
	struct api_query query;

	int status; /* 0: 200. From 400: `error` is told, and the body is not */
	bool wants_openmetrics;
	const char *content_type;
	struct buf body;
	struct error error;
	char next_after[24]; /* header of pages; empty: the last */

	struct redelivery_job *redelivery; /* of the routes that send again; else NULL */
	bool trial;
};

/* --- job.c --- */

/* A job for this request, its path behind `prefix` and its query taken over; NULL when it was answered
 * already because it is wrong, because there is no journal (`needs_journal`) or too much is asked at once. */
struct job *job_new(struct api *api, struct http_request *request, const char *prefix, unsigned parameters,
		    size_t limit, size_t limit_max, bool needs_journal);
void job_post(struct job *job);

/* The same on the thread for trials; with too many of them it is answered 429, and freed. */
void job_post_trial(struct job *job);

/* Is the API ending? Work that takes long asks now and then. Any thread. */
bool job_is_ending(const struct job *job);

void job_answer(struct job *job); /* and frees it */
void job_free(struct job *job);

/* Returns -1, so that `return job_fail(…)` ends a function. The error is filled in. */
int job_fail(struct job *job, int status);

void api_threads_start(struct api *api);
void api_threads_end(struct api *api);

/* --- generations.c; on the thread --- */

/* The rules of then; NULL when the journal does not have them. The API's reference: valid until the next
 * call. */
const struct ruleset *generation_of(struct api *api, uint32_t number);
void generations_free(struct api *api);

/* --- show_delivery.c --- */

enum shown {
	SHOW_ROW,            /* the members of a list */
	SHOW_WITHOUT_BODIES, /* all of it, but "body_left_out":true in the place of bodies */
	SHOW_ALL,
};

/* The members of a delivery. */
void show_delivery(struct buf *out, const struct journal_delivery *row, enum shown shown);

/* --- rules.c --- */

/* "problems":[…] */
void put_problems(struct buf *out, const struct ruleset *ruleset);

/* --- reload.c --- */

/* "kept":[…],"not_loaded":[…]: campaigns with errors, which go on as they were or serve nothing. */
void put_kept(struct buf *out, const struct ruleset *ruleset);

/* What came of a reload that was not refused, as one JSON object. */
void show_reload(struct buf *out, const struct reload_report *report);

/* --- timeline.c; on the thread --- */

/* An event with what each rule made of it, as one JSON object. 0, or -1 with job->error and status. */
int show_event(struct job *job, const struct event_row *row);

/* --- dead_runs.c; on the thread --- */

/* Is its event settled, and of this call? An absent one is any. */
bool run_can_run_again(struct job *job, const struct journal_run *row, struct str call);

/* The member `runs`: those that failed or diverged, as the job's query asks. 0, or -1 with job->error and
 * status. */
int show_dead_runs(struct job *job);

/* --- redeliver.c --- */
void redelivery_free(struct redelivery_job *redelivery); /* NULL is allowed */

/* The API is gone: frees the job, now or when the engine has answered. */
void redelivery_abandon(struct job *job);

/* --- routes, each in its file --- */
void routes_deliveries(struct api *api, struct http_server *server);
void routes_redeliver(struct api *api, struct http_server *server);
void routes_events(struct api *api, struct http_server *server);
void routes_rules(struct api *api, struct http_server *server);
void routes_reload(struct api *api, struct http_server *server);
void routes_services(struct api *api, struct http_server *server);
void routes_status(struct api *api, struct http_server *server);
void routes_metrics(struct api *api, struct http_server *server);
void routes_stream(struct api *api, struct http_server *server);

void routes_history(struct api *api, struct http_server *server);
void routes_rule_files(struct api *api, struct http_server *server);

/* --- history.c --- */
void history_close(struct api *api);

/* --- stream.c --- */

/* Ends all streams; nobody is told anything any more. */
void stream_close(struct api *api);
