#include "script/service_keys.h"

#include "script/duration.h"

#include <stdio.h>

enum { KEYS_MAX = 64 };

void read_keys_of(struct reading *reading, int index, const char *what, const struct where *where,
		  const struct service_key *keys, size_t n)
{
	lua_State *L = reading->L;
	struct str names[KEYS_MAX] = {0};

	ensure(n <= KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		names[i] = str_of(keys[i].name);
	check_keys(L, reading->loader, index, where, what, names, n);
	for (size_t i = 0; i < n; i++) {
		struct where at = where_key(where, names[i]);

		if (lua_getfield(L, index, keys[i].name) != LUA_TNIL)
			keys[i].read(reading, keys[i].name, &at);
		lua_pop(L, 1);
	}
}

void read_keys(struct reading *reading, const char *what, const struct service_key *keys, size_t n)
{
	read_keys_of(reading, reading->table, what, &reading->slot->where, keys, n);
}

void wrong_type(struct reading *reading, const struct where *where, const char *key, const char *wanted)
{
	problem(reading->loader, where, "'%s' is a %s, not %s", key, luaL_typename(reading->L, -1), wanted);
}

bool read_flag(struct reading *reading, const char *key, const struct where *where, bool otherwise)
{
	if (lua_isboolean(reading->L, -1))
		return lua_toboolean(reading->L, -1);
	wrong_type(reading, where, key, "true or false");
	return otherwise;
}

/* Whole units where there are any: "10 min", "1500 ms". */
static void show_duration(char text[32], int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {{86400000, "days"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};

	for (size_t i = 0; i < countof(units); i++) {
		if (ms >= units[i].ms && ms % units[i].ms == 0) {
			snprintf(text, 32, "%lld %s", (long long)(ms / units[i].ms), units[i].name);
			return;
		}
	}
	snprintf(text, 32, "0");
}

bool read_duration(struct reading *reading, const char *key, const struct where *where, int64_t least_ms,
		   int64_t most_ms, int64_t *ret_ms)
{
	lua_State *L = reading->L;
	char least[32], most[32];
	int64_t ms;
	bool ok;

	if (lua_type(L, -1) == LUA_TSTRING)
		ok = duration_parse(sandbox_str(L, -1), &ms);
	else
		ok = lua_type(L, -1) == LUA_TNUMBER && duration_of_seconds(lua_tonumber(L, -1), &ms);
	if (ok && ms >= least_ms && ms <= most_ms) {
		*ret_ms = ms;
		return true;
	}
	show_duration(least, least_ms);
	show_duration(most, most_ms);
	problem_hint(reading->loader, where, "\"500ms\", \"10s\", \"2m\", or a number of seconds",
		     "'%s' is no duration between %s and %s", key, least, most);
	return false;
}
