/* `when`: from values, lists and the constructors of the prelude to conditions. */
#include "script/load.h"
#include "script/lua_value.h"

#include "model/pattern.h"

#include <math.h>

/* A condition in `when` with the place where it stands, for their order. */
struct placed {
	struct condition condition;
	int line, column;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return str_cmp(x->condition.tag, y->condition.tag);
}

/* A value at the top of the stack as the condition's i-th one. */
static int read_value(lua_State *L, struct loader *loader, const struct where *where, struct value *ret)
{
	struct buf *text = &loader->text;

	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		*ret = (struct value){.kind = VALUE_STRING, .text = loader_copy(loader, sandbox_str(L, -1))};
		return 0;
	case LUA_TBOOLEAN:
		*ret = (struct value){.kind = lua_toboolean(L, -1) ? VALUE_TRUE : VALUE_FALSE};
		return 0;
	case LUA_TNUMBER:
		buf_clear(text);
		if (number_write(L, -1, text)) {
			*ret = (struct value){.kind = VALUE_NUMBER,
					      .text = loader_copy(loader, buf_view(text))};
			return 0;
		}
		problem(loader, where, "a condition compares with a number, which NaN and infinity are not");
		return -1;
	case LUA_TLIGHTUSERDATA:
		problem_hint(loader, where, "write absent", "a tag that is null is absent");
		return -1;
	default:
		problem_hint(
			loader, where,
			"a value, a list of values, or at_least at_most between matches absent present not_",
			"a condition cannot be a %s", luaL_typename(L, -1));
		return -1;
	}
}

static void show_value(struct buf *out, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		buf_printf(out, "\"" STR_FMT "\"", STR_ARG(value->text));
	else
		value_plain(value, out);
}

static int read_one_value(lua_State *L, struct loader *loader, const struct where *where,
			  struct condition *ret)
{
	struct value *value = loader_alloc(loader, sizeof *value);

	if (read_value(L, loader, where, value))
		return -1;
	*ret = (struct condition){.kind = CONDITION_ANY_OF, .values = value, .n_values = 1};
	buf_clear(&loader->text);
	show_value(&loader->text, value);
	return 0;
}

static int read_list(lua_State *L, struct loader *loader, const struct where *where, struct condition *ret)
{
	size_t n = (size_t)sandbox_list_length(L, -1);
	struct value *values = loader_alloc(loader, (n + 1) * sizeof *values);
	int error = 0;

	if (n == 0) {
		problem_hint(loader, where, "any of: { \"Sale\", \"Upsell\" }",
			     "a list of values without a value");
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		struct where at = where_index(where, (int)i + 1);

		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		error |= read_value(L, loader, &at, &values[i]);
		lua_pop(L, 1);
	}
	if (error)
		return -1;
	*ret = (struct condition){.kind = CONDITION_ANY_OF, .values = values, .n_values = n};
	buf_clear(&loader->text);
	buf_str(&loader->text, STR("{ "));
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_str(&loader->text, STR(", "));
		show_value(&loader->text, &values[i]);
	}
	buf_str(&loader->text, STR(" }"));
	return 0;
}

/* An argument of the constructor on top, which must be a number. */
static int read_number(lua_State *L, struct loader *loader, const struct where *where, const char *kind,
		       int i, double *ret)
{
	int type = lua_rawgeti(L, -1, i);
	int error = 0;

	if (type == LUA_TNUMBER && isfinite(lua_tonumber(L, -1))) {
		*ret = lua_tonumber(L, -1);
	} else {
		problem_hint(loader, where, "numbers count as they are, durations in seconds",
			     "%s needs a number, not %s", kind,
			     type == LUA_TNIL ? "nothing" : lua_typename(L, type));
		error = -1;
	}
	lua_pop(L, 1);
	return error;
}

static void show_number(struct buf *out, lua_State *L, int i)
{
	lua_rawgeti(L, -1, i);
	number_write(L, -1, out);
	lua_pop(L, 1);
}

static int read_bound(lua_State *L, struct loader *loader, const struct where *where, const char *kind,
		      struct condition *ret)
{
	struct buf *shown = &loader->text;
	bool least = !strcmp(kind, "at_least"), both = !strcmp(kind, "between");

	*ret = (struct condition){.kind = both    ? CONDITION_BETWEEN
					  : least ? CONDITION_AT_LEAST
						  : CONDITION_AT_MOST};
	if (read_number(L, loader, where, kind, 1, least || both ? &ret->low : &ret->high) ||
	    (both && read_number(L, loader, where, kind, 2, &ret->high)))
		return -1;
	if (both && ret->low > ret->high) {
		problem(loader, where, "between needs the lower end first");
		return -1;
	}
	buf_clear(shown);
	buf_printf(shown, "%s(", kind);
	show_number(shown, L, 1);
	if (both) {
		buf_str(shown, STR(", "));
		show_number(shown, L, 2);
	}
	buf_char(shown, ')');
	return 0;
}

static int read_matches(lua_State *L, struct loader *loader, const struct where *where, struct condition *ret)
{
	const char *why = NULL;
	struct str pattern;
	int error = -1;

	if (lua_rawgeti(L, -1, 1) != LUA_TSTRING) {
		problem_hint(loader, where, "matches \"^Sale\"", "matches needs a pattern, not a %s",
			     luaL_typename(L, -1));
	} else if (pattern = sandbox_str(L, -1), !pattern_check(pattern, &why)) {
		problem(loader, where, "the pattern '%.100s' is wrong: %s", pattern.p, why);
	} else {
		*ret = (struct condition){.kind = CONDITION_MATCHES, .pattern = loader_copy(loader, pattern)};
		buf_clear(&loader->text);
		buf_printf(&loader->text, "matches \"" STR_FMT "\"", STR_ARG(pattern));
		error = 0;
	}
	lua_pop(L, 1);
	return error;
}

