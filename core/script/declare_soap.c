/* soap.service { … }: a WSDL beside the script, or an operation by hand, as the service that it is on the
 * wire: a POST to an endpoint. */
#include "script/soap_keys.h"

#include "script/secret.h"

#include "format/secret_mark.h"
#include "script/soap_declaration.h"
#include "script/soap_value.h"

#include "format/template.h"

#include <stdio.h>

enum { ARGS_ARENA_MAX = 8 << 20, WARNINGS_MAX = 20 };

/* --- The WSDL
 * ------------------------------------------------------------------------------------------------ */

static int read_rules_file(void *context, struct str path, struct arena *arena, struct str *ret,
			   struct error *reterr)
{
	struct sandbox *box = context;
	const struct source_file *file = sandbox_file(box, path);

	if (!file)
		return 1;
	part_needed(box, file);
	*ret = file->text;
	return 0;
}

static void free_wsdl(void *wsdl)
{
	wsdl_free(wsdl);
}

static void own_wsdl(struct loader *loader, struct str name, struct wsdl *wsdl)
{
	struct unit_owned *owned = loader_alloc(loader, sizeof *owned);

	*owned = (struct unit_owned){wsdl, free_wsdl, loader_copy(loader, name), loader->part->unit->owned};
	loader->part->unit->owned = owned;
}

void soap_own_wsdl(struct loader *loader, struct wsdl *wsdl)
{
	own_wsdl(loader, STR(""), wsdl);
}

/* Services of one file share it. */
static const struct wsdl *owned_wsdl(const struct loader *loader, struct str name)
{
	for (const struct unit_owned *owned = loader->part->unit->owned; owned; owned = owned->next) {
		if (owned->free == free_wsdl && str_eq(owned->name, name))
			return owned->thing;
	}
	return NULL;
}

static void show_warnings(struct reading *reading, const struct wsdl *wsdl)
{
	const struct soap_warning *warning = wsdl_warnings(wsdl, NULL);

	for (size_t n = 0; warning && n < WARNINGS_MAX; warning = warning->next, n++) {
		const struct source_file *file = sandbox_file(&reading->loader->box, warning->file);
		struct error error;

		error_set(&error, STR_FMT, STR_ARG(warning->text));
		error_at(&error, warning->file, warning->line, 0, file ? file->text : (struct str){0});
		problem_add(reading->loader, NULL, true, &error);
	}
}

static const struct wsdl *load_wsdl(struct reading *reading, struct str path, const struct where *where)
{
	struct loader *loader = reading->loader;
	struct soap_files files = {read_rules_file, &loader->box};
	struct wsdl *wsdl;
	struct error error;

	if (!sandbox_file(&loader->box, path)) {
		problem_hint(loader, where, "the file lies beside the script, and its name ends in .wsdl",
			     "there is no file '" STR_FMT "' in the rules", STR_ARG(path));
		return NULL;
	}
	if (wsdl_load(&files, path, &wsdl, &error)) {
		if (error.file[0]) {
			const struct source_file *file = sandbox_file(&loader->box, str_of(error.file));

			error_at(&error, str_of(error.file), error.line, error.column,
				 file ? file->text : (struct str){0});
		}
		problem_add(loader, error.file[0] ? NULL : where, false, &error);
		return NULL;
	}
	own_wsdl(loader, path, wsdl);
	show_warnings(reading, wsdl);
	return wsdl;
}

static void read_wsdl(struct reading *reading, const char *key, const struct where *where)
{
	struct soap_declaration *soap = reading->soap;
	const struct source_file *file = reading->slot->where.file;
	struct str path;

	if (!soap_text(reading, key, where, &soap->wsdl))
		return;
	if (!file || !soap_path_join(file->path, soap->wsdl, &reading->loader->scratch, &path)) {
		problem(reading->loader, where, "'" STR_FMT "' is no file in the folder of the rules",
			STR_ARG(soap->wsdl));
		return;
	}
	soap->wsdl_where = *where;
	soap->client->wsdl = owned_wsdl(reading->loader, path);
	if (!soap->client->wsdl)
		soap->client->wsdl = load_wsdl(reading, path, where);
	soap->broken = !soap->client->wsdl;
}

/* --- The other keys
 * ------------------------------------------------------------------------------------------ */

bool soap_text(struct reading *reading, const char *key, const struct where *where, struct str *ret)
{
	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "a text");
		return false;
	}
	*ret = loader_copy(reading->loader, sandbox_str(reading->L, -1));
	return true;
}

static void read_service(struct reading *reading, const char *key, const struct where *where)
{
	soap_text(reading, key, where, &reading->soap->client->choice.service);
}

static void read_port(struct reading *reading, const char *key, const struct where *where)
{
	soap_text(reading, key, where, &reading->soap->client->choice.port);
}

