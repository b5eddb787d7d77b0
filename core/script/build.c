/* From service:send(overrides) to a request: the service's functions are asked, then all values become text.
 *
 * Two halves, and no Lua code runs in the second: its texts live in the sandbox's arena, or in Lua values
 * that stand on the stack. */
#include "script/event_view.h"
#include "script/lua_value.h"
#include "script/rows.h"
#include "script/secret.h"
#include "script/state.h"

#include "base/suggest.h"
#include "format/json.h"
#include "format/request_build.h"
#include "format/template.h"
#include "soap/client.h"

#include <stdio.h>

struct build {
	lua_State *L;
	struct script_run *run;
	const struct service *service;
	struct overrides overrides;
};

/* A list of rows while it grows. */
struct given_rows {
	struct build *build;
	enum place_of_text place;
	const char *what;
	struct header *rows;
	size_t n;
};

static const struct {
	const char *name;
	enum body_kind kind;
	enum place_of_text place;
} bodies[] = {
	{"form", BODY_FORM, PLACE_TEXT}, {"json", BODY_JSON, PLACE_JSON}, {"xml", BODY_XML, PLACE_XML},
	{"text", BODY_TEXT, PLACE_TEXT}, {"body", BODY_RAW, PLACE_TEXT},
};

/* --- The service's functions -----------------------------------------------------------------------------
 */

/* Calls the function on top with the call; what it gives takes its place. */
static void ask(lua_State *L, struct script_run *run)
{
	event_view_push(L, run, run->event, true);
	run->state->building = true;
	lua_call(L, 1, 1);
	run->state->building = false;
}

/* The list of functions on top becomes the list of what they give. */
static void ask_rows(lua_State *L, struct script_run *run)
{
	lua_Integer n = sandbox_list_length(L, -1);

	lua_createtable(L, (int)n, 0);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, -2, i);
		ask(L, run);
		if (lua_isnil(L, -1)) {
			lua_pop(L, 1);
			lua_pushliteral(L, "");
		}
		lua_rawseti(L, -2, i);
	}
	lua_remove(L, -2);
}

static void ask_part(lua_State *L, struct script_run *run, int functions, int results, const char *part)
{
	switch (lua_getfield(L, functions, part)) {
	case LUA_TFUNCTION:
		ask(L, run);
		break;
	case LUA_TTABLE:
		ask_rows(L, run);
		break;
	default:
		lua_pop(L, 1);
		return;
	}
	lua_setfield(L, results, part);
}

static bool has_field(lua_State *L, int index, const char *name)
{
	bool ret;

	if (!index)
		return false;
	ret = lua_getfield(L, index, name) != LUA_TNIL;
	lua_pop(L, 1);
	return ret;
}

static bool has_body(lua_State *L, int overrides)
{
	for (size_t i = 0; i < countof(bodies); i++) {
		if (has_field(L, overrides, bodies[i].name))
			return true;
	}
	return false;
}

/* Pushes a table with what the service's functions give: a value for each one, in the form of the functions'
 * table. What the rule gives itself is not asked for. */
static void ask_functions(lua_State *L, struct script_run *run, int service, int overrides)
{
	int results, functions;

	lua_newtable(L);
	results = lua_gettop(L);
	lua_getiuservalue(L, service, 1);
	functions = lua_gettop(L);
	if (lua_istable(L, functions)) {
		if (!has_field(L, overrides, "url"))
			ask_part(L, run, functions, results, "url");
		ask_part(L, run, functions, results, "params");
		ask_part(L, run, functions, results, "headers");
		if (!has_body(L, overrides)) {
			ask_part(L, run, functions, results, "form");
			ask_part(L, run, functions, results, "body");
		}
	}
	lua_settop(L, results);
}

/* --- Values as text --------------------------------------------------------------------------------------
 */

_Noreturn static void too_large(lua_State *L)
{
	sandbox_raise(L, "the request is too large: over %d MiB with all its parts", SANDBOX_ARENA_MAX >> 20);
}

static struct str keep(struct build *build, struct str s)
{
	struct str copy = arena_copy(&build->run->state->box.arena, s);

	if (!copy.p)
		too_large(build->L);
	return copy;
}

static void fill(struct build *build, const struct template *template, struct buf *out)
{
	struct error error;

	if (template_fill_mapped(template, build->run->event, build->service->strict, build->service->name,
				 build->service->mappings, out, build->run->log, &error))
		sandbox_raise_error(build->L, &error);
}

