/* soap.service without a WSDL, as the platform's own form has it: namespace, operation, action, typed inputs
 * in order; or the body as XML with tags. */
#include "script/soap_declaration.h"

#include "format/template.h"
#include "soap/simple.h"

void soap_read_namespace(struct reading *reading, const char *key, const struct where *where)
{
	soap_text(reading, key, where, &reading->soap->ns);
}

void soap_read_action(struct reading *reading, const char *key, const struct where *where)
{
	soap_text(reading, key, where, &reading->soap->client->action);
}

void soap_read_qualified(struct reading *reading, const char *key, const struct where *where)
{
	reading->soap->qualified = read_flag(reading, key, where, false);
}

static bool read_type(struct reading *reading, const struct where *where, enum builtin *ret)
{
	struct str name;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, "type", "the name of a type, as \"int\"");
		return false;
	}
	name = sandbox_str(reading->L, -1);
	*ret = builtin_find(name);
	if (*ret != BUILTIN_NONE && *ret != BUILTIN_ANY_TYPE)
		return true;
	problem_hint(reading->loader, where, "string int long decimal double boolean date dateTime …",
		     "there is no type '%.60s' in XML Schema", name.p);
	return false;
}

void soap_read_returns(struct reading *reading, const char *key, const struct where *where)
{
	read_type(reading, where, &reading->soap->client->returns);
}

/* { "name", "type" } on top. */
static bool read_input(struct reading *reading, const struct where *where, struct soap_input *ret)
{
	lua_State *L = reading->L;
	enum builtin type;
	bool ok;

	if (!lua_istable(L, -1) || lua_rawgeti(L, -1, 1) != LUA_TSTRING) {
		problem_hint(reading->loader, where,
			     "inputs = { { \"ani\", \"string\" }, { \"seconds\", \"int\" } }",
			     "an input is a pair of its name and its type");
		return false;
	}
	ret->name = loader_copy(reading->loader, sandbox_str(L, -1));
	lua_pop(L, 1);
	if (!builtin_valid(BUILTIN_NCNAME, ret->name)) {
		problem(reading->loader, where, "'" STR_FMT "' cannot be the name of an element",
			STR_ARG(ret->name));
		return false;
	}
	lua_rawgeti(L, -1, 2);
	ok = read_type(reading, where, &type);
	lua_pop(L, 1);
	if (ok)
		ret->type = builtin_name(type);
	return ok;
}

void soap_read_inputs(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	struct soap_declaration *soap = reading->soap;
	size_t n;

	if (!lua_istable(L, -1)) {
		wrong_type(reading, where, key, "a list of pairs");
		return;
	}
	n = lua_rawlen(L, -1);
	if (n > SOAP_INPUTS_MAX) {
		problem(reading->loader, where, "over %d inputs", SOAP_INPUTS_MAX);
		return;
	}
	soap->inputs = loader_alloc(reading->loader, (n + 1) * sizeof *soap->inputs);
	for (size_t i = 1; i <= n; i++) {
		struct where at = where_index(where, (int)i);

		lua_rawgeti(L, -1, (lua_Integer)i);
		if (read_input(reading, &at, &soap->inputs[soap->n_inputs]))
			soap->n_inputs++;
		else
			soap->broken = true;
		lua_pop(L, 1);
	}
}

static bool is_envelope(struct str xml)
{
	return memmem(xml.p, xml.n, "Envelope", strlen("Envelope")) != NULL;
}

/* A body of the operator's gets its envelope here; a whole envelope stays as it is. */
void soap_read_xml(struct reading *reading, const char *key, const struct where *where)
{
	struct soap_declaration *soap = reading->soap;
	struct buf *out;
	struct str xml;
	struct error error;

	soap->has_xml = true;
	if (!soap_text(reading, key, where, &xml))
		return;
	reading->service->body_kind = BODY_XML;
	/* As it stands there, so that places in it are right. */
	if (compile_template(reading->loader, xml, CONTEXT_XML, where, &reading->service->body) ||
	    is_envelope(xml))
		return;
	out = sandbox_text(&reading->loader->box);
	if (soap_envelope_wrap(soap->client->choice.version, xml, NULL, out, &error) == 0)
		compile_template(reading->loader, loader_copy(reading->loader, buf_view(out)), CONTEXT_XML,
				 where, &reading->service->body);
}

/* The headers that make a body by hand a SOAP message. */
static void add_message_headers(struct reading *reading)
{
	struct loader *loader = reading->loader;
	struct service *service = reading->service;
	struct soap_client *client = reading->soap->client;
	bool old = client->choice.version != SOAP_12;
	struct row *rows = loader_alloc(loader, (service->headers.n + 2) * sizeof *rows);
	struct where *where = &reading->slot->where;
	struct buf text;
	char room[1100];

	text = (struct buf){.p = room, .capacity = sizeof room, .max = sizeof room - 1};
	soap_content_type(&text, client->choice.version, client->action);
	if (service->headers.n)
		memcpy(rows, service->headers.rows, service->headers.n * sizeof *rows);
	rows[service->headers.n].name = STR("content-type");
	compile_template(loader, loader_copy(loader, buf_view(&text)), CONTEXT_HEADER, where,
			 &rows[service->headers.n].value);
	service->headers.n++;
	if (old) {
		buf_clear(&text);
		buf_printf(&text, "\"" STR_FMT "\"", STR_ARG(client->action));
		rows[service->headers.n].name = STR("soapaction");
		compile_template(loader, loader_copy(loader, buf_view(&text)), CONTEXT_HEADER, where,
				 &rows[service->headers.n].value);
		service->headers.n++;
	}
	service->headers.rows = rows;
}

static bool has_parts(struct reading *reading)
{
	struct soap_declaration *soap = reading->soap;
	struct where *where = &reading->slot->where;

	if (!soap->has_endpoint) {
		problem_hint(reading->loader, where, "endpoint = \"https://crm.example.com/orders\"",
			     "soap.service without a wsdl needs an endpoint");
		return false;
	}
	if (soap->has_xml)
		return true;
	if (soap->client->choice.operation.p && soap->ns.p)
		return true;
	problem_hint(reading->loader, where, "wsdl = \"orders.wsdl\"",
		     "soap.service needs a wsdl; or namespace, operation and inputs; or the body as xml");
	return false;
}

void soap_by_hand(struct reading *reading)
{
	struct soap_declaration *soap = reading->soap;
	struct soap_client *client = soap->client;
	struct soap_by_hand by_hand = {.ns = soap->ns,
				       .service = client->choice.service,
				       .port = client->choice.port,
				       .operation = client->choice.operation,
				       .action = client->action,
				       .version = client->choice.version,
				       .qualified = soap->qualified,
				       .inputs = soap->inputs,
				       .n_inputs = soap->n_inputs};
	struct wsdl *wsdl;
	struct error error;

	if (!has_parts(reading) || soap->broken) {
		soap->broken = true;
		return;
	}
	if (soap->has_xml) {
		add_message_headers(reading);
		return;
	}
	if (!builtin_valid(BUILTIN_NCNAME, client->choice.operation)) {
		problem(reading->loader, &soap->operation_where,
			"'" STR_FMT "' cannot be the name of an operation",
			STR_ARG(client->choice.operation));
		soap->broken = true;
	} else if (soap_by_hand_wsdl(&by_hand, &wsdl, &error)) {
		problem_add(reading->loader, &reading->slot->where, false, &error);
		soap->broken = true;
	} else {
		client->wsdl = wsdl;
		soap_own_wsdl(reading->loader, wsdl);
	}
}
