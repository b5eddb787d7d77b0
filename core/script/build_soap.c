/* From service:call("Operation", { … }) to a request: the arguments become values, the values an envelope. No
 * Lua code runs on the way. */
#include "script/event_view.h"
#include "script/soap_value.h"
#include "script/state.h"

#include "format/request_build.h"
#include "format/template.h"
#include "soap/client.h"

#include <stdio.h>

struct soap_build {
	lua_State *L;
	struct script_run *run;
	const struct service *service;
	struct soap_texts texts; /* first of its callbacks' context */
};

/* A literal with tags is filled with the event's; every other text is a value. */
static int fill_text(struct soap_texts *texts, lua_State *L, int index, struct value *ret,
		     struct error *reterr)
{
	struct soap_build *build = texts->context;
	const struct template *template;
	struct buf *out;
	struct str text;

	if (lua_type(L, index) != LUA_TSTRING)
		return error_set(reterr, "a %s is no value", luaL_typename(L, index));
	text = sandbox_str(L, index);
	if (literals_template(&build->run->state->literals, text, PLACE_TEXT, &template, reterr))
		return -1;
	if (template) {
		out = sandbox_text(&build->run->state->box);
		if (template_fill(template, build->run->event, build->service->strict, build->service->name,
				  out, build->run->log, reterr))
			return -1;
		text = arena_copy(texts->arena, buf_view(out));
		if (!text.p)
			return error_set(reterr, "the arguments are too large");
	}
	*ret = (struct value){.kind = VALUE_STRING, .text = text};
	return 0;
}

_Noreturn static void fail(struct soap_build *build, struct error *error)
{
	error_prefix(error, STR_FMT, STR_ARG(build->service->name));
	sandbox_raise_error(build->L, error);
}

/* Pushes what the rule gives under this name, else what the service declares. */
static bool push_given(struct soap_build *build, int service_index, int request, const char *name)
{
	lua_State *L = build->L;

	if (request && lua_getfield(L, request, name) != LUA_TNIL)
		return true;
	lua_getiuservalue(L, service_index, 1);
	if (lua_istable(L, -1) && lua_getfield(L, -1, name) != LUA_TNIL)
		return true;
	lua_pushnil(L);
	return false;
}

static bool read_given(struct soap_build *build, int service_index, int request, const char *name,
		       struct value *ret)
{
	struct error error;

	if (!push_given(build, service_index, request, name))
		return false;
	if (soap_value_read(build->L, -1, &build->texts, ret, &error))
		fail(build, &error);
	return true;
}

static void put_random(struct script_run *run, unsigned char *bytes, size_t n)
{
	for (size_t at = 0; at < n; at += sizeof(uint64_t)) {
		uint64_t chance = run->state->host->random(run->context);

		memcpy(bytes + at, &chance, n - at < sizeof chance ? n - at : sizeof chance);
	}
}

static void make_security(struct soap_build *build, const struct soap_client *client,
			  struct soap_security *ret)
{
	*ret = (struct soap_security){.username = client->username,
				      .password = client->password,
				      .digest = client->digest,
				      .timestamp_s = client->timestamp_ms / 1000,
				      .must_understand = true};
	ret->now_us = build->run->state->host->now_ms(build->run->context) * 1000;
	put_random(build->run, ret->nonce, sizeof ret->nonce);
}

/* A random UUID (RFC 9562, version 4); the same again when the run is run again. */
static struct str make_id(struct soap_build *build)
{
	unsigned char b[16];
	char text[64];
	struct str id;

	put_random(build->run, b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
	snprintf(text, sizeof text,
		 "urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	id = arena_copy(build->texts.arena, str_of(text));
	return id.p ? id : STR("");
}

static bool wants_addressing(const struct soap_client *client, const struct soap_target *target)
{
	return client->addressing ||
	       (!client->no_addressing && target->port && target->port->addressing != ADDRESSING_NONE);
}

static void make_addressing(struct soap_build *build, const struct soap_client *client,
			    const struct soap_target *target, struct soap_addressing_headers *ret)
{
	struct buf *out = sandbox_text(&build->run->state->box);
	struct str action = target->operation->input.wsa_action;
	struct error error;

	ret->action = action.n ? action : soap_client_action(client, target);
	if (!ret->action.n)
		ret->action = target->operation->name;
	ret->message_id = make_id(build);
	if (template_fill(&build->service->url, build->run->event, build->service->strict,
			  build->service->name, out, build->run->log, &error))
		fail(build, &error);
	ret->to = arena_copy(build->texts.arena, buf_view(out));
}

static struct str keep(struct soap_build *build, const struct buf *text)
{
	struct str copy = arena_copy(build->texts.arena, buf_view(text));

	if (!copy.p)
		sandbox_raise(build->L, "the request is too large");
	return copy;
}

static size_t add_headers(struct soap_build *build, const struct soap_client *client,
			  const struct soap_target *target, struct header headers[2])
{
	struct buf *out = sandbox_text(&build->run->state->box);
	struct str action = soap_client_action(client, target);

	soap_content_type(out, target->version, action);
	headers[0] = (struct header){STR("content-type"), keep(build, out)};
	if (target->version == SOAP_12)
		return 1;
	buf_clear(out);
	buf_printf(out, "\"" STR_FMT "\"", STR_ARG(action));
	headers[1] = (struct header){STR("soapaction"), keep(build, out)};
	return 2;
}

static void build_body(struct soap_build *build, const struct soap_target *target, const struct value *args,
		       struct soap_envelope_options *options, struct str *ret)
{
	struct buf *out = sandbox_text(&build->run->state->box);
	struct error error;

	if (soap_request_build(build->service->soap->wsdl, target, args, options, out, &error))
		fail(build, &error);
	*ret = keep(build, out);
}

void build_soap_request(lua_State *L, struct script_run *run, struct service_box *box, int service_index,
			int request)
{
	const struct soap_client *client = box->service->soap;
	struct soap_build build = {.L = L, .run = run, .service = box->service};
	struct soap_envelope_options options = {.empty_is_list = true};
	struct soap_security security;
	struct overrides overrides = {.has_body = true, .body_kind = BODY_XML};
	struct header headers[2];
	struct soap_target target;
	struct value args = {.kind = VALUE_OBJECT}, soap_headers;
	struct str operation = {0};
	struct error error;

	luaL_checkstack(L, 24, NULL);
	build.texts = (struct soap_texts){fill_text, &build, sandbox_arena(&run->state->box)};
	if (request && lua_getfield(L, request, "operation") == LUA_TSTRING)
		operation = sandbox_str(L, -1);
	if (!operation.p && !client->choice.operation.p) {
		sandbox_hint(&run->state->box,
			     "name it: service:call(\"CreateOrder\", { … }), or declare operation = \"…\"");
		sandbox_raise(L, STR_FMT ": which operation?", STR_ARG(box->service->name));
	}
	if (soap_client_find(client, operation, &target, &error))
		fail(&build, &error);
	read_given(&build, service_index, request, "args", &args);
	if (read_given(&build, service_index, request, "soap_headers", &soap_headers))
		options.headers = &soap_headers;
	if (client->has_security) {
		make_security(&build, client, &security);
		options.security = &security;
	}
	if (wants_addressing(client, &target))
		make_addressing(&build, client, &target, &options.addressing);
	build_body(&build, &target, &args, &options, &overrides.body);
	overrides.headers = headers;
	overrides.n_headers = add_headers(&build, client, &target, headers);
	if (request_build(box->service, run->event, &overrides, run->log, &run->step.request, &error))
		fail(&build, &error);
}
