/* What happens to the deliveries of a service: how often they are tried, what an answer means, when it is too
 * late, and whether they keep their order. */
#include "script/rows.h"
#include "script/service_keys.h"

#include <stdio.h>

#define DELAY_MAX_MS   ((int64_t)7 * 24 * 3600 * 1000)
#define EXPIRES_MAX_MS ((int64_t)30 * 24 * 3600 * 1000)

/* --- retry = { schedule, jitter, attempts } --- */

static void read_schedule(struct reading *reading, const char *key, const struct where *where)
{
	struct retry_policy *retry = &reading->service->retry;
	lua_State *L = reading->L;
	lua_Integer n;

	if (!lua_istable(L, -1)) {
		wrong_type(reading, where, key, "a list of durations");
		return;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	if (n < 1 || n > RETRY_DELAYS_MAX || rows_count(L, -1) != (size_t)n) {
		problem_hint(reading->loader, where, "schedule = { \"5s\", \"5m\", \"1h\" }",
			     "'schedule' is no list of 1 to %d durations", RETRY_DELAYS_MAX);
		return;
	}
	retry->n_delays = 0;
	for (lua_Integer i = 1; i <= n; i++) {
		struct where at = where_index(where, (int)i);
		int64_t delay_ms = 0;

		lua_rawgeti(L, -1, i);
		read_duration(reading, key, &at, 0, DELAY_MAX_MS, &delay_ms);
		lua_pop(L, 1);
		/* The first attempt goes at once, whether or not its 0 is written. */
		if (i > 1 || delay_ms > 0)
			retry->delays_ms[retry->n_delays++] = delay_ms;
	}
	retry->attempts = retry->n_delays + 1;
}

static void read_jitter(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	double percent = -1;
	char end = 0;

	if (lua_type(L, -1) == LUA_TNUMBER)
		percent = lua_tonumber(L, -1);
	else if (lua_type(L, -1) == LUA_TSTRING &&
		 (sscanf(lua_tostring(L, -1), "%lf%%%c", &percent, &end) != 1 ||
		  !str_ends(sandbox_str(L, -1), STR("%"))))
		percent = -1;
	/* A share is meant: 0.2 of each delay. */
	if (percent > 0 && percent < 1)
		percent *= 100;
	if (percent >= 0 && percent <= 100)
		reading->service->retry.jitter_percent = (int)(percent + 0.5);
	else
		problem_hint(reading->loader, where, "jitter = \"20%\", or jitter = 0",
			     "'%s' is no percentage between 0 and 100", key);
}

static void read_attempts(struct reading *reading, const char *key, const struct where *where)
{
	struct retry_policy *retry = &reading->service->retry;
	lua_State *L = reading->L;

	if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || lua_tointeger(L, -1) > RETRY_ATTEMPTS_MAX)
		problem_hint(reading->loader, where, "the first attempt counts: attempts = 3 is two retries",
			     "'%s' is no whole number between 1 and %d", key, RETRY_ATTEMPTS_MAX);
	else if (lua_tointeger(L, -1) > 1 && retry->n_delays == 0)
		problem_hint(reading->loader, where, "schedule = { \"5s\", \"5m\" }",
			     "more than one attempt, and no delay between them in 'schedule'");
	else
		retry->attempts = (int)lua_tointeger(L, -1);
}

void read_retry(struct reading *reading, const char *key, const struct where *where)
{
	static const struct service_key keys[] = {
		{"schedule", read_schedule}, {"jitter", read_jitter}, {"attempts", read_attempts}};
	lua_State *L = reading->L;

	if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
		reading->service->retry.attempts = 1;
		return;
	}
	if (!lua_istable(L, -1)) {
		wrong_type(reading, where, key, "a table { schedule, jitter, attempts }, or false");
		return;
	}
	read_keys_of(reading, lua_gettop(L), key, where, keys, countof(keys));
}

/* --- success, dead_on, retry_on --- */

