/* The keys of what proves who asks. */
#include "script/auth_keys.h"
#include "script/declare_auth.h"
#include "script/duration.h"
#include "script/rows.h"
#include "script/secret.h"

#include "format/jwt.h"
#include "format/request_build.h"
#include "format/secret_mark.h"

enum { JWT_LIFETIME_MAX_MS = 24 * 3600 * 1000, TOKEN_TIMEOUT_MAX_MS = 60000 };

/* --- values on top of the stack --- */

void read_secret_text(lua_State *L, struct loader *loader, const char *key, const struct where *where,
		      struct template *ret)
{
	struct str secret = secret_text(L, -1);

	if (secret.p) {
		ensure(template_of_secret(secret, CONTEXT_TEXT, loader->arena, ret) == 0);
	} else if (lua_type(L, -1) != LUA_TSTRING || sandbox_str(L, -1).n == 0) {
		problem_hint(loader, where, "secret \"name\" keeps it out of the rules",
			     "'%s' is %s, not a secret or a text", key,
			     lua_type(L, -1) == LUA_TSTRING ? "empty" : luaL_typename(L, -1));
	} else if (!compile_template(loader, sandbox_str(L, -1), CONTEXT_TEXT, where, ret) &&
		   template_has_tags(ret)) {
		problem(loader, where,
			"'%s' has a tag in it: what proves who asks is the same for every event", key);
	}
}

static void text(struct auth_reading *reading, const char *key, const struct where *where,
		 struct template *ret)
{
	read_secret_text(reading->L, reading->loader, key, where, ret);
}

static struct str plain(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct str given;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		problem(reading->loader, where, "'%s' is a %s, not a text", key,
			luaL_typename(reading->L, -1));
		return STR("");
	}
	given = sandbox_str(reading->L, -1);
	if (!header_value_is_clean(given)) {
		problem(reading->loader, where, "'%s' holds a control character", key);
		return STR("");
	}
	return loader_copy(reading->loader, given);
}

static int64_t lasting(struct auth_reading *reading, const char *key, const struct where *where,
		       int64_t least_ms, int64_t most_ms)
{
	lua_State *L = reading->L;
	int64_t ms = 0;
	bool ok = false;

	if (lua_type(L, -1) == LUA_TSTRING)
		ok = duration_parse(sandbox_str(L, -1), &ms);
	else if (lua_type(L, -1) == LUA_TNUMBER)
		ok = duration_of_seconds(lua_tonumber(L, -1), &ms);
	if (!ok || ms < least_ms || ms > most_ms) {
		problem_hint(reading->loader, where, "\"30s\", \"5m\", or a number of seconds",
			     "'%s' is no duration from %lld to %lld seconds", key, (long long)least_ms / 1000,
			     (long long)most_ms / 1000);
		return least_ms;
	}
	return ms;
}

/* --- the keys --- */

static void user(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->user);
}

static void password(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->password);
}

static void value(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->value);
}

static void prefix(struct auth_reading *reading, const char *key, const struct where *where)
{
	reading->auth->prefix = plain(reading, key, where);
}

static void header(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct str given = plain(reading, key, where);
	char *lower = loader_alloc(reading->loader, given.n + 1);

	for (size_t i = 0; i < given.n; i++)
		lower[i] = (char)(given.p[i] >= 'A' && given.p[i] <= 'Z' ? given.p[i] + 32 : given.p[i]);
	reading->auth->name = (struct str){lower, given.n};
	if (!header_name_is_token(reading->auth->name) || header_is_ours(reading->auth->name))
		problem(reading->loader, where, "'%.100s' is no header that can be set", given.p);
}

static void query(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct where here = reading->where;

	if (reading->auth->name.p && !str_eq(reading->auth->name, STR("authorization")))
		problem(reading->loader, &here, "it goes into a header or into the query, not into both");
	reading->auth->name = plain(reading, key, where);
	reading->auth->in_query = true;
	reading->auth->prefix = STR("");
	if (!reading->auth->name.n)
		problem(reading->loader, where, "'query' names the parameter");
}

static struct jwt *jwt_read(struct auth_reading *reading)
{
	return reading->auth->kind == AUTH_JWT ? &reading->auth->jwt : &reading->auth->oauth2.assertion;
}

