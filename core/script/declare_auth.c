/* http.basic { … } and the like while rules load. */
#include "script/declare_auth.h"
#include "script/auth_keys.h"

enum { JWT_LIFETIME_MS = 5 * 60 * 1000, TOKEN_TIMEOUT_MS = 10000 };

struct auth_box {
	const struct auth *auth; /* while rules load */
};

static const char auth_mt;

static void set_defaults(struct auth *auth)
{
	auth->jwt.lifetime_ms = auth->oauth2.assertion.lifetime_ms = JWT_LIFETIME_MS;
	auth->oauth2.assertion.algorithm = JWT_RS256;
	auth->oauth2.timeout_ms = TOKEN_TIMEOUT_MS;
	if (auth->kind == AUTH_DIGEST || auth->kind == AUTH_CERTIFICATE || auth->kind == AUTH_API_KEY)
		return;
	auth->name = STR("authorization");
	auth->prefix = auth->kind == AUTH_BASIC ? STR("Basic ") : STR("Bearer ");
}

/* What another key makes necessary. */
static void check_whole(struct auth_reading *reading)
{
	const struct auth *auth = reading->auth;
	const struct oauth2 *oauth2 = &auth->oauth2;
	const char *lacks = NULL;

	if (auth->kind == AUTH_API_KEY && !auth->name.p)
		problem_hint(reading->loader, &reading->where,
			     "header = \"X-Api-Key\" or query = \"api_key\"",
			     "http.api_key does not say where the key goes");
	if (auth->kind != AUTH_OAUTH2)
		return;
	if (oauth2->grant == GRANT_CLIENT && !oauth2->client_id.n)
		lacks = "client_id";
	else if (oauth2->grant == GRANT_PASSWORD && (!oauth2->user.n || !oauth2->password.n))
		lacks = oauth2->user.n ? "password" : "user";
	else if (oauth2->grant == GRANT_REFRESH && !oauth2->refresh_token.n)
		lacks = "refresh_token";
	else if (oauth2->grant == GRANT_JWT && !oauth2->assertion.key.n)
		lacks = "key";
	if (lacks)
		problem(reading->loader, &reading->where, "http.oauth2 with the grant %s needs '%s'",
			oauth2_grant_name(oauth2->grant), lacks);
}

static void read_table(struct auth_reading *reading, int table)
{
	lua_State *L = reading->L;
	const struct auth_key *keys = auth_kinds[reading->auth->kind].keys;
	size_t n = auth_kinds[reading->auth->kind].n;
	struct str names[AUTH_KEYS_MAX];

	for (size_t i = 0; i < n; i++)
		names[i] = str_of(keys[i].name);
	check_keys(L, reading->loader, table, &reading->where, reading->what, names, n);
	for (size_t i = 0; i < n; i++) {
		struct where at = where_key(&reading->where, names[i]);

		if (lua_getfield(L, table, keys[i].name) != LUA_TNIL)
			keys[i].read(reading, keys[i].name, &at);
		else if (keys[i].needed)
			problem(reading->loader, &reading->where, "%s needs '%s'", reading->what,
				keys[i].name);
		lua_pop(L, 1);
	}
	check_whole(reading);
}

/* --- what it says, as one text --- */

static void say(struct buf *out, const char *key, struct str text)
{
	if (!text.p)
		return;
	buf_printf(out, "%s %zu ", key, text.n);
	buf_str(out, text);
}

static void say_template(struct buf *out, const char *key, const struct template *template)
{
	for (size_t i = 0; i < template->n; i++)
		say(out, key, template->parts[i].literal);
}

static void say_jwt(struct buf *out, const struct jwt *jwt)
{
	buf_printf(out, "jwt %d %lld ", (int)jwt->algorithm, (long long)jwt->lifetime_ms);
	say_template(out, "key", &jwt->key);
	say(out, "kid", jwt->key_id);
	say_template(out, "claims", &jwt->claims);
}

static struct str identify(struct auth_reading *reading)
{
	const struct oauth2 *oauth2 = &reading->auth->oauth2;
	struct buf *out = &reading->loader->text;

