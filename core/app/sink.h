/* core/app/sink.h
 *
 * A web service to test against: takes any request, tells its owner, and answers as scripted. Loop's thread
 * only.
 */
#pragma once

#include "simulate/answers.h"
#include "source/http_server.h"

enum { SINK_TIMEOUT_MS = 120000 }; /* how long "no answer comes" lasts */

struct sink_options {
	const char *address;
	uint16_t port;
	struct answers *answers; /* the caller's, outlives the sink */
	const struct log *log;

	/* A request has come, and `answer` (NULL: 200 with no body) will be given to it. Valid during the
	 * call. */
	void (*seen)(void *context, struct http_request *request, const struct scripted_answer *answer);
	void *context;
};

struct sink;

int sink_create(uv_loop_t *loop, const struct sink_options *options, struct sink **ret, struct error *reterr);
uint16_t sink_port(const struct sink *sink);

/* Answers what still waits with 503 and closes everything; the loop must be run until its handles are closed.
 * NULL is allowed. */
void sink_destroy(struct sink *sink);
