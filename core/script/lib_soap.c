/* What the prelude needs of SOAP: which services are, and their answers as values. */
#include "script/lua_value.h"
#include "script/state.h"

#include "soap/client.h"

/* is_soap(service) */
static int is_soap(lua_State *L)
{
	struct service_box *box = service_box_get(L, 1);

	lua_pushboolean(L, box && box->service->soap && box->service->soap->wsdl);
	return 1;
}

static struct str optional(lua_State *L, int index)
{
	return lua_type(L, index) == LUA_TSTRING ? sandbox_str(L, index) : (struct str){0};
}

/* soap_answer(service, operation, content_type, body): the output; or nil and the fault; or nil, nil and what
 * is wrong */
static int soap_answer(lua_State *L)
{
	struct service_box *box = service_box_get(L, 1);
	struct sandbox *sandbox = sandbox_of(L);
	struct header type = {STR("content-type"), optional(L, 3)};
	struct answer answer = {.body = optional(L, 4), .headers = &type, .n_headers = type.value.p != NULL};
	struct soap_answer read;
	struct value fault;
	struct error error;

	if (!box || !box->service->soap)
		return luaL_argerror(L, 1, "no SOAP service");
	luaL_checkstack(L, 8, NULL);
	if (soap_client_read(box->service->soap, optional(L, 2), &answer, sandbox_arena(sandbox), &read,
			     &error)) {
		lua_pushnil(L);
		lua_pushnil(L);
		lua_pushstring(L, error.what);
		return 3;
	}
	if (!read.is_fault) {
		value_push(L, &read.output, false);
		arena_finish(&sandbox->arena);
		return 1;
	}
	lua_pushnil(L);
	if (soap_fault_value(&read, &sandbox->arena, &fault) == 0)
		value_push(L, &fault, false);
	else
		lua_newtable(L);
	arena_finish(&sandbox->arena);
	return 2;
}

void lib_soap_open(lua_State *L)
{
	lua_pushcfunction(L, is_soap);
	lua_setglobal(L, "is_soap");
	lua_pushcfunction(L, soap_answer);
	lua_setglobal(L, "soap_answer");
}
