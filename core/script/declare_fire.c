/* What a rule fires: a service, or a list of them. */
#include "script/load.h"
#include "script/state.h"

enum { FIRE_MAX = 100 };

static void fire_one(lua_State *L, struct loader *loader, const struct where *where, struct rule *rule,
		     const struct service **fire)
{
	struct service_box *box = service_box_get(L, -1);

	if (box) {
		fire[rule->n_fire++] = box->service;
		rule->needs_lua = rule->needs_lua || box->service->dynamic;
		return;
	}
	/* A service that its module lacks was reported where it was named. */
	if (sandbox_has_metatable(L, -1, &sandbox_missing_mt))
		return;
	problem_hint(loader, where, "local crm = require \"services.crm\", then fire = crm.call_details",
		     "'fire' takes a service or a list of services, not a %s", luaL_typename(L, -1));
}

/* The first of the names, in their order, that the table on top has for a service; p == NULL: it has none. */
static struct str service_key(lua_State *L)
{
	struct str key = {0};

	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		if (lua_type(L, -2) == LUA_TSTRING && service_box_get(L, -1) &&
		    (!key.p || str_cmp(sandbox_str(L, -2), key) < 0))
			key = sandbox_str(L, -2);
	}
	return key;
}

/* A table without a list in it is most likely a whole module, or a service that lacks its http.service. */
static void fire_no_list(lua_State *L, struct loader *loader, const struct where *where)
{
	struct str key = service_key(L);
	char hint[200];
	bool is_empty;

	lua_pushnil(L);
	is_empty = !lua_next(L, -2);
	if (!is_empty)
		lua_pop(L, 2);
	if (is_empty) {
		problem(loader, where, "'fire' is an empty list");
	} else if (key.p) {
		snprintf(hint, sizeof hint, "name one of them, as in fire = crm.%.100s, or several: { … }",
			 key.p);
		problem_hint(loader, where, hint, "'fire' is a whole group of services, not one of them");
	} else {
		problem_hint(loader, where,
			     "a service is declared with http.service { … } or soap.service { … }",
			     "'fire' is a plain table, not a service");
	}
}

void load_fire(lua_State *L, struct loader *loader, const struct where *where, struct rule *rule)
{
	bool is_table = lua_istable(L, -1) && !sandbox_has_metatable(L, -1, &sandbox_missing_mt);
	size_t n = is_table ? lua_rawlen(L, -1) : 0;
	const struct service **fire;

	if (n > FIRE_MAX) {
		problem(loader, where, "'fire' has over %d services", FIRE_MAX);
		n = FIRE_MAX;
	}
	fire = loader_alloc(loader, (n + 1) * sizeof *fire);
	rule->fire = fire;
	if (is_table && !n)
		fire_no_list(L, loader, where);
	else if (!n)
		fire_one(L, loader, where, rule, fire);
	for (size_t i = 1; i <= n; i++) {
		struct where at = where_index(where, (int)i);

		lua_rawgeti(L, -1, (lua_Integer)i);
		fire_one(L, loader, &at, rule, fire);
		lua_pop(L, 1);
	}
}