static bool status_range(struct str text, int *ret_first, int *ret_last)
{
	int first = 0, last = 0;
	char end = 0, x, y;

	if (text.n == 3 && sscanf(text.p, "%1d%c%c", &first, &x, &y) == 3 && (x | 32) == 'x' &&
	    (y | 32) == 'x') {
		*ret_first = first * 100;
		*ret_last = first * 100 + 99;
		return first >= 1 && first <= 5;
	}
	if (text.n == 7 && sscanf(text.p, "%3d-%3d%c", &first, &last, &end) == 2) {
		*ret_first = first;
		*ret_last = last;
		return first >= STATUS_MIN && first <= last && last <= STATUS_MAX;
	}
	if (text.n != 3 || sscanf(text.p, "%3d%c", &first, &end) != 1)
		return false;
	*ret_first = *ret_last = first;
	return first >= STATUS_MIN && first <= STATUS_MAX;
}

static struct status_set *set_of(struct reading *reading, const char *key)
{
	struct retry_policy *retry = &reading->service->retry;

	if (!strcmp(key, "success"))
		return &retry->success;
	return !strcmp(key, "dead_on") ? &retry->dead_on : &retry->retry_on;
}

/* No status is in two lists: which of them is meant would be a guess. */
static void check_overlap(struct reading *reading, const char *key, const struct where *where, int first,
			  int last)
{
	static const char *const names[] = {"success", "dead_on", "retry_on"};

	for (size_t i = 0; i < countof(names); i++) {
		for (int status = first; strcmp(names[i], key) != 0 && status <= last; status++) {
			if (!status_set_has(set_of(reading, names[i]), status))
				continue;
			problem(reading->loader, where, "status %d is in '%s' and in '%s'", status, names[i],
				key);
			return;
		}
	}
}

/* The value on top. */
static void read_status(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	int first = 0, last = 0;
	bool ok = false;

	if (lua_type(L, -1) == LUA_TSTRING)
		ok = status_range(sandbox_str(L, -1), &first, &last);
	else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= STATUS_MIN &&
		 lua_tointeger(L, -1) <= STATUS_MAX) {
		first = last = (int)lua_tointeger(L, -1);
		ok = true;
	}
	if (!ok) {
		problem_hint(reading->loader, where, "404, \"5xx\", \"500-504\", or a list of these",
			     "'%s' has a value that is no status between %d and %d", key, STATUS_MIN,
			     STATUS_MAX);
		return;
	}
	check_overlap(reading, key, where, first, last);
	status_set_add(set_of(reading, key), first, last);
}

void read_statuses(struct reading *reading, const char *key, const struct where *where)
{
	lua_State *L = reading->L;
	lua_Integer n;

	reading->service->retry.has_success |= !strcmp(key, "success");
	if (!lua_istable(L, -1)) {
		read_status(reading, key, where);
		return;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	if (n < 1 || rows_count(L, -1) != (size_t)n)
		problem_hint(reading->loader, where, "{ 404, \"5xx\" }", "'%s' is no list of statuses", key);
	for (lua_Integer i = 1; i <= n; i++) {
		struct where at = where_index(where, (int)i);

		lua_rawgeti(L, -1, i);
		read_status(reading, key, &at);
		lua_pop(L, 1);
	}
}

/* --- expires, order --- */

void read_expires(struct reading *reading, const char *key, const struct where *where)
{
	read_duration(reading, key, where, 1, EXPIRES_MAX_MS, &reading->service->expires_ms);
}

void read_order(struct reading *reading, const char *key, const struct where *where)
{
	static const struct str words[] = {{"call", 4}, {"none", 4}};
	struct str given;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "\"call\" or \"none\"");
		return;
	}
	given = sandbox_str(reading->L, -1);
	reading->service->unordered = str_eq(given, words[1]);
	if (!str_eq(given, words[0]) && !str_eq(given, words[1]))
		problem_word(reading->loader, where, false, given, words, countof(words),
			     "\"call\": those of one call keep their order; \"none\": none do",
			     "unknown order '%.60s'", given.p);
}