static int read_condition(lua_State *L, struct loader *loader, const struct where *where, int depth,
			  struct condition *ret);

static int read_not(lua_State *L, struct loader *loader, const struct where *where, int depth,
		    struct condition *ret)
{
	int error;

	lua_rawgeti(L, -1, 1);
	if (lua_isnil(L, -1)) {
		problem_hint(loader, where,
			     "not_(\"Sale\"), not_ { \"Sale\", \"Upsell\" }, not_(at_least(10))",
			     "not_ needs a value, a list or a condition");
		error = -1;
	} else {
		error = read_condition(L, loader, where, depth + 1, ret);
	}
	lua_pop(L, 1);
	if (error)
		return -1;
	ret->negated = !ret->negated;
	return 0;
}

/* Scripts can write to the table of a condition. */
static const char *constructor_kind(lua_State *L)
{
	static const char *const kinds[] = {"at_least", "at_most", "between", "matches",
					    "absent",   "present", "not_"};
	const char *ret = NULL;

	if (lua_getfield(L, -1, "kind") == LUA_TSTRING) {
		for (size_t i = 0; i < countof(kinds); i++) {
			if (!strcmp(lua_tostring(L, -1), kinds[i]))
				ret = kinds[i];
		}
	}
	lua_pop(L, 1);
	return ret;
}

/* Leaves what it shows in loader->text. */
static int read_constructor(lua_State *L, struct loader *loader, const struct where *where, int depth,
			    struct condition *ret)
{
	const char *kind = constructor_kind(L);
	struct str inner;

	if (!kind) {
		problem(loader, where, "a condition that the script has changed");
		return -1;
	}
	if (!strcmp(kind, "not_")) {
		if (read_not(L, loader, where, depth, ret))
			return -1;
		inner = loader_copy(loader, buf_view(&loader->text));
		buf_clear(&loader->text);
		buf_printf(&loader->text, "not_(" STR_FMT ")", STR_ARG(inner));
		return 0;
	}
	if (!strcmp(kind, "matches"))
		return read_matches(L, loader, where, ret);
	if (strcmp(kind, "absent") && strcmp(kind, "present"))
		return read_bound(L, loader, where, kind, ret);
	*ret = (struct condition){.kind = !strcmp(kind, "absent") ? CONDITION_ABSENT : CONDITION_PRESENT};
	buf_clear(&loader->text);
	buf_printf(&loader->text, "%s", kind);
	return 0;
}

/* The condition on top of the stack. */
static int read_condition(lua_State *L, struct loader *loader, const struct where *where, int depth,
			  struct condition *ret)
{
	luaL_checkstack(L, 8, NULL);
	if (depth > 8) {
		problem(loader, where, "a condition inside of too many others");
		return -1;
	}
	if (sandbox_has_metatable(L, -1, &sandbox_condition_mt))
		return read_constructor(L, loader, where, depth, ret);
	if (lua_istable(L, -1))
		return read_list(L, loader, where, ret);
	if (lua_isfunction(L, -1)) {
		problem_hint(loader, where, "decide in `run`, and end the run there with skip \"why\"",
			     "a condition cannot be a function");
		return -1;
	}
	return read_one_value(L, loader, where, ret);
}

static void set_shown(struct loader *loader, struct condition *condition)
{
	/* A long list is cut: this is for one line of an explanation. */
	if (loader->text.n > 300) {
		loader->text.n = 300;
		buf_str(&loader->text, STR("…"));
	}
	condition->shown = loader_copy(loader, buf_view(&loader->text));
}

void load_conditions(lua_State *L, struct loader *loader, const struct where *where, struct rule *rule)
{
	int table = lua_gettop(L);
	struct placed *placed;
	struct condition *conditions;
	size_t n = 0, max = 0;

	if (!lua_istable(L, table)) {
		problem_hint(loader, where,
			     "when = { sess_duration = at_least(10) }; to decide in Lua, use run and skip",
			     "'when' is a %s, not a table of tags and conditions", luaL_typename(L, table));
		return;
	}
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
		max++;
	placed = loader_alloc(loader, (max + 1) * sizeof *placed);
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		struct where at;
		struct token token;

		if (lua_type(L, -2) != LUA_TSTRING) {
			at = where_index(where, lua_isinteger(L, -2) ? (int)lua_tointeger(L, -2) : 1);
			problem_hint(loader, &at, "write tag = condition",
				     "a condition without the name of a tag");
			continue;
		}
		at = where_key(where, sandbox_str(L, -2));
		if (read_condition(L, loader, &at, 0, &placed[n].condition))
			continue;
		set_shown(loader, &placed[n].condition);
		placed[n].condition.tag = loader_copy(loader, sandbox_str(L, -2));
		if (where_token(&at, &token)) {
			placed[n].line = token.line;
			placed[n].column = token.column;
		}
		n++;
	}
	/* As written, so that the first that fails is the first that the operator reads. */
	if (n)
		qsort(placed, n, sizeof *placed, by_place);
	conditions = loader_alloc(loader, (n + 1) * sizeof *conditions);
	for (size_t i = 0; i < n; i++)
		conditions[i] = placed[i].condition;
	rule->when = conditions;
	rule->n_when = n;
}
