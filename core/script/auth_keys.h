/* core/script/auth_keys.h
 *
 * The keys of http.basic, http.oauth2 and the like: each names the function that reads its value.
 */
#pragma once

#include "script/load.h"

enum { AUTH_KEYS_MAX = 20 };

/* The object's table, while it is read. */
struct auth_reading {
	lua_State *L;
	struct loader *loader;
	struct where where;
	struct auth *auth;
	const char *what;
};

struct auth_key {
	const char *name;
	bool needed;
	void (*read)(struct auth_reading *reading, const char *key, const struct where *where);
};

struct auth_keys {
	const char *name, *what; /* "basic", "http.basic" */
	const struct auth_key *keys;
	size_t n;
};

extern const struct auth_keys auth_kinds[]; /* by enum auth_kind */
extern const size_t auth_kinds_n;

const char *oauth2_grant_name(enum oauth2_grant grant);