static void read_operation(struct reading *reading, const char *key, const struct where *where)
{
	reading->soap->operation_where = *where;
	soap_text(reading, key, where, &reading->soap->client->choice.operation);
}

static void read_version(struct reading *reading, const char *key, const struct where *where)
{
	struct str text;

	if (!soap_text(reading, key, where, &text))
		return;
	if (str_eq(text, STR("1.1")))
		reading->soap->client->choice.version = SOAP_11;
	else if (str_eq(text, STR("1.2")))
		reading->soap->client->choice.version = SOAP_12;
	else
		problem(reading->loader, where, "'soap' is \"1.1\" or \"1.2\"");
}

static void read_endpoint(struct reading *reading, const char *key, const struct where *where)
{
	read_url(reading, key, where);
	reading->soap->has_endpoint = true;
}

static void read_addressing(struct reading *reading, const char *key, const struct where *where)
{
	bool on = read_flag(reading, key, where, false);

	reading->soap->client->addressing = on;
	reading->soap->client->no_addressing = !on;
}

static void read_user(struct reading *reading, const char *key, const struct where *where)
{
	soap_text(reading, key, where, &reading->soap->client->username);
}

static void read_password(struct reading *reading, const char *key, const struct where *where)
{
	struct str secret = secret_text(reading->L, -1);

	/* Its mark, which the secret takes the place of when the message goes out. */
	if (secret.p)
		reading->soap->client->password = loader_copy(reading->loader, secret);
	else
		soap_text(reading, key, where, &reading->soap->client->password);
	reading->soap->client->secret_password = secret.p != NULL;
}

static void read_digest(struct reading *reading, const char *key, const struct where *where)
{
	reading->soap->client->digest = read_flag(reading, key, where, false);
}

static void read_timestamp(struct reading *reading, const char *key, const struct where *where)
{
	read_duration(reading, key, where, 1000, 24 * 3600 * 1000, &reading->soap->client->timestamp_ms);
}

static bool secret_is_alone(struct str text)
{
	struct secret_mark mark;

	return secret_mark_find(text, 0, &mark) && mark.at == 0 && mark.n == text.n;
}

static void read_security(struct reading *reading, const char *key, const struct where *where)
{
	static const struct service_key keys[] = {{"username", read_user},
						  {"password", read_password},
						  {"digest", read_digest},
						  {"timestamp", read_timestamp}};
	struct soap_client *client = reading->soap->client;

	if (!lua_istable(reading->L, -1)) {
		wrong_type(reading, where, key, "a table");
		return;
	}
	client->has_security = true;
	read_keys_of(reading, lua_gettop(reading->L), "security", where, keys, countof(keys));
	if (client->digest && client->secret_password && !secret_is_alone(client->password))
		problem(reading->loader, where,
			"the digest of a password needs the secret alone, without a text beside it");
	if (!client->username.p != !client->password.p)
		problem(reading->loader, where, "'security' has a username and a password, or neither");
	if (!client->username.p && !client->timestamp_ms)
		problem(reading->loader, where,
			"'security' has a username and password, a timestamp, or both");
}

/* faults = { Busy = "retry", ["Server.NoSuchOrder"] = "dead" } */
static void read_faults(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	struct soap_client *client = reading->soap->client;

	if (!lua_istable(L, -1)) {
		wrong_type(reading, where, key, "a table");
		return;
	}
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		struct str code, action = {0};
		bool retry;

		if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING)
			action = sandbox_str(L, -1);
		retry = str_eq(action, STR("retry"));
		if (!action.p || (!retry && !str_eq(action, STR("dead"))) ||
		    client->n_faults == SOAP_FAULT_RULES_MAX) {
			problem_hint(reading->loader, where,
				     "faults = { Busy = \"retry\", Client = \"dead\" }",
				     "'faults' says \"retry\" or \"dead\" for up to %d codes",
				     SOAP_FAULT_RULES_MAX);
			lua_pop(L, 2);
			return;
		}
		code = loader_copy(reading->loader, sandbox_str(L, -2));
		client->faults[client->n_faults++] = (struct soap_fault_rule){code, retry};
	}
}

/* --- Arguments that are declared
 * ------------------------------------------------------------------------------ */

static int text_or_unknown(struct soap_texts *texts, lua_State *L, int index, struct value *ret,
			   struct error *reterr)
{
	struct template template;

	*ret = soap_unknown_value();
	if (lua_type(L, index) != LUA_TSTRING)
		return lua_isfunction(L, index) ? error_set(reterr, "a function is no value") : 0;
	if (template_compile(sandbox_str(L, index), CONTEXT_TEXT, texts->arena, &template, reterr))
		return -1;
	if (!template_has_tags(&template))
		*ret = (struct value){.kind = VALUE_STRING, .text = sandbox_str(L, index)};
	return 0;
}

