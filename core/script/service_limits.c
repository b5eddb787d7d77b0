/* How much of a service may be used, and how its server may be reached. */
#include "script/service_keys.h"

#include "format/request_build.h"

#include <stdio.h>

enum {
	CONCURRENCY_MAX = 1000,
	RATE_MAX = 100000,
	BURST_MAX = 100000,
	EGRESS_MAX = 100,
	REDIRECTS_DEFAULT = 5,
	REDIRECTS_MAX = 10,
	PEM_MAX = 512 * 1024,
};

#define PERIOD_MAX_MS ((int64_t)30 * 24 * 3600 * 1000)

/* --- limit = { concurrency, rate, burst, body } --- */

static void read_concurrency(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;

	if (lua_type(L, -1) == LUA_TSTRING && str_eq(sandbox_str(L, -1), STR("adaptive")))
		return;
	if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= CONCURRENCY_MAX)
		reading->service->limits.concurrency = (int)lua_tointeger(L, -1);
	else
		problem_hint(reading->loader, where, "concurrency = 5, or \"adaptive\"",
			     "'%s' is no whole number between 1 and %d", key, CONCURRENCY_MAX);
}

/* "10/s", "600/m", "1000/h". */
static bool rate_parse(struct str text, int64_t *ret_rate, int64_t *ret_period_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	long long n;
	char unit, end;

	if (text.n > 20 || sscanf(text.p, "%lld/%c%c", &n, &unit, &end) != 2 || n < 1 || n > RATE_MAX)
		return false;
	for (size_t i = 0; i < countof(units); i++) {
		if (units[i].unit != unit)
			continue;
		*ret_rate = n;
		*ret_period_ms = units[i].ms;
		return true;
	}
	return false;
}

static void read_rate(struct reading *reading, const char *key, const struct where *where)
{
	struct service_limits *limits = &reading->service->limits;
	lua_State *L = reading->L;
	double n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;

	if (lua_isinteger(L, -1) && n >= 1 && n <= RATE_MAX) {
		limits->rate = lua_tointeger(L, -1);
		limits->period_ms = 1000;
	} else if (n >= 0.001 && n <= 1000) {
		limits->rate = 1;
		limits->period_ms = (int64_t)(1000 / n + 0.5);
	} else if (lua_type(L, -1) != LUA_TSTRING ||
		   !rate_parse(sandbox_str(L, -1), &limits->rate, &limits->period_ms)) {
		problem_hint(reading->loader, where, "rate = 10 for ten a second, or \"600/m\", \"1000/h\"",
			     "'%s' is no rate", key);
		return;
	}
	if (!limits->burst)
		limits->burst = 1;
}

static void read_burst(struct reading *reading, const char *key, const struct where *where)
{
	struct service_limits *limits = &reading->service->limits;
	lua_State *L = reading->L;

	if (!limits->rate)
		problem_hint(reading->loader, where, "limit = { rate = 10, burst = 20 }", "'%s' needs a rate",
			     key);
	else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= BURST_MAX)
		limits->burst = lua_tointeger(L, -1);
	else
		problem(reading->loader, where, "'%s' is no whole number between 1 and %d", key, BURST_MAX);
}

static bool size_parse(struct str text, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} units[] = {{"B", 1}, {"KB", 1000}, {"KiB", 1024}, {"MB", 1000000}, {"MiB", 1048576}};
	long long n;
	char unit[4] = "", end;

	if (text.n > 20 || sscanf(text.p, "%lld%3[A-Za-z]%c", &n, unit, &end) != 2 || n < 1 ||
	    n > REQUEST_BODY_MAX)
		return false;
	for (size_t i = 0; i < countof(units); i++) {
		if (strcmp(units[i].unit, unit) != 0)
			continue;
		*ret = n * units[i].bytes;
		return true;
	}
	return false;
}

static void read_body_limit(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	int64_t bytes = 0;

	if (lua_isinteger(L, -1))
		bytes = lua_tointeger(L, -1);
	else if (lua_type(L, -1) == LUA_TSTRING && !size_parse(sandbox_str(L, -1), &bytes))
		bytes = 0;
	if (bytes < 1 || bytes > REQUEST_BODY_MAX)
		problem_hint(reading->loader, where, "body = 65536, \"64KB\" or \"1MiB\"",
			     "'%s' is no size between 1 B and %d MiB", key, REQUEST_BODY_MAX >> 20);
	else
		reading->service->limits.body_max = (size_t)bytes;
}

