/* A campaign's state for running: its script runs again, for the functions that it declares. */
#include "script/coverage_private.h"
#include "script/load.h"
#include "script/require.h"
#include "script/rows.h"
#include "script/state.h"

#include <stdio.h>

const char state_rules, state_services;

struct service_box *service_box_get(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TUSERDATA || !sandbox_has_metatable(L, index, &sandbox_service_mt))
		return NULL;
	return lua_touserdata(L, index);
}

_Noreturn static void differs(lua_State *L)
{
	sandbox_raise(L, "the script declares other things than when it was loaded");
}

/* --- Services --------------------------------------------------------------------------------------------
 */

/* Adds the value on top to the list of functions below it, if it is one. */
static int collect_function(void *context, lua_State *L, const struct rows_item *item)
{
	int list = *(int *)context;

	if (!lua_isfunction(L, -1))
		return 0;
	lua_pushvalue(L, -1);
	lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
	return 0;
}

/* Of a part of the service's table: the function that it is, or the list of its rows' functions. */
static void bind_part(lua_State *L, int table, int functions, const char *part, const char *as)
{
	struct where_step bad;
	struct error error;
	int type = lua_getfield(L, table, part), list;
	bool rows = !strcmp(part, "params") || !strcmp(part, "headers") || !strcmp(part, "form");

	if (type == LUA_TFUNCTION) {
		lua_setfield(L, functions, as);
		return;
	}
	if (type == LUA_TTABLE && rows) {
		lua_newtable(L);
		list = lua_gettop(L);
		rows_each(L, list - 1, collect_function, &list, &bad, &error);
		if (lua_rawlen(L, list)) {
			lua_pushvalue(L, list);
			lua_setfield(L, functions, as);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void bind_functions(lua_State *L, int table)
{
	static const char *const parts[][2] = {{"url", "url"},   {"params", "params"}, {"headers", "headers"},
					       {"form", "form"}, {"json", "body"},     {"xml", "body"},
					       {"text", "body"}, {"body", "body"}};

	lua_newtable(L);
	for (size_t i = 0; i < countof(parts); i++)
		bind_part(L, table, lua_gettop(L), parts[i][0], parts[i][1]);
	/* Of a SOAP service: tables that stay as they are. */
	lua_getfield(L, table, "args");
	lua_setfield(L, -2, "args");
	lua_getfield(L, table, "soap_headers");
	lua_setfield(L, -2, "soap_headers");
}

/* http_service(table): the service that this call of the file declared. */
int bind_service(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct loading *loading = box->loading;
	/* The files of the state are those of its unit. */
	const struct unit *unit = box->state->campaign->unit->units[loading->file - box->files];
	const struct service *service;
	struct service_box *ret;

	lua_settop(L, 1);
	if (loading->n_services >= unit->n_services || !lua_istable(L, 1))
		differs(L);
	service = unit->services[loading->n_services++];
	ret = lua_newuserdatauv(L, sizeof *ret, 1);
	*ret = (struct service_box){.service = service};
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_service_mt);
	lua_setmetatable(L, -2);
	if (service->dynamic) {
		bind_functions(L, 1);
		lua_setiuservalue(L, 2, 1);
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_services);
	lua_pushvalue(L, 2);
	lua_rawsetp(L, -2, service);
	lua_settop(L, 2);
	return 1;
}

void service_push(lua_State *L, const struct service *service)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_services);
	lua_rawgetp(L, -1, service);
	lua_remove(L, -2);
}

/* --- Rules -----------------------------------------------------------------------------------------------
 */

int bind_rule(lua_State *L)
{
	struct script_state *state = sandbox_of(L)->state;
	const struct rule *rule = &state->campaign->rules[state->n_rules];

	if (state->n_rules >= state->campaign->n_rules || !lua_istable(L, 2) ||
	    lua_type(L, 1) != LUA_TSTRING || !str_eq(str_trim(sandbox_str(L, 1)), rule->name))
		differs(L);
	state->n_rules++;
	if (!rule->has_run)
		return 0;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &state_rules);
	lua_getfield(L, 2, "run");
	lua_rawseti(L, -2, (lua_Integer)rule->index + 1);
	return 0;
}

/* --- The state -------------------------------------------------------------------------------------------
 */

static int bind_campaign(lua_State *L)
{
	static const void *const tables[] = {&state_rules, &state_services, &state_runs};
	struct script_state *state = lua_touserdata(L, 1);
	const struct source_file *file = sandbox_file(&state->box, state->campaign->file);

	for (size_t i = 0; i < countof(tables); i++) {
		lua_newtable(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, tables[i]);
	}
	if (!file)
		differs(L);
	run_file(L, file);
	if (state->n_rules != state->campaign->n_rules)
		differs(L);
	lua_settop(L, 0);
	lua_gc(L, LUA_GCCOLLECT);
	return 0;
}

int script_state_create(const struct campaign *campaign, const struct script_host *host, struct watch *watch,
			struct script_state **ret, struct error *reterr)
{
	return script_state_create_covered(campaign, host, watch, NULL, ret, reterr);
}

/* Told of each line: see sandbox.h. */
static void cover_line(lua_State *L, lua_Debug *at)
{
	lua_getinfo(L, "S", at);
	coverage_line(sandbox_of(L)->coverage, at->source, at->currentline);
}

int script_state_create_covered(const struct campaign *campaign, const struct script_host *host,
				struct watch *watch, struct coverage *coverage, struct script_state **ret,
				struct error *reterr)
{
	struct script_state *state = mem_zalloc(sizeof *state);

	state->campaign = campaign;
	state->host = host;
	literals_init(&state->literals);
	if (sandbox_open(&state->box, campaign->unit->files, campaign->unit->n_files, MODE_BIND,
			 &campaign->unit->limits, watch, reterr)) {
		script_state_destroy(state);
		return -1;
	}
	state->box.state = state;
	if (coverage) {
		state->box.coverage = coverage;
		state->box.on_line = cover_line;
	}
	if (sandbox_call(&state->box, bind_campaign, state, reterr)) {
		script_state_destroy(state);
		return -1;
	}
	state->box.loading = NULL;
	state->box.mode = MODE_RUN;
	state->box.time = LIMIT_RUN_TIME;
	*ret = state;
	return 0;
}

void script_state_hand_over(struct script_state *state, struct watch *watch,
			    const struct script_slices *slices)
{
	state->box.watch = watch;
	state->box.slices = *slices;
}

bool script_state_is_slow(const struct script_state *state)
{
	return state->box.suspicious > 0;
}

void script_state_destroy(struct script_state *state)
{
	if (!state)
		return;
	sandbox_close(&state->box);
	if (state->box.coverage)
		coverage_forget_source(state->box.coverage);
	literals_finish(&state->literals);
	free(state);
}

size_t script_state_memory(const struct script_state *state)
{
	return sandbox_memory(&state->box);
}
