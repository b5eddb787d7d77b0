/* core/source/ndjson_source.h
 *
 * `run --events FILE|-`: reads events, one a line, and hands them to the engine; reads on only when what was
 * handed over is accepted. A line that is no event is logged with its place, counted and passed over. All on
 * the loop's thread.
 */
#pragma once

#include "engine/engine.h"

#include <uv.h>

struct ndjson_source;

struct ndjson_source_options {
	const char *path; /* "-": stdin. A file, a pipe, a terminal */
	struct engine *engine;
	struct mailbox *mailbox; /* the loop's; acceptances come back by it */
	struct clock *clock;
	const struct log *log;
	/* Once, when everything was read and accepted, or reading failed (which was logged). Not after a
	 * stop. May be NULL. */
	void (*on_finished)(void *context);
	void *context;
};

struct ndjson_counts {
	uint64_t accepted, duplicates;
	uint64_t bad_lines;
	bool failed; /* reading broke off */
};

/* Fails when the file cannot be opened. Nothing is read before the loop turns. */
int ndjson_source_start(uv_loop_t *loop, const struct ndjson_source_options *options,
			struct ndjson_source **ret, struct error *reterr);

struct ndjson_counts ndjson_source_counts(const struct ndjson_source *source);

/* Frees it, finished or not; its handles are closed once the loop has turned, and a batch that the engine
 * still holds is freed when its acceptance is delivered. NULL is allowed. */
void ndjson_source_stop(struct ndjson_source *source);