void read_limit(struct reading *reading, const char *key, const struct where *where)
{
	/* The burst after its rate. */
	static const struct service_key keys[] = {{"concurrency", read_concurrency},
						  {"rate", read_rate},
						  {"burst", read_burst},
						  {"body", read_body_limit}};

	if (lua_istable(reading->L, -1))
		read_keys_of(reading, lua_gettop(reading->L), key, where, keys, countof(keys));
	else
		wrong_type(reading, where, key, "a table { concurrency, rate, burst, body }");
}

/* --- failing = { period, disable } --- */

static void read_period(struct reading *reading, const char *key, const struct where *where)
{
	read_duration(reading, key, where, 1000, PERIOD_MAX_MS, &reading->service->limits.failing_ms);
}

static void read_disable(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->limits.failing_disables = read_flag(reading, key, where, false);
}

void read_failing(struct reading *reading, const char *key, const struct where *where)
{
	static const struct service_key keys[] = {{"period", read_period}, {"disable", read_disable}};

	if (lua_istable(reading->L, -1))
		read_keys_of(reading, lua_gettop(reading->L), key, where, keys, countof(keys));
	else
		wrong_type(reading, where, key, "a table { period, disable }");
}

/* --- egress, redirects, http2, ca, crl --- */

struct networks {
	struct network networks[EGRESS_MAX];
	size_t n;
};

static void add_network(void *context, struct loader *loader, struct str text, const struct where *where)
{
	struct networks *found = context;
	struct error error;

	if (found->n == EGRESS_MAX)
		problem(loader, where, "over %d ranges in 'egress'", EGRESS_MAX);
	else if (network_parse(text, &found->networks[found->n], &error))
		problem_add(loader, where, false, &error);
	else
		found->n++;
}

void read_egress(struct reading *reading, const char *key, const struct where *where)
{
	struct networks found = {.n = 0};
	struct network *networks;

	each_text(reading->L, reading->loader, -1, where, key, add_network, &found);
	networks = loader_alloc(reading->loader, (found.n + 1) * sizeof *networks);
	memcpy(networks, found.networks, found.n * sizeof *networks);
	reading->service->peer.egress = networks;
	reading->service->peer.n_egress = found.n;
}

void read_redirects(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;

	if (lua_isboolean(L, -1))
		reading->service->peer.redirects_max = lua_toboolean(L, -1) ? REDIRECTS_DEFAULT : 0;
	else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0 && lua_tointeger(L, -1) <= REDIRECTS_MAX)
		reading->service->peer.redirects_max = (int)lua_tointeger(L, -1);
	else
		problem_hint(reading->loader, where, "redirects = 3; true is 5",
			     "'%s' is no whole number between 0 and %d", key, REDIRECTS_MAX);
}

void read_http2(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->peer.http2 = read_flag(reading, key, where, false);
}

static bool is_pem(struct str text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

void read_ca(struct reading *reading, const char *key, const struct where *where)
{
	struct str text;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "a text");
		return;
	}
	text = sandbox_str(reading->L, -1);
	if (str_trim(text).n == 0 || text.n > PEM_MAX || memchr(text.p, 0, text.n))
		problem_hint(reading->loader, where, "ca = \"certificates/crm.pem\", in the rules folder",
			     "'%s' names no file and is no certificate", key);
	else if (is_pem(text, "-----BEGIN CERTIFICATE-----"))
		reading->service->peer.ca = loader_copy(reading->loader, text);
	else if (memchr(text.p, '\n', text.n))
		problem_hint(reading->loader, where, "it begins with -----BEGIN CERTIFICATE-----",
			     "'%s' is no certificate in PEM", key);
	else
		reading->service->peer.ca_file = loader_copy(reading->loader, text);
}

void read_crl(struct reading *reading, const char *key, const struct where *where)
{
	struct str text;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "a text");
		return;
	}
	text = sandbox_str(reading->L, -1);
	if (str_trim(text).n == 0 || text.n > 4096 || memchr(text.p, '\n', text.n) ||
	    memchr(text.p, 0, text.n))
		problem_hint(reading->loader, where,
			     "crl = \"certificates/revoked.pem\", in the rules folder", "'%s' names no file",
			     key);
	else
		reading->service->peer.crl_file = loader_copy(reading->loader, text);
}