/* The literal's template, or NULL if the text is a value. */
static const struct template *literal_of(struct build *build, struct str text, enum place_of_text place)
{
	const struct template *template;
	struct error error;

	if (literals_template(&build->run->state->literals, text, place, &template, &error))
		sandbox_raise_error(build->L, &error);
	return template;
}

static struct str text_at(struct build *build, int index, enum place_of_text place, const char *what)
{
	lua_State *L = build->L;
	struct buf *out = sandbox_text(&build->run->state->box);
	const struct template *template;
	struct str secret;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		return STR("");
	case LUA_TLIGHTUSERDATA:
		return STR("");
	case LUA_TBOOLEAN:
		return lua_toboolean(L, index) ? STR("true") : STR("false");
	case LUA_TNUMBER:
		if (!number_write(L, index, out))
			sandbox_raise(L, "%s is NaN or infinite", what);
		return keep(build, buf_view(out));
	case LUA_TSTRING:
		template = literal_of(build, sandbox_str(L, index), place);
		if (!template)
			return sandbox_str(L, index);
		fill(build, template, out);
		return keep(build, buf_view(out));
	case LUA_TUSERDATA:
		secret = secret_text(L, index);
		if (secret.p && (place == PLACE_TEXT || place == PLACE_HEADER))
			return secret;
		/* fall through */
	default:
		sandbox_raise(L, "%s is a %s, not a text", what, luaL_typename(L, index));
	}
}

static int add_row(void *context, lua_State *L, const struct rows_item *item)
{
	struct given_rows *given = context;
	char what[160];

	snprintf(what, sizeof what, "%s '%.100s'", given->what, item->name.p);
	given->rows[given->n++] =
		(struct header){item->name, text_at(given->build, lua_gettop(L), given->place, what)};
	return 0;
}

/* Reads the rows at `index` behind those of `given`, with room for as many as are there. */
static void read_rows(struct build *build, int index, struct given_rows *given)
{
	lua_State *L = build->L;
	struct header *old = given->rows;
	struct where_step bad;
	struct error error;

	if (!lua_istable(L, index))
		sandbox_raise(L, "%s is a %s, not a table of rows", given->what, luaL_typename(L, index));
	given->rows = arena_alloc(&build->run->state->box.arena,
				  (given->n + rows_count(L, index) + 1) * sizeof *given->rows);
	if (!given->rows)
		too_large(L);
	if (given->n)
		memcpy(given->rows, old, given->n * sizeof *old);
	if (rows_each(L, index, add_row, given, &bad, &error)) {
		error_prefix(&error, "%s", given->what);
		sandbox_raise_error(L, &error);
	}
}

/* Of the first `n` rows, which a function gave, those stay that the rule does not give itself. */
static void drop_replaced(struct given_rows *given, size_t n, bool ignore_case)
{
	size_t kept = 0;

	for (size_t i = 0; i < given->n; i++) {
		bool replaced = false;

		for (size_t j = n; i < n && j < given->n && !replaced; j++)
			replaced = ignore_case ? str_eq_nocase(given->rows[i].name, given->rows[j].name)
					       : str_eq(given->rows[i].name, given->rows[j].name);
		if (!replaced)
			given->rows[kept++] = given->rows[i];
	}
	given->n = kept;
}

/* The rows of a part: a function's, and in their place the rule's own. */
static struct given_rows part_rows(struct build *build, int results, int overrides, const char *part,
				   bool by_function, enum place_of_text place)
{
	struct given_rows given = {.build = build, .place = place, .what = part};
	lua_State *L = build->L;
	size_t n;

	if (by_function && lua_getfield(L, results, part) != LUA_TNIL)
		read_rows(build, lua_gettop(L), &given);
	n = given.n;
	if (has_field(L, overrides, part)) {
		lua_getfield(L, overrides, part);
		read_rows(build, lua_gettop(L), &given);
		drop_replaced(&given, n, place == PLACE_HEADER);
	}
	/* The values stay on the stack: the rows point into them. */
	return given;
}

/* Adds what the functions of single rows gave. */
static void add_dynamic(struct build *build, int results, const struct rows *declared, const char *part,
			enum place_of_text place, struct str *dynamic)
{
	lua_State *L = build->L;

