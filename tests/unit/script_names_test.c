/* Every function that rules see is described in scripts/meta/, from which editors complete and the reference
 * is made; and nothing is described that is not there. */
#include "unit.h"

#include "script/sandbox.h"

#include "base/buf.h"
#include "base/watchdog.h"
#include "model/tag.h"

#include <dirent.h>
#include <lualib.h>
#include <stdio.h>

struct names {
	char *items[1000];
	size_t n;
};

static void add_name(struct names *names, const char *z)
{
	assert_in_range(names->n, 0, countof(names->items) - 1);
	names->items[names->n++] = mem_strdup(z);
}

static void add_member(struct names *names, const char *library, const char *member)
{
	char name[256];

	snprintf(name, sizeof name, "%s.%s", library, member);
	add_name(names, name);
}

static bool has_name(const struct names *names, const char *z)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->items[i], z))
			return true;
	return false;
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
}

/* --- what the program has --- */

/* The table at the top, whose members are those of a library. */
static void add_members(lua_State *L, struct names *names, const char *library)
{
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		if (lua_type(L, -2) == LUA_TSTRING)
			add_member(names, library, lua_tostring(L, -2));
}

static int list_public(lua_State *L)
{
	struct names *names = lua_touserdata(L, 1);

	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_public);
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		const char *name = lua_tostring(L, -2);

		if (lua_istable(L, -1) && !sandbox_has_metatable(L, -1, &sandbox_condition_mt) &&
		    luaL_getmetafield(L, -1, "__index") == LUA_TTABLE) {
			add_members(L, names, name);
			lua_pop(L, 1);
		} else {
			add_name(names, name);
		}
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_service_mt);
	lua_getfield(L, -1, "__index");
	assert_non_null(lua_getupvalue(L, -1, 1));
	add_members(L, names, "service");
	return 0;
}

static void list_registered(struct names *names)
{
	struct watchdog *watchdog = watchdog_create(NULL);
	struct sandbox box;
	struct error error;

	assert_int_equal(sandbox_open(&box, NULL, 0, MODE_LOAD, &limits_standard,
				      watchdog_watch(watchdog, NULL), &error),
			 0);
	assert_int_equal(sandbox_call(&box, list_public, names, &error), 0);
	sandbox_close(&box);
	watchdog_destroy(watchdog);
}

/* Is it in Lua's own library of that name? The manual describes that. */
static bool is_lua(lua_State *L, const char *name)
{
	const char *dot = strchr(name, '.');
	bool ret = false;

	if (!dot)
		return false;
	lua_pushlstring(L, name, (size_t)(dot - name));
	lua_rawget(L, -2);
	if (lua_istable(L, -1))
		ret = lua_getfield(L, -1, dot + 1) != LUA_TNIL;
	lua_settop(L, 1);
	return ret;
}

/* --- what is described --- */

static void read_line(struct names *names, char class[128], const char *line)
{
	char name[128];

	if (sscanf(line, "function %127[A-Za-z0-9_.:]", name) == 1) {
		if (strchr(name, ':'))
			*strchr(name, ':') = '.';
		if (strncmp(name, "call_members.", 13) != 0)
			add_name(names, name);
	} else if (sscanf(line, "---@class %127[A-Za-z0-9_.]", name) == 1) {
		strcpy(class, name);
	} else if (sscanf(line, "---@field %127[A-Za-z0-9_]", name) == 1 && !strcmp(class, "json")) {
		add_member(names, class, name);
	}
}

static void list_described(struct names *names)
{
	DIR *folder = opendir(META);
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		char path[512], line[1024], class[128] = "";
		FILE *file;

		/* What tests see is another state's. */
		if (!str_ends(str_of(entry->d_name), STR(".lua")) || !strcmp(entry->d_name, "tests.lua"))
			continue;
		snprintf(path, sizeof path, "%s/%s", META, entry->d_name);
		file = fopen(path, "r");
		assert_non_null(file);
		while (fgets(line, sizeof line, file))
			read_line(names, class, line);
		fclose(file);
	}
	closedir(folder);
}

static void what_rules_see_and_what_is_described_are_the_same(void **state)
{
	struct names registered = {0}, described = {0};
	lua_State *L = luaL_newstate();
	int differences = 0;

	luaL_openlibs(L);
	lua_pushglobaltable(L);
	list_registered(&registered);
	list_described(&described);
	assert_in_range(registered.n, 30, 1000);
	for (size_t i = 0; i < registered.n; i++) {
		const char *name = registered.items[i];

		if (is_lua(L, name) || has_name(&described, name))
			continue;
		print_message("# rules see '%s', and scripts/meta/ does not describe it: add a function or "
			      "field with a "
			      "sentence and an example, then write the reference anew: "
			      "lua5.4 scripts/reference.lua scripts/meta > docs/reference/lua.md\n",
			      name);
		differences++;
	}
	for (size_t i = 0; i < described.n; i++) {
		if (has_name(&registered, described.items[i]))
			continue;
		print_message("# scripts/meta/ describes '%s', which rules do not see: take it out there, or "
			      "register it\n",
			      described.items[i]);
		differences++;
	}
	assert_int_equal(differences, 0);
	lua_close(L);
	free_names(&registered);
	free_names(&described);
}

/* --- tags --- */

static bool file_has(struct str text, const char *wanted)
{
	return memmem(text.p, text.n, wanted, strlen(wanted)) != NULL;
}

static void all_tags_and_types_of_the_catalogue_are_described(void **state)
{
	FILE *file = fopen(META "/events.lua", "r");
	struct buf text;
	char piece[4096], wanted[128];
	size_t n, got;
	const struct str *words;

	assert_non_null(file);
	buf_init(&text, 1 << 20);
	while ((got = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(&text, piece, got);
	fclose(file);
	words = tag_catalogue(&n);
	for (size_t i = 0; i < n; i++) {
		snprintf(wanted, sizeof wanted, "---@field " STR_FMT " ", STR_ARG(words[i]));
		if (!file_has(buf_view(&text), wanted))
			fail_msg("scripts/meta/events.lua lacks the tag '" STR_FMT "'", STR_ARG(words[i]));
	}
	words = event_type_catalogue(&n);
	for (size_t i = 0; i < n; i++) {
		snprintf(wanted, sizeof wanted, "---@class call." STR_FMT ":", STR_ARG(words[i]));
		if (!file_has(buf_view(&text), wanted))
			fail_msg("scripts/meta/events.lua lacks the event type '" STR_FMT "'",
				 STR_ARG(words[i]));
	}
	buf_finish(&text);
}

/* Each tag comes with some event, and an unknown type may carry anything. */
static void each_tag_comes_with_some_event(void **state)
{
	size_t n_tags, n_types;
	const struct str *tags = tag_catalogue(&n_tags), *types = event_type_catalogue(&n_types);

	for (size_t i = 0; i < n_tags; i++) {
		bool carried = false;

		for (size_t j = 0; j < n_types; j++)
			carried |= event_type_carries(types[j], tags[i]);
		if (!carried)
			fail_msg("no event carries '" STR_FMT "'", STR_ARG(tags[i]));
	}
	assert_true(event_type_carries(STR("my_own"), STR("ani")));
	assert_true(event_type_carries(STR("post_disposition"), STR("agent_disposition")));
	assert_false(event_type_carries(STR("enqueue"), STR("agent_disposition")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rules_see_and_what_is_described_are_the_same),
		cmocka_unit_test(all_tags_and_types_of_the_catalogue_are_described),
		cmocka_unit_test(each_tag_comes_with_some_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
