/* Rows of a service: params, headers, form. */
#include "script/service_keys.h"
#include "script/lua_value.h"
#include "script/rows.h"
#include "script/secret.h"

#include "format/request_build.h"

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

static bool read_secret(struct reading_rows *rows, lua_State *L, const struct where *where, struct row *row)
{
	struct str secret = secret_text(L, -1);

	if (!secret.p)
		return false;
	if (rows->context == CONTEXT_HEADER && !header_value_is_clean(secret))
		problem(rows->reading->loader, where,
			"a header cannot hold a line break or another control character");
	ensure(template_of_secret(secret, rows->context, rows->reading->loader->arena, &row->value) == 0);
	return true;
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
	case LUA_TUSERDATA:
		if (read_secret(rows, L, where, row))
			return;
		/* fall through */
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

void read_params(struct reading *reading, const char *key, const struct where *where)
{
	read_rows(reading, where, key, CONTEXT_QUERY, &reading->service->params);
}

void read_headers(struct reading *reading, const char *key, const struct where *where)
{
	read_rows(reading, where, key, CONTEXT_HEADER, &reading->service->headers);
}

void read_form(struct reading *reading, const char *key, const struct where *where)
{
	read_rows(reading, where, key, CONTEXT_FORM, &reading->service->form);
}