	buf_clear(out);
	buf_printf(out, "%d %d %d ", (int)reading->auth->kind, (int)oauth2->grant, oauth2->client_in_body);
	say_template(out, "url", &oauth2->token_url);
	say_template(out, "id", &oauth2->client_id);
	say_template(out, "secret", &oauth2->client_secret);
	say_template(out, "user", &oauth2->user);
	say_template(out, "password", &oauth2->password);
	say_template(out, "refresh", &oauth2->refresh_token);
	say_jwt(out, &oauth2->assertion);
	for (size_t i = 0; i < oauth2->n_fields; i++)
		say_template(out, oauth2->fields[i].name.p, &oauth2->fields[i].value);
	return loader_copy(reading->loader, buf_view(out));
}

/* --- in Lua --- */

static struct template copy_template(struct loader *loader, const struct template *from)
{
	struct template_part *parts = loader_alloc(loader, from->n * sizeof *parts);

	for (size_t i = 0; i < from->n; i++)
		parts[i].literal = loader_copy(loader, from->parts[i].literal);
	return (struct template){parts, from->n};
}

static struct str copy_text(struct loader *loader, struct str text)
{
	return text.p ? loader_copy(loader, text) : text;
}

static const struct auth *copy_auth(struct loader *loader, const struct auth *from)
{
	struct auth *auth = loader_alloc(loader, sizeof *auth);
	struct oauth2 *oauth2 = &auth->oauth2;
	struct oauth2_field *fields = loader_alloc(loader, from->oauth2.n_fields * sizeof *fields);
	struct template *texts[AUTH_TEXTS];
	struct str *const strs[] = {&auth->id, &auth->name, &auth->prefix, &auth->jwt.key_id,
				    &oauth2->assertion.key_id};

	*auth = *from;
	auth_texts(auth, texts);
	for (size_t i = 0; i < AUTH_TEXTS; i++)
		*texts[i] = copy_template(loader, texts[i]);
	for (size_t i = 0; i < countof(strs); i++)
		*strs[i] = copy_text(loader, *strs[i]);
	for (size_t i = 0; i < oauth2->n_fields; i++)
		fields[i] = (struct oauth2_field){loader_copy(loader, from->oauth2.fields[i].name),
						  copy_template(loader, &from->oauth2.fields[i].value)};
	oauth2->fields = fields;
	return auth;
}

const struct auth *auth_of(lua_State *L, int index)
{
	const struct auth_box *box;

	if (lua_type(L, index) != LUA_TUSERDATA || !sandbox_has_metatable(L, index, &auth_mt))
		return NULL;
	box = lua_touserdata(L, index);
	return copy_auth(sandbox_of(L)->loader, box->auth);
}

static const struct auth *load_auth(lua_State *L, struct loader *loader, enum auth_kind kind)
{
	struct auth_reading reading = {
		.L = L, .loader = loader, .where = where_of_call(L), .what = auth_kinds[kind].what};

	reading.auth = loader_alloc(loader, sizeof *reading.auth);
	reading.auth->kind = kind;
	set_defaults(reading.auth);
	if (lua_istable(L, 2))
		read_table(&reading, 2);
	else
		problem(loader, &reading.where, "%s takes a table, not a %s", reading.what,
			luaL_typename(L, 2));
	reading.auth->id = identify(&reading);
	return reading.auth;
}

/* declare_auth(kind, table) */
static int declare(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	const char *name = luaL_checkstring(L, 1);
	const struct auth *auth = NULL;
	struct auth_box *ret;
	size_t kind = 0;

	lua_settop(L, 2);
	while (strcmp(auth_kinds[kind].name, name) != 0)
		ensure(++kind < auth_kinds_n);
	if (box->mode == MODE_RUN)
		sandbox_raise(L, "%s is declared at the top of a file, not in a run", auth_kinds[kind].what);
	if (box->loader)
		auth = load_auth(L, box->loader, (enum auth_kind)kind);
	ret = lua_newuserdatauv(L, sizeof *ret, 0);
	ret->auth = auth;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &auth_mt);
	lua_setmetatable(L, -2);
	return 1;
}

static int no_access(lua_State *L)
{
	sandbox_hint(sandbox_of(L), "give it to a service: auth = …");
	sandbox_raise(L, "what proves who asks cannot be read by rules");
}

void lib_auth_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"__index", no_access}, {"__newindex", no_access}, {NULL, NULL}};

	luaL_newlib(L, functions);
	lua_pushliteral(L, "auth");
	lua_setfield(L, -2, "__name");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &auth_mt);
	lua_pushcfunction(L, declare);
	lua_setglobal(L, "declare_auth");
}
