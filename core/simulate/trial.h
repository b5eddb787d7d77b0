/* core/simulate/trial.h
 *
 * What requests that try rules have in common: their body, the rules as they would be, and how much a trial
 * may take. On the API's thread for trials, but for trial_route.
 */
#pragma once

#include "api/api_private.h"

enum {
	TRIAL_FILES_MAX = 20,       /* that a request may replace */
	TRIAL_CPU_MAX_MS = 5000,    /* of its thread */
	TRIAL_TIME_MAX_MS = 20000,  /* of the machine's clock: events come first, and it may have to wait */
	TRIAL_BYTES_MAX = 256 << 20 /* of requests and results that are held at once */
};

/* Hands the request over: its body is job->input. `then`, on the main thread afterwards, is as of a job. Main
 * thread. */
void trial_begin(struct api *api, struct http_request *request, void (*work)(struct job *job),
		 void (*then)(struct job *job));

/* The body, an object with no members but these; it lives in the job. 0, or -1 with job->error and status. */
int trial_body(struct job *job, const struct str *known, size_t n_known, struct value *ret);

/* The rules that serve, with `changes` ({"sales.lua":"…","old.lua":null}) in their place or beside them;
 * NULL: as they are. A campaign that has errors goes on as its last good version. 0, or -1 as above; the
 * reference is the caller's. */
int trial_rules(struct job *job, const struct value *changes, struct ruleset **ret);

/* The first error that the rules that serve do not have, or that a changed file has; NULL: there is none. */
const struct error *trial_error(const struct job *job, const struct ruleset *tried,
				const struct value *changes);

/* A whole number from `least` to `most`, `standard` when it is absent. 0, or -1 as above. */
int trial_number(struct job *job, const struct value *body, const char *name, int64_t least, int64_t most,
		 int64_t standard, int64_t *ret);

/* When a trial that begins now has had its time. */
struct trial_end {
	int64_t cpu_us, mono_us;
};

struct trial_end trial_end(void);

/* Is it not there yet, and does the engine go on? */
bool trial_has_time(const struct job *job, const struct trial_end *end);
