/* http.service { … } while rules load. */
#include "script/load.h"
#include "script/duration.h"
#include "script/lua_value.h"
#include "script/rows.h"
#include "script/state.h"

#include "format/request_build.h"
#include "format/template.h"

enum { TIMEOUT_DEFAULT_MS = 10000, TIMEOUT_MAX_MS = 600000, NAME_MAX_BYTES = 128 };

static const struct str keys[] = {
	{"name", 4}, {"active", 6}, {"method", 6}, {"url", 3},  {"params", 6},  {"headers", 7}, {"form", 4},
	{"json", 4}, {"xml", 3},    {"text", 4},   {"body", 4}, {"timeout", 7}, {"strict", 6},
};

/* The service's table, while it is read. */
struct reading {
	lua_State *L;
	struct loader *loader;
	struct slot *slot;
	struct service *service;
	int table;
};

/* Pushes the field; false, and nothing pushed, when it is not there. */
static bool field(struct reading *reading, const char *key, struct where *ret_where)
{
	if (lua_getfield(reading->L, reading->table, key) == LUA_TNIL) {
		lua_pop(reading->L, 1);
		return false;
	}
	*ret_where = where_key(&reading->slot->where, str_of(key));
	return true;
}

static void wrong_type(struct reading *reading, const struct where *where, const char *key,
		       const char *wanted)
{
	problem(reading->loader, where, "'%s' is a %s, not %s", key, luaL_typename(reading->L, -1), wanted);
}

static bool read_flag(struct reading *reading, const char *key, bool otherwise)
{
	struct where where;
	bool ret = otherwise;

	if (!field(reading, key, &where))
		return otherwise;
	if (lua_isboolean(reading->L, -1))
		ret = lua_toboolean(reading->L, -1);
	else
		wrong_type(reading, &where, key, "true or false");
	lua_pop(reading->L, 1);
	return ret;
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

static void read_name(struct reading *reading)
{
	struct where where;

	if (!field(reading, "name", &where))
		return;
	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, &where, "name", "a text");
	} else {
		struct str name = sandbox_str(reading->L, -1);

		if (str_trim(name).n == 0 || name.n > NAME_MAX_BYTES || !is_printable(name))
			problem(reading->loader, &where, "the name of a service is 1 to %d bytes on one line",
				NAME_MAX_BYTES);
		reading->service->name = loader_copy(reading->loader, name);
	}
	lua_pop(reading->L, 1);
}

static void read_method(struct reading *reading)
{
	static const struct str methods[] = {{"GET", 3},   {"POST", 4},   {"PUT", 3},
					     {"PATCH", 5}, {"DELETE", 6}, {"HEAD", 4}};
	struct service *service = reading->service;
	struct where where;
	struct str given;

	service->method =
		service->body_kind == BODY_NONE && !service->body_dynamic ? STR("GET") : STR("POST");
	if (!field(reading, "method", &where))
		return;
	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, &where, "method", "a text");
		lua_pop(reading->L, 1);
		return;
	}
	given = sandbox_str(reading->L, -1);
	for (size_t i = 0; i < countof(methods); i++) {
		if (str_eq_nocase(given, methods[i])) {
			service->method = methods[i];
			lua_pop(reading->L, 1);
			return;
		}
	}
	problem_word(reading->loader, &where, false, given, methods, countof(methods),
		     "one of GET POST PUT PATCH DELETE HEAD", "unknown method '%.60s'", given.p);
	lua_pop(reading->L, 1);
}

static void read_url(struct reading *reading)
{
	struct where where;

	if (!field(reading, "url", &where)) {
		problem_hint(reading->loader, &reading->slot->where,
			     "url = \"https://crm.example.com/calls\"", "http.service needs a url");
		return;
	}
	if (lua_isfunction(reading->L, -1))
		reading->service->url_dynamic = true;
	else if (lua_type(reading->L, -1) == LUA_TSTRING)
		compile_template(reading->loader, sandbox_str(reading->L, -1), CONTEXT_URL, &where,
				 &reading->service->url);
	else
		wrong_type(reading, &where, "url", "a text or a function");
	lua_pop(reading->L, 1);
}