	if (declared->dynamic || lua_getfield(L, results, part) != LUA_TTABLE)
		return;
	for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, -1); i <= n; i++) {
		lua_rawgeti(L, -1, i);
		dynamic[build->overrides.n_dynamic++] = text_at(build, lua_gettop(L), place, part);
		lua_pop(L, 1);
	}
}

static size_t count_dynamic(const struct rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->rows[i].dynamic;
	return n;
}

static void add_rows(struct build *build, int results, int overrides)
{
	const struct service *service = build->service;
	struct overrides *o = &build->overrides;
	struct given_rows given;
	size_t n = count_dynamic(&service->params) + count_dynamic(&service->headers) +
		   count_dynamic(&service->form);
	struct str *dynamic = arena_alloc(&build->run->state->box.arena, (n + 1) * sizeof *dynamic);

	if (!dynamic)
		too_large(build->L);
	o->dynamic = dynamic;
	add_dynamic(build, results, &service->params, "params", PLACE_TEXT, dynamic);
	add_dynamic(build, results, &service->headers, "headers", PLACE_HEADER, dynamic);
	add_dynamic(build, results, &service->form, "form", PLACE_TEXT, dynamic);
	given = part_rows(build, results, overrides, "params", service->params.dynamic, PLACE_TEXT);
	o->params = given.rows;
	o->n_params = given.n;
	given = part_rows(build, results, overrides, "headers", service->headers.dynamic, PLACE_HEADER);
	o->headers = given.rows;
	o->n_headers = given.n;
}

/* --- The body --------------------------------------------------------------------------------------------
 */

static int write_json_string(struct json_writer *writer, struct str s, struct error *reterr)
{
	struct build *build = writer->context;
	const struct template *template = literal_of(build, s, PLACE_JSON_STRING);

	if (template)
		fill(build, template, writer->out);
	else
		json_write_string(writer->out, mapped(build->service->mappings, s));
	return 0;
}

/* A text is a whole document; everything else becomes one. */
static struct str json_at(struct build *build, int index)
{
	lua_State *L = build->L;
	struct buf *out;
	struct json_writer writer = {.pairs = true, .string = write_json_string, .context = build};
	struct json_limits limits = {0};
	struct value unused;
	struct error error;
	struct str text;

	if (lua_type(L, index) != LUA_TSTRING) {
		writer.out = out = sandbox_json(&build->run->state->box);
		if (json_write_lua(L, index, &writer, &error)) {
			error_prefix(&error, "json");
			sandbox_raise_error(L, &error);
		}
		return buf_view(out);
	}
	text = text_at(build, index, PLACE_JSON, "json");
	limits.depth = (size_t)build->run->state->box.limits->of[LIMIT_JSON_DEPTH];
	if (json_parse(text, limits, &build->run->state->box.arena, &unused, &error)) {
		sandbox_hint(&build->run->state->box,
			     "a text is a whole JSON document; give a table, or use text = for plain text");
		sandbox_raise(L, "json is no JSON: %s at line %d, column %d", error.what, error.line,
			      error.column);
	}
	return text;
}

static void body_at(struct build *build, int index, size_t which)
{
	struct overrides *o = &build->overrides;
	struct given_rows given = {.build = build, .place = PLACE_TEXT, .what = "form"};

	o->has_body = true;
	o->body_kind = bodies[which].kind;
	if (o->body_kind == BODY_FORM) {
		read_rows(build, index, &given);
		o->form = given.rows;
		o->n_form = given.n;
	} else if (o->body_kind == BODY_JSON) {
		o->body = json_at(build, index);
	} else {
		o->body = text_at(build, index, bodies[which].place, bodies[which].name);
	}
}

static void add_body(struct build *build, int results, int overrides)
{
	lua_State *L = build->L;
	const struct service *service = build->service;
	bool form = service->body_kind == BODY_FORM;

	for (size_t i = 0; i < countof(bodies); i++) {
		if (!has_field(L, overrides, bodies[i].name))
			continue;
		lua_getfield(L, overrides, bodies[i].name);
		body_at(build, lua_gettop(L), i);
		return;
	}
	if (form ? !service->form.dynamic : !service->body_dynamic)
		return;
	for (size_t i = 0; i < countof(bodies); i++) {
		if (bodies[i].kind != service->body_kind)
			continue;
		if (lua_getfield(L, results, form ? "form" : "body") == LUA_TNIL)
			sandbox_raise(L, "the function for '%s' of " STR_FMT " gave nothing", bodies[i].name,
				      STR_ARG(service->name));
		body_at(build, lua_gettop(L), i);
	}
}