void soap_mark(const struct soap_path *path, struct where *where)
{
	for (size_t i = 1; i < path->n && where->depth < WHERE_DEPTH_MAX; i++) {
		*where = where_key(where, path->steps[i].name);
		if (path->steps[i].index && where->depth < WHERE_DEPTH_MAX)
			*where = where_index(where, (int)path->steps[i].index);
	}
}

static void check_args(struct reading *reading, const struct where *where)
{
	struct soap_declaration *soap = reading->soap;
	struct soap_target target;
	struct soap_texts texts = {.text = text_or_unknown, .arena = &reading->loader->scratch};
	struct soap_path path = {0};
	struct where at = *where;
	struct value args;
	struct error error;

	if (soap_client_find(soap->client, (struct str){0}, &target, &error))
		return;
	if (!soap_value_read(reading->L, -1, &texts, &args, &error) &&
	    !soap_request_check(soap->client->wsdl, &target, &args, NULL, false, &path, &error))
		return;
	soap_mark(&path, &at);
	problem_add(reading->loader, &at, false, &error);
}

static void read_args(struct reading *reading, const char *key, const struct where *where)
{
	struct soap_declaration *soap = reading->soap;

	if (!lua_istable(reading->L, -1))
		wrong_type(reading, where, key, "a table");
	else if (!soap->client->choice.operation.p)
		problem(reading->loader, where, "'args' are those of an 'operation', which is not given");
	else if (soap->client->wsdl)
		check_args(reading, where);
}

static void read_soap_headers(struct reading *reading, const char *key, const struct where *where)
{
	if (!lua_istable(reading->L, -1))
		wrong_type(reading, where, key, "a table");
}

/* --- The whole
 * ----------------------------------------------------------------------------------------------- */

static const struct service_key soap_keys[] = {
	{"wsdl", read_wsdl},
	{"service", read_service},
	{"port", read_port},
	{"operation", read_operation},
	{"soap", read_version},
	{"endpoint", read_endpoint},
	{"addressing", read_addressing},
	{"security", read_security},
	{"faults", read_faults},
	{"namespace", soap_read_namespace},
	{"action", soap_read_action},
	{"qualified", soap_read_qualified},
	{"inputs", soap_read_inputs},
	{"returns", soap_read_returns},
	{"xml", soap_read_xml},
	{"soap_headers", read_soap_headers},
};

/* `args` is checked when it is known whose they are. */
static const struct service_key late_keys[] = {{"args", read_args}};

static void read_all(struct reading *reading)
{
	struct service_key keys[countof(soap_keys) + 32];
	size_t n = 0;

	for (size_t i = 0; i < n_common_keys; i++)
		keys[n++] = common_keys[i];
	for (size_t i = 0; i < countof(soap_keys); i++)
		keys[n++] = soap_keys[i];
	keys[n++] = (struct service_key){"args", soap_read_later};
	read_keys(reading, "soap.service", keys, n);
}

void soap_read_later(struct reading *reading, const char *key, const struct where *where)
{
	reading->soap->has_args = true;
}

/* A service or port that is not there is an error before anything is called; so is an operation for `fire`.
 */
static void check_choice(struct reading *reading)
{
	struct soap_declaration *soap = reading->soap;
	struct soap_target target;
	struct error error;

	if (soap_client_find(soap->client, (struct str){0}, &target, &error)) {
		struct where *where =
			soap->client->choice.operation.p ? &soap->operation_where : &soap->wsdl_where;

		problem_add(reading->loader, where, false, &error);
		soap->broken = true;
		return;
	}
	if (soap->has_endpoint)
		return;
	if (!target.port->address.n || compile_template(reading->loader, target.port->address, CONTEXT_URL,
							&soap->wsdl_where, &reading->service->url))
		problem_hint(reading->loader, &reading->slot->where,
			     "endpoint = \"https://crm.example.com/orders\"",
			     "the WSDL says no address, so soap.service needs an endpoint");
}

static void read_late(struct reading *reading)
{
	struct where at = where_key(&reading->slot->where, STR("args"));

	if (!reading->soap->has_args)
		return;
	lua_getfield(reading->L, reading->table, "args");
	late_keys[0].read(reading, "args", &at);
	lua_pop(reading->L, 1);
}

void compile_soap(struct reading *reading)
{
	struct loader *loader = reading->loader;
	struct service *service = reading->service;
	struct soap_declaration soap = {.client = loader_alloc(loader, sizeof *soap.client)};

	reading->soap = &soap;
	read_all(reading);
	if (!soap.wsdl.p)
		soap_by_hand(reading);
	service->method = STR("POST");
	service->soap = soap.client;
	/* With a WSDL the body is made of arguments, by Lua. */
	service->dynamic = !soap.has_xml;
	if (soap.client->wsdl && !soap.broken) {
		check_choice(reading);
		if (!soap.broken)
			read_late(reading);
	}
}