static void read_timeout(struct reading *reading)
{
	struct where where;
	int64_t ms = TIMEOUT_DEFAULT_MS;
	bool ok = true;

	if (field(reading, "timeout", &where)) {
		if (lua_type(reading->L, -1) == LUA_TSTRING)
			ok = duration_parse(sandbox_str(reading->L, -1), &ms);
		else
			ok = lua_type(reading->L, -1) == LUA_TNUMBER &&
			     duration_of_seconds(lua_tonumber(reading->L, -1), &ms);
		lua_pop(reading->L, 1);
	}
	if (!ok || ms < 1 || ms > TIMEOUT_MAX_MS)
		problem_hint(reading->loader, &where, "\"500ms\", \"10s\", \"2m\", or a number of seconds",
			     "'timeout' is no duration between 1 ms and %d min", TIMEOUT_MAX_MS / 60000);
	reading->service->timeout_ms = ms;
}

/* --- Rows ------------------------------------------------------------------------------------------------
 */

struct reading_rows {
	struct reading *reading;
	struct where where;
	const char *key;
	enum template_context context;
	struct row *rows;
	size_t n;
};

static void check_header_name(struct reading_rows *rows, const struct where *where, struct str name)
{
	char lower[64] = "";

	if (!header_name_is_token(name)) {
		problem(rows->reading->loader, where, "'%.100s' is no name of a header", name.p);
		return;
	}
	for (size_t i = 0; i < name.n && i + 1 < sizeof lower; i++)
		lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
	if (name.n < sizeof lower && header_is_ours(str_of(lower)))
		problem(rows->reading->loader, where, "the header '%.100s' is set by the engine itself",
			name.p);
}

/* The value on top. */
static void read_row_value(struct reading_rows *rows, lua_State *L, const struct where *where,
			   struct row *row)
{
	struct loader *loader = rows->reading->loader;
	struct buf *text = &loader->text;

	switch (lua_type(L, -1)) {
	case LUA_TFUNCTION:
		row->dynamic = true;
		rows->reading->service->dynamic = true;
		return;
	case LUA_TSTRING:
		compile_template(loader, sandbox_str(L, -1), rows->context, where, &row->value);
		return;
	case LUA_TNUMBER:
		buf_clear(text);
		if (!number_write(L, -1, text))
			problem(loader, where, "the value of '%.100s' is NaN or infinite", row->name.p);
		compile_template(loader, buf_view(text), rows->context, where, &row->value);
		return;
	case LUA_TBOOLEAN:
		compile_template(loader, lua_toboolean(L, -1) ? STR("true") : STR("false"), rows->context,
				 where, &row->value);
		return;
	default:
		problem(loader, where, "the value of '%.100s' is a %s, not a text or a function", row->name.p,
			luaL_typename(L, -1));
	}
}

static int read_row(void *context, lua_State *L, const struct rows_item *item)
{
	struct reading_rows *rows = context;
	struct where entry =
		item->index ? where_index(&rows->where, item->index) : where_key(&rows->where, item->name);
	struct where value = item->index ? where_index(&entry, 2) : entry;
	struct row *row = &rows->rows[rows->n++];

	row->name = loader_copy(rows->reading->loader, item->name);
	if (!strcmp(rows->key, "headers"))
		check_header_name(rows, &entry, item->name);
	else if (item->name.n == 0)
		problem(rows->reading->loader, &entry, "a row without a name in '%s'", rows->key);
	read_row_value(rows, L, &value, row);
	return 0;
}

/* The rows on top of the stack. */
static void read_rows(struct reading *reading, const struct where *where, const char *key,
		      enum template_context context, struct rows *ret)
{
	struct reading_rows rows = {.reading = reading, .where = *where, .key = key, .context = context};
	struct where_step bad;
	struct error error;
	struct where at;

	if (lua_isfunction(reading->L, -1)) {
		ret->dynamic = true;
		reading->service->dynamic = true;
		return;
	}
	if (!lua_istable(reading->L, -1)) {
		wrong_type(reading, where, key, "a table of rows or a function");
		return;
	}
	rows.rows = loader_alloc(reading->loader, (rows_count(reading->L, -1) + 1) * sizeof *rows.rows);
	if (rows_each(reading->L, -1, read_row, &rows, &bad, &error)) {
		at = where_index(where, bad.index);
		error_prefix(&error, "'%s'", key);
		problem_add(reading->loader, &at, false, &error);
	}
	ret->rows = rows.rows;
	ret->n = rows.n;
}

