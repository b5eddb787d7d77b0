/* The URL and the body of a service. */
#include "script/service_keys.h"

void read_url(struct reading *reading, const char *key, const struct where *where)
{
	reading->has_url = true;
	if (lua_isfunction(reading->L, -1))
		reading->service->url_dynamic = true;
	else if (lua_type(reading->L, -1) == LUA_TSTRING)
		compile_template(reading->loader, sandbox_str(reading->L, -1), CONTEXT_URL, where,
				 &reading->service->url);
	else
		wrong_type(reading, where, key, "a text or a function");
}

static void read_document(struct reading *reading, const struct where *where, const char *key,
			  enum template_context context)
{
	struct service *service = reading->service;

	if (lua_isfunction(reading->L, -1))
		service->body_dynamic = true;
	else if (lua_type(reading->L, -1) == LUA_TSTRING)
		compile_template(reading->loader, sandbox_str(reading->L, -1), (int)context, where,
				 &service->body);
	else if (context == CONTEXT_JSON && lua_istable(reading->L, -1))
		load_json_table(reading->L, reading->loader, where, &service->body);
	else
		wrong_type(reading, where, key,
			   context == CONTEXT_JSON ? "a table, a text or a function"
						   : "a text or a function");
}

void read_body(struct reading *reading, const char *key, const struct where *where)
{
	static const struct {
		const char *key;
		enum body_kind kind;
		enum template_context context;
	} bodies[] = {{"form", BODY_FORM, CONTEXT_FORM},
		      {"json", BODY_JSON, CONTEXT_JSON},
		      {"xml", BODY_XML, CONTEXT_XML},
		      {"text", BODY_TEXT, CONTEXT_TEXT},
		      {"body", BODY_RAW, CONTEXT_TEXT}};
	size_t i = 0;

	while (strcmp(bodies[i].key, key) != 0)
		ensure(++i < countof(bodies));
	if (reading->body_key)
		problem(reading->loader, where, "a service has one body, not both '%s' and '%s'",
			reading->body_key, key);
	reading->body_key = key;
	reading->service->body_kind = bodies[i].kind;
	if (bodies[i].kind == BODY_FORM)
		read_form(reading, key, where);
	else
		read_document(reading, where, key, bodies[i].context);
}
