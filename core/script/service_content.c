/* What goes into the requests of a service beside what it declares itself. */
#include "script/mappings.h"
#include "script/service_keys.h"

void read_mappings(struct reading *reading, const char *key, const struct where *where)
{
	if (!read_flag(reading, key, where, false))
		return;
	reading->service->mappings = mappings_declared(reading->L);
	if (!reading->service->mappings)
		problem_hint(reading->loader, where,
			     "a module with mappings { original = \"replacement\" }, required before this",
			     "no mappings were declared yet");
}

void read_script_result(struct reading *reading, const char *key, const struct where *where)
{
	enum body_kind kind = reading->service->body_kind;

	reading->service->script_result = read_flag(reading, key, where, false);
	if (reading->service->script_result && kind != BODY_NONE && kind != BODY_FORM && kind != BODY_JSON)
		problem(reading->loader, where,
			"'script_result' goes into a form, a JSON object or the query");
}

void read_debug(struct reading *reading, const char *key, const struct where *where)
{
	reading->service->debug = read_flag(reading, key, where, false);
}

void read_cloudevents(struct reading *reading, const char *key, const struct where *where)
{
	static const struct str words[] = {{"structured", 10}, {"binary", 6}};
	struct str given;

	if (lua_type(reading->L, -1) != LUA_TSTRING) {
		wrong_type(reading, where, key, "\"structured\" or \"binary\"");
		return;
	}
	given = sandbox_str(reading->L, -1);
	if (str_eq(given, words[0]))
		reading->service->cloudevents = CLOUDEVENTS_STRUCTURED;
	else if (str_eq(given, words[1]))
		reading->service->cloudevents = CLOUDEVENTS_BINARY;
	else
		problem_word(reading->loader, where, false, given, words, countof(words),
			     "\"structured\" or \"binary\"", "unknown mode '%.40s'", given.p);
}