static void read_rows_field(struct reading *reading, const char *key, enum template_context context,
			    struct rows *ret)
{
	struct where where;

	if (!field(reading, key, &where))
		return;
	read_rows(reading, &where, key, context, ret);
	lua_pop(reading->L, 1);
}

/* --- Body ------------------------------------------------------------------------------------------------
 */

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

static void read_body(struct reading *reading)
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
	const char *seen = NULL;
	struct where where;

	for (size_t i = 0; i < countof(bodies); i++) {
		if (!field(reading, bodies[i].key, &where))
			continue;
		if (seen)
			problem(reading->loader, &where, "a service has one body, not both '%s' and '%s'",
				seen, bodies[i].key);
		seen = bodies[i].key;
		reading->service->body_kind = bodies[i].kind;
		if (bodies[i].kind == BODY_FORM)
			read_rows(reading, &where, "form", CONTEXT_FORM, &reading->service->form);
		else
			read_document(reading, &where, bodies[i].key, bodies[i].context);
		lua_pop(reading->L, 1);
	}
}

/* --- The whole -------------------------------------------------------------------------------------------
 */

static void compile(struct reading *reading)
{
	struct service *service = reading->service;
	struct slot *slot = reading->slot;

	check_keys(reading->L, reading->loader, reading->table, &slot->where, "http.service", keys,
		   countof(keys));
	read_name(reading);
	service->active = read_flag(reading, "active", true);
	service->strict = read_flag(reading, "strict", false);
	read_url(reading);
	read_rows_field(reading, "params", CONTEXT_QUERY, &service->params);
	read_rows_field(reading, "headers", CONTEXT_HEADER, &service->headers);
	read_body(reading);
	read_method(reading);
	read_timeout(reading);
	service->dynamic = service->dynamic || service->url_dynamic || service->body_dynamic;
	service->line = slot->where.line;
	service->file = slot->where.file ? slot->where.file->path : (struct str){0};
}

static struct slot *find_slot(struct loader *loader, const struct loading *loading)
{
	struct vec *slots = &loader->slots[loader_file_index(loader, loading->file)];

	return loading->n_services <= slots->n ? ((struct slot **)slots->items)[loading->n_services - 1]
					       : NULL;
}

static struct slot *add_slot(lua_State *L, struct loader *loader, const struct loading *loading)
{
	struct vec *slots = &loader->slots[loader_file_index(loader, loading->file)];
	struct slot *slot = loader_alloc(loader, sizeof *slot);

	*(struct slot **)vec_add(slots, sizeof slot) = slot;
	slot->file = loading->file;
	slot->ordinal = loading->n_services;
	slot->where = where_of_call(L);
	slot->service = loader_alloc(loader, sizeof *slot->service);
	return slot;
}

/* A broken service breaks every campaign that sees it; the problem itself is reported once. */
static void compile_slot(lua_State *L, struct loader *loader, struct slot *slot)
{
	struct reading reading = {
		.L = L, .loader = loader, .slot = slot, .service = slot->service, .table = 1};
	struct draft *current = loader->current, probe = {0};

	/* Stays so if Lua runs out of memory in between. */
	slot->broken = true;
	loader->current = &probe;
	if (lua_istable(L, 1))
		compile(&reading);
	else
		problem_hint(loader, &slot->where, "http.service { name = \"…\", url = \"…\" }",
			     "http.service takes a table, not a %s", luaL_typename(L, 1));
	loader->current = current;
	slot->broken = probe.broken;
}

int load_service(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct loader *loader = box->loader;
	struct service_box *service;
	struct slot *slot;
	bool is_new = false;

	lua_settop(L, 1);
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
		compile_slot(L, loader, slot);
	service = lua_newuserdatauv(L, sizeof *service, 1);
	*service = (struct service_box){slot->service, slot};
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_service_mt);
	lua_setmetatable(L, -2);
	return 1;
}