static void algorithm(struct auth_reading *reading, const char *key, const struct where *where)
{
	static const struct str names[] = {{"HS256", 5}, {"RS256", 5}, {"ES256", 5}};
	struct str given = plain(reading, key, where);

	if (!jwt_algorithm_of(given, &jwt_read(reading)->algorithm))
		problem_word(reading->loader, where, false, given, names, countof(names),
			     "HS256, RS256 or ES256", "unknown algorithm '%.40s'", given.p);
}

static void key_itself(struct auth_reading *reading, const char *key, const struct where *where)
{
	if (reading->auth->kind == AUTH_CERTIFICATE)
		text(reading, key, where, &reading->auth->key);
	else
		text(reading, key, where, &jwt_read(reading)->key);
}

static void key_id(struct auth_reading *reading, const char *key, const struct where *where)
{
	jwt_read(reading)->key_id = plain(reading, key, where);
}

static void claims(struct auth_reading *reading, const char *key, const struct where *where)
{
	static const char *const ours[] = {"iat", "exp", "jti"};
	struct template *ret = &jwt_read(reading)->claims;
	lua_State *L = reading->L;

	if (!lua_istable(L, -1) || lua_rawlen(L, -1)) {
		problem_hint(reading->loader, where, "claims = { iss = \"switchhook\" }",
			     "'claims' are names with values");
		return;
	}
	for (size_t i = 0; i < countof(ours); i++) {
		struct where at = where_key(where, str_of(ours[i]));

		if (lua_getfield(L, -1, ours[i]) != LUA_TNIL)
			problem_hint(reading->loader, &at, "'expires' says how long it is good",
				     "the claim '%s' is made for each token", ours[i]);
		lua_pop(L, 1);
	}
	if (!load_json_table(L, reading->loader, where, ret) && template_has_tags(ret))
		problem(reading->loader, where, "'claims' has a tag in it: one object serves every event");
}

static void expires(struct auth_reading *reading, const char *key, const struct where *where)
{
	jwt_read(reading)->lifetime_ms = lasting(reading, key, where, 1000, JWT_LIFETIME_MAX_MS);
}

static void certificate(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->certificate);
}

static void key_password(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->key_password);
}

/* --- OAuth 2 --- */

static const struct str grants[] = {
	[GRANT_CLIENT] = {"client_credentials", 18},
	[GRANT_PASSWORD] = {"password", 8},
	[GRANT_REFRESH] = {"refresh_token", 13},
	[GRANT_JWT] = {"jwt_bearer", 10},
};

static void grant(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct str given = plain(reading, key, where);

	for (size_t i = 0; i < countof(grants); i++) {
		if (str_eq(given, grants[i])) {
			reading->auth->oauth2.grant = (enum oauth2_grant)i;
			return;
		}
	}
	problem_word(reading->loader, where, false, given, grants, countof(grants),
		     "client_credentials, password, refresh_token or jwt_bearer", "unknown grant '%.60s'",
		     given.p);
}

static void token_url(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct template *ret = &reading->auth->oauth2.token_url;

	if (lua_type(reading->L, -1) != LUA_TSTRING)
		problem(reading->loader, where, "'token_url' is a %s, not a text",
			luaL_typename(reading->L, -1));
	else if (!compile_template(reading->loader, sandbox_str(reading->L, -1), CONTEXT_URL, where, ret) &&
		 template_has_tags(ret))
		problem(reading->loader, where, "'token_url' has a tag in it: one object serves every event");
}

static void client_id(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->oauth2.client_id);
}

static void client_secret(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->oauth2.client_secret);
}

static void client_in(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct str given = plain(reading, key, where);

	reading->auth->oauth2.client_in_body = str_eq(given, STR("body"));
	if (!str_eq(given, STR("body")) && !str_eq(given, STR("header")))
		problem(reading->loader, where, "'client_in' is \"header\" or \"body\"");
}

static void oauth2_user(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->oauth2.user);
}

static void oauth2_password(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->oauth2.password);
}

static void refresh_token(struct auth_reading *reading, const char *key, const struct where *where)
{
	text(reading, key, where, &reading->auth->oauth2.refresh_token);
}