/* --- The whole -------------------------------------------------------------------------------------------
 */

static void check_overrides(lua_State *L, int overrides)
{
	static const struct str keys[] = {{"body", 4}, {"form", 4},   {"headers", 7},
					  {"json", 4}, {"method", 6}, {"params", 6},
					  {"text", 4}, {"url", 3},    {"xml", 3}};
	const char *body = NULL;

	if (!lua_istable(L, overrides)) {
		sandbox_hint(sandbox_of(L), "write service:send { json = { … } }");
		sandbox_raise(L, "what differs is given as a table, not as a %s",
			      luaL_typename(L, overrides));
	}
	for (lua_pushnil(L); lua_next(L, overrides); lua_pop(L, 1)) {
		struct str key = {0}, nearest;
		bool known = false;

		if (lua_type(L, -2) == LUA_TSTRING)
			key = sandbox_str(L, -2);
		for (size_t i = 0; key.p && i < countof(keys); i++)
			known = known || str_eq(key, keys[i]);
		if (known)
			continue;
		nearest = suggest_nearest(key, keys, countof(keys));
		if (nearest.p)
			sandbox_hint(sandbox_of(L), "did you mean '" STR_FMT "'?", STR_ARG(nearest));
		else
			sandbox_hint(sandbox_of(L),
				     "one of body form headers json method params text url xml");
		sandbox_raise(L, "unknown key '%.100s' for a request", key.p ? key.p : "1");
	}
	for (size_t i = 0; i < countof(bodies); i++) {
		if (!has_field(L, overrides, bodies[i].name))
			continue;
		if (body)
			sandbox_raise(L, "a request has one body, not both '%s' and '%s'", body,
				      bodies[i].name);
		body = bodies[i].name;
	}
}

static void add_method_and_url(struct build *build, int results, int overrides)
{
	lua_State *L = build->L;

	if (has_field(L, overrides, "method")) {
		lua_getfield(L, overrides, "method");
		build->overrides.method = text_at(build, lua_gettop(L), PLACE_TEXT, "method");
	} else if (has_body(L, overrides) && str_eq(build->service->method, STR("GET"))) {
		/* A service without a body and a method is a GET; with a body it was meant to be a POST. */
		build->overrides.method = STR("POST");
	}
	if (has_field(L, overrides, "url")) {
		lua_getfield(L, overrides, "url");
		build->overrides.url = text_at(build, lua_gettop(L), PLACE_URL, "url");
	} else if (build->service->url_dynamic) {
		if (lua_getfield(L, results, "url") == LUA_TNIL)
			sandbox_raise(L, "the function for 'url' of " STR_FMT " gave nothing",
				      STR_ARG(build->service->name));
		build->overrides.url = text_at(build, lua_gettop(L), PLACE_URL, "url");
	}
}

void build_step_request(lua_State *L, struct script_run *run, struct service_box *box, int service_index,
			int overrides)
{
	struct build build = {.L = L, .run = run, .service = box->service};
	const struct overrides *given = NULL;
	struct error error;

	if (box->service->soap && box->service->soap->wsdl) {
		build_soap_request(L, run, box, service_index, overrides);
		return;
	}
	luaL_checkstack(L, 24, NULL);
	if (overrides)
		check_overrides(L, overrides);
	if (overrides || box->service->dynamic) {
		int results;

		ask_functions(L, run, service_index, overrides);
		results = lua_gettop(L);
		sandbox_arena(&run->state->box);
		run->state->box.n_keys = 0;
		add_method_and_url(&build, results, overrides);
		add_rows(&build, results, overrides);
		add_body(&build, results, overrides);
		given = &build.overrides;
	}
	if (request_build(box->service, run->event, given, run->log, &run->step.request, &error)) {
		error_prefix(&error, STR_FMT, STR_ARG(box->service->name));
		sandbox_raise_error(L, &error);
	}
	if (run->step.request->body.n > (size_t)run->state->box.limits->of[LIMIT_BODY])
		sandbox_raise_limit(L, LIMIT_BODY, "the body of the request");
}
