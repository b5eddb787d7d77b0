/* core/engine/services.h
 *
 * Services while they are used: how they are, and pausing them. Main thread.
 */
#pragma once

#include "engine/engine.h"
#include "policy/breaker.h"
#include "policy/concurrency.h"
#include "policy/recent.h"

struct shard;

/* One that has had something to send since the engine was started, or is paused. */
struct service_status {
	uint64_t service; /* hash of its name */
	const char *name; /* lives as long as the engine */
	bool paused;
	enum breaker_state breaker;
	int64_t breaker_until_ms; /* OPEN: wall clock, when one is tried again; else 0 */
	int64_t resume_ms;        /* it asked to be left alone until then; 0: it did not */
	int64_t failing_since_ms; /* no success since; 0: it does not fail */
	int concurrency;          /* requests that may be on the wire at once */
	size_t n_on_wire;
	size_t n_pending;               /* deliveries that are not settled, those on the wire included */
	int64_t oldest_ms;              /* when the oldest of them was made; 0: there is none */
	uint64_t n_delivered, n_failed; /* attempts, since the engine was started */
	struct recent_figures recent;
};

/* A question to all shards, one after the other. */
struct services_question {
	struct message message;
	struct engine *engine;
	struct mailbox *reply_to;
	unsigned next;                   /* shard */
	struct service_status *statuses; /* sorted by the hash; free() it */
	size_t n, capacity;
	void (*answered)(struct services_question *question); /* in reply_to */
};

/* With reply_to and answered filled in; it must live until it was answered, which also happens when the
 * engine stops meanwhile. */
void engine_ask_services(struct engine *engine, struct services_question *question);

struct service_pause {
	struct str name;
	bool paused;
	void (*done)(void *context); /* called once in reply_to, when it is so and on disk */
	struct mailbox *reply_to;
	void *context;
};

/* A paused service's deliveries wait; what is on the wire ends as it ends. Survives a restart, where there is
 * a journal. Everything is copied. -1 when the rules have no such service: nothing is called then. */
int engine_pause_service(struct engine *engine, const struct service_pause *pause, struct error *reterr);