static void timeout(struct auth_reading *reading, const char *key, const struct where *where)
{
	reading->auth->oauth2.timeout_ms = lasting(reading, key, where, 1, TOKEN_TIMEOUT_MAX_MS);
}

static void add_field(struct auth_reading *reading, struct str name, const char *key,
		      const struct where *where)
{
	struct oauth2 *oauth2 = &reading->auth->oauth2;
	struct oauth2_field *fields = loader_alloc(reading->loader, (oauth2->n_fields + 1) * sizeof *fields);

	if (oauth2->n_fields)
		memcpy(fields, oauth2->fields, oauth2->n_fields * sizeof *fields);
	fields[oauth2->n_fields].name = loader_copy(reading->loader, name);
	text(reading, key, where, &fields[oauth2->n_fields].value);
	oauth2->fields = fields;
	oauth2->n_fields++;
}

static void own_field(struct auth_reading *reading, const char *key, const struct where *where)
{
	add_field(reading, str_of(key), key, where);
}

struct params_reading {
	struct auth_reading *reading;
	const struct where *where;
};

static int add_param(void *context, lua_State *L, const struct rows_item *item)
{
	struct params_reading *params = context;
	struct where at =
		item->index ? where_index(params->where, item->index) : where_key(params->where, item->name);

	add_field(params->reading, item->name, "params", &at);
	return 0;
}

static void params(struct auth_reading *reading, const char *key, const struct where *where)
{
	struct params_reading context = {reading, where};
	struct where_step bad;
	struct error error;

	if (!lua_istable(reading->L, -1))
		problem(reading->loader, where, "'params' is a %s, not a table of rows",
			luaL_typename(reading->L, -1));
	else if (rows_each(reading->L, -1, add_param, &context, &bad, &error))
		problem_add(reading->loader, where, false, &error);
}

/* --- the kinds --- */

static const struct auth_key login_keys[] = {{"user", true, user}, {"password", true, password}};
static const struct auth_key bearer_keys[] = {{"token", true, value}};
static const struct auth_key api_key_keys[] = {{"value", true, value},
					       {"header", false, header},
					       {"prefix", false, prefix},
					       {"query", false, query}};
static const struct auth_key jwt_keys[] = {{"key", true, key_itself},   {"algorithm", false, algorithm},
					   {"key_id", false, key_id},   {"claims", false, claims},
					   {"expires", false, expires}, {"header", false, header},
					   {"prefix", false, prefix},   {"query", false, query}};
static const struct auth_key certificate_keys[] = {
	{"certificate", true, certificate}, {"key", true, key_itself}, {"password", false, key_password}};
static const struct auth_key oauth2_keys[] = {
	{"token_url", true, token_url},
	{"grant", false, grant},
	{"client_id", false, client_id},
	{"client_secret", false, client_secret},
	{"client_in", false, client_in},
	{"scope", false, own_field},
	{"audience", false, own_field},
	{"params", false, params},
	{"user", false, oauth2_user},
	{"password", false, oauth2_password},
	{"refresh_token", false, refresh_token},
	{"key", false, key_itself},
	{"algorithm", false, algorithm},
	{"key_id", false, key_id},
	{"claims", false, claims},
	{"expires", false, expires},
	{"timeout", false, timeout},
};

const struct auth_keys auth_kinds[] = {
	[AUTH_BASIC] = {"basic", "http.basic", login_keys, countof(login_keys)},
	[AUTH_BEARER] = {"bearer", "http.bearer", bearer_keys, countof(bearer_keys)},
	[AUTH_API_KEY] = {"api_key", "http.api_key", api_key_keys, countof(api_key_keys)},
	[AUTH_OAUTH2] = {"oauth2", "http.oauth2", oauth2_keys, countof(oauth2_keys)},
	[AUTH_JWT] = {"jwt", "http.jwt", jwt_keys, countof(jwt_keys)},
	[AUTH_DIGEST] = {"digest", "http.digest", login_keys, countof(login_keys)},
	[AUTH_CERTIFICATE] = {"client_certificate", "http.client_certificate", certificate_keys,
			      countof(certificate_keys)},
};

const size_t auth_kinds_n = countof(auth_kinds);

const char *oauth2_grant_name(enum oauth2_grant grant)
{
	return grants[grant].p;
}
