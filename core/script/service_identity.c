/* How a service proves who asks, and signs. */
#include "script/declare_auth.h"
#include "script/secret.h"
#include "script/service_keys.h"

static bool has_header(const struct service *service, struct str name)
{
	for (size_t i = 0; i < service->headers.n; i++) {
		if (str_eq_nocase(service->headers.rows[i].name, name))
			return true;
	}
	return false;
}

static void add_auth(struct reading *reading, const struct where *where, const struct auth *auth,
		     const struct auth **auths)
{
	struct service *service = reading->service;

	for (size_t i = 0; i < service->n_auths; i++) {
		if (auths[i]->kind == auth->kind ||
		    (auth->name.p && auths[i]->name.p && auths[i]->in_query == auth->in_query &&
		     str_eq(auths[i]->name, auth->name)))
			problem(reading->loader, where, "two of these say the same thing in one place");
	}
	if (auth->name.p && !auth->in_query && has_header(service, auth->name))
		problem(reading->loader, where, "both 'auth' and 'headers' set the header '" STR_FMT "'",
			STR_ARG(auth->name));
	auths[service->n_auths++] = auth;
}

/* Calls back for the value on top of the stack, or for each of the list that it is. */
static void each_of(struct reading *reading, const char *key, const struct where *where, size_t most,
		    void (*each)(struct reading *reading, const char *key, const struct where *where))
{
	lua_State *L = reading->L;
	lua_Integer n;

	if (!lua_istable(L, -1)) {
		each(reading, key, where);
		return;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	if (n == 0 || n > (lua_Integer)most)
		problem(reading->loader, where, "'%s' takes 1 to %zu of them", key, most);
	for (lua_Integer i = 1; i <= n && i <= (lua_Integer)most; i++) {
		struct where at = where_index(where, (int)i);

		lua_rawgeti(L, -1, i);
		each(reading, key, &at);
		lua_pop(L, 1);
	}
}

static void one_auth(struct reading *reading, const char *key, const struct where *where)
{
	const struct auth *auth = auth_of(reading->L, -1);

	if (auth)
		add_auth(reading, where, auth, (const struct auth **)(uintptr_t)reading->service->auths);
	else
		problem_hint(reading->loader, where, "auth = http.basic(\"user\", secret \"password\")",
			     "'%s' is a %s, not http.basic, bearer, api_key, oauth2, jwt, digest or "
			     "client_certificate",
			     key, luaL_typename(reading->L, -1));
}

void read_auth(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->auths = loader_alloc(reading->loader, AUTHS_MAX * sizeof *reading->service->auths);
	each_of(reading, key, where, AUTHS_MAX, one_auth);
}

static void one_key(struct reading *reading, const char *key, const struct where *where)
{
	struct signing *sign = (struct signing *)(uintptr_t)reading->service->sign;

	if (!secret_text(reading->L, -1).p)
		problem_hint(reading->loader, where, "sign = secret \"crm_signing_key\"",
			     "'%s' is a %s, not a secret with a key whsec_… or whsk_…", key,
			     luaL_typename(reading->L, -1));
	else
		read_secret_text(reading->L, reading->loader, key, where, &sign->keys[sign->n_keys++]);
}

void read_sign(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->sign = loader_alloc(reading->loader, sizeof *reading->service->sign);
	each_of(reading, key, where, SIGNING_KEYS_MAX, one_key);
}
