/* core/script/state.h
 *
 * A campaign's state on one shard and its runs, as this folder sees them. One thread.
 */
#pragma once

#include "script/literals.h"
#include "script/sandbox.h"
#include "script/script.h"

struct script_state {
	struct sandbox box;
	const struct campaign *campaign;
	const struct script_host *host;
	struct literals literals;
	size_t n_rules; /* declared so far, while binding */
	uint64_t last_run;
	struct script_run *current; /* whose Lua runs now */
	bool building;              /* a function of a service is asked for a part of a request */
};

struct script_run {
	struct script_state *state;
	const struct rule *rule;
	struct event *event;
	struct runlog *log;
	void *context;
	uint64_t serial; /* of this run in its state, from 1: whose userdata is whose */
	lua_State *L;    /* its coroutine; NULL before it began and after it ended */
	bool began, over;
	struct place paused_at; /* while it is paused */
	int64_t used_us;        /* CPU time of all its steps */
	int64_t n_deliveries, n_log_lines;

	struct script_step step; /* what it yields; its request is freed with the run until it is taken */
	const struct step_result *result; /* of the last step, during a resume */
	char wait_type[256];
	bool skips;
	char reason[512];

	/* Events that its Lua can see, each with a reference. */
	struct event **events;
	size_t n_events, events_capacity;
};

/* The run whose Lua runs; raises, with what the operator wanted to do, when there is none. */
struct script_run *run_current(lua_State *L, const char *what);

/* Keeps the event for as long as the run. */
void run_keep_event(struct script_run *run, const struct event *event);

/* A service as Lua has it. Its user value is a table of its functions: url, body, and by their names, or
 * place, the rows (see declare_service.c). */
struct service_box {
	const struct service *service;
	struct slot *slot; /* at load */
};

/* The service at `index`, or NULL. */
struct service_box *service_box_get(lua_State *L, int index);

/* Pushes the userdata of the service, which the state's script has declared. */
void service_push(lua_State *L, const struct service *service);

/* Registry keys: functions of rules by index, services by pointer, coroutines by run. */
extern const char state_rules, state_services, state_runs;

/* Builds the request for the run's step: of the service, with the overrides at `overrides` (0: none). Raises
 * what is wrong. The request is in run->step. */
void build_step_request(lua_State *L, struct script_run *run, struct service_box *box, int service_index,
			int overrides);

/* The same for a SOAP service: `request` is a table of the prelude's, with operation, args and soap_headers
 * (0: what is declared). */
void build_soap_request(lua_State *L, struct script_run *run, struct service_box *box, int service_index,
			int request);

/* For the bind mode. */
int bind_service(lua_State *L);
int bind_rule(lua_State *L);
