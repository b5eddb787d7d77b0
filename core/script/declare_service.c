/* http.service { … } while rules load: the list of its keys, and which service of its file it is. */
#include "script/service_keys.h"
#include "script/soap_keys.h"
#include "script/state.h"

#include "policy/retry.h"

enum { TIMEOUT_DEFAULT_MS = 10000, TIMEOUT_MAX_MS = 600000, NAME_MAX_BYTES = 128 };

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

static void read_name(struct reading *reading, const char *key, const struct where *where)
{
	struct str name;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "a text");
		return;
	}
	name = sandbox_str(reading->L, -1);
	if (str_trim(name).n == 0 || name.n > NAME_MAX_BYTES || !is_printable(name))
		problem(reading->loader, where, "the name of a service is 1 to %d bytes on one line",
			NAME_MAX_BYTES);
	reading->service->name = loader_copy(reading->loader, name);
}

static void read_active(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->active = read_flag(reading, key, where, true);
}

static void read_strict(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->strict = read_flag(reading, key, where, false);
}

static void read_method(struct reading *reading, const char *key, const struct where *where)
{
	static const struct str methods[] = {{"GET", 3},   {"POST", 4},   {"PUT", 3},
					     {"PATCH", 5}, {"DELETE", 6}, {"HEAD", 4}};
	struct str given;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "a text");
		return;
	}
	given = sandbox_str(reading->L, -1);
	for (size_t i = 0; i < countof(methods); i++) {
		if (str_eq_nocase(given, methods[i])) {
			reading->service->method = methods[i];
			return;
		}
	}
	problem_word(reading->loader, where, false, given, methods, countof(methods),
		     "one of GET POST PUT PATCH DELETE HEAD", "unknown method '%.60s'", given.p);
}

static void read_timeout(struct reading *reading, const char *key, const struct where *where)
{
	read_duration(reading, key, where, 1, TIMEOUT_MAX_MS, &reading->service->timeout_ms);
}

/* In this order problems are reported. */
static const struct service_key http_keys[] = {
	{"name", read_name},
	{"active", read_active},
	{"strict", read_strict},
	{"url", read_url},
	{"params", read_params},
	{"headers", read_headers},
	{"form", read_body},
	{"json", read_body},
	{"xml", read_body},
	{"text", read_body},
	{"body", read_body},
	{"method", read_method},
	{"timeout", read_timeout},
	{"retry", read_retry},
	{"success", read_statuses},
	{"dead_on", read_statuses},
	{"retry_on", read_statuses},
	{"expires", read_expires},
	{"order", read_order},
	{"auth", read_auth},
	{"sign", read_sign},
	{"mappings", read_mappings},
	{"script_result", read_script_result},
	{"debug", read_debug},
	{"cloudevents", read_cloudevents},
	SERVICE_LIMIT_KEYS,
};

/* Those of them that a SOAP service has as well. */
const struct service_key common_keys[] = {
	{"name", read_name},        {"active", read_active},    {"strict", read_strict},
	{"headers", read_headers},  {"timeout", read_timeout},  {"retry", read_retry},
	{"success", read_statuses}, {"dead_on", read_statuses}, {"retry_on", read_statuses},
	{"expires", read_expires},  {"order", read_order},      {"auth", read_auth},
	{"sign", read_sign},        {"debug", read_debug},      SERVICE_LIMIT_KEYS,
};
const size_t n_common_keys = countof(common_keys);

static void compile_http(struct reading *reading)
{
	struct service *service = reading->service;

	read_keys(reading, "http.service", http_keys, countof(http_keys));
	if (!reading->has_url)
		problem_hint(reading->loader, &reading->slot->where,
			     "url = \"https://crm.example.com/calls\"", "http.service needs a url");
	if (!service->method.p)
		service->method = reading->body_key || service->cloudevents ? STR("POST") : STR("GET");
}

static void compile(struct reading *reading)
{
	struct service *service = reading->service;
	struct slot *slot = reading->slot;

	service->active = true;
	service->timeout_ms = TIMEOUT_DEFAULT_MS;
	service->retry = retry_default;
	if (reading->is_soap)
		compile_soap(reading);
	else
		compile_http(reading);
	service->dynamic = service->dynamic || service->url_dynamic || service->body_dynamic;
	service->line = slot->where.line;
	service->file =
		slot->where.file ? loader_copy(reading->loader, slot->where.file->path) : (struct str){0};
}

static struct slot *find_slot(struct loader *loader, const struct loading *loading)
{
	struct vec *slots = &loader->parts[loader_file_index(loader, loading->file)].slots;

	return loading->n_services <= slots->n ? ((struct slot **)slots->items)[loading->n_services - 1]
					       : NULL;
}

static struct slot *add_slot(lua_State *L, struct loader *loader, const struct loading *loading)
{
	struct part *part = &loader->parts[loader_file_index(loader, loading->file)];
	struct slot *slot;

	if (part->complete)
		sandbox_raise(L, "the module declares other services than when it was loaded first");
	slot = arena_zalloc(&loader->scratch, sizeof *slot);
	ensure(slot);
	*(struct slot **)vec_add(&part->slots, sizeof slot) = slot;
	slot->file = loading->file;
	slot->ordinal = loading->n_services;
	slot->where = where_of_call(L);
	slot->service = loader_alloc(loader, sizeof *slot->service);
	slot->service->unit = part->unit;
	return slot;
}

/* A broken service breaks every campaign that sees it; the problem itself is reported once. */
static void compile_slot(lua_State *L, struct loader *loader, struct slot *slot, bool is_soap)
{
	struct reading reading = {.L = L,
				  .loader = loader,
				  .slot = slot,
				  .service = slot->service,
				  .table = 1,
				  .is_soap = is_soap};
	struct draft *current = loader->current, probe = {0};

	/* Stays so if Lua runs out of memory in between. */
	slot->broken = true;
	loader->current = &probe;
	if (lua_istable(L, 1))
		compile(&reading);
	else if (is_soap)
		problem_hint(loader, &slot->where, "soap.service { name = \"…\", wsdl = \"….wsdl\" }",
			     "soap.service takes a table, not a %s", luaL_typename(L, 1));
	else
		problem_hint(loader, &slot->where, "http.service { name = \"…\", url = \"…\" }",
			     "http.service takes a table, not a %s", luaL_typename(L, 1));
	slot->service->peer.host_from_event = template_fills_host(&slot->service->url);
	loader->current = current;
	slot->broken = probe.broken;
}

int load_service(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct loader *loader = box->loader;
	struct service_box *service;
	struct slot *slot;
	bool is_new = false, is_soap = lua_toboolean(L, 2);

	lua_settop(L, 1);
	sandbox_check(L);
	if (++box->loading->n_services > 10000)
		sandbox_raise(L, "over 10,000 services in one file");
	slot = find_slot(loader, box->loading);
	if (!slot) {
		slot = add_slot(L, loader, box->loading);
		is_new = true;
	}
	if (loader->current)
		*(struct slot **)vec_add(&loader->current->slots, sizeof slot) = slot;
	if (is_new)
		compile_slot(L, loader, slot, is_soap);
	service = lua_newuserdatauv(L, sizeof *service, 1);
	*service = (struct service_box){slot->service, slot};
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_service_mt);
	lua_setmetatable(L, -2);
	return 1;
}
