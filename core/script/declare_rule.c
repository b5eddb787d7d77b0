/* rule "name" { … }, serves and tags while rules load. */
#include "script/load.h"
#include "script/soap_calls.h"
#include "script/state.h"

#include "format/secret_mark.h"
#include "format/template.h"
#include "model/tag.h"

enum { RULES_MAX = 10000 };

static const struct str keys[] = {{"on", 2}, {"when", 4}, {"once", 4}, {"fire", 4}, {"run", 3}};

/* The campaign that declares; NULL while binding. */
static struct draft *check_campaign(lua_State *L, const char *what)
{
	struct sandbox *box = sandbox_of(L);
	struct draft *draft = box->loader ? box->loader->current : NULL;

	if (box->mode == MODE_RUN)
		sandbox_raise(L, "%s belongs in the file, not in a run", what);
	if (box->mode == MODE_BIND)
		return NULL;
	if (!draft || box->loading->file != draft->file) {
		sandbox_hint(box, "a module gives services and functions; rules, serves and tags stand in a "
				  "campaign's file");
		sandbox_raise(L, "%s does not belong in a module", what);
	}
	return draft;
}

static void add_type(void *context, struct loader *loader, struct str type, const struct where *where)
{
	size_t n;
	const struct str *known = event_type_catalogue(&n);
	bool is_known = memchr(type.p, '*', type.n) != NULL;

	if (type.n == 0) {
		problem(loader, where, "'on' has an empty type in it");
		return;
	}
	for (size_t i = 0; i < n; i++)
		is_known = is_known || str_eq(known[i], type);
	if (!is_known)
		problem_word(loader, where, true, type, known, n,
			     "the platform sends no event of that type; one of your own senders may",
			     "unknown event type '%.100s'", type.p);
	*(struct str *)vec_add(context, sizeof(struct str)) = loader_copy(loader, type);
}

/* The field of the rule's table, pushed; false, and nothing pushed, if it is not there. */
static bool field(lua_State *L, const struct where *rule, const char *key, struct where *ret)
{
	if (lua_getfield(L, 2, key) == LUA_TNIL) {
		lua_pop(L, 1);
		return false;
	}
	*ret = where_key(rule, str_of(key));
	return true;
}

static void read_on(lua_State *L, struct loader *loader, struct rule_draft *draft)
{
	struct where where;

	loader->types.n = 0;
	if (!field(L, &draft->where, "on", &where)) {
		problem_hint(loader, &draft->where, "on = \"agent_termination\"",
			     "the rule does not say on which event");
		return;
	}
	each_text(L, loader, -1, &where, "'on'", add_type, &loader->types);
	draft->rule.on = loader_array(loader, &loader->types, sizeof(struct str));
	draft->rule.n_on = loader->types.n;
	lua_pop(L, 1);
}

static void read_once(lua_State *L, struct loader *loader, struct rule_draft *draft)
{
	struct where where;

	if (!field(L, &draft->where, "once", &where))
		return;
	if (lua_type(L, -1) != LUA_TSTRING) {
		problem_hint(loader, &where, "once = \"#uii#\"", "'once' is a %s, not a text",
			     luaL_typename(L, -1));
	} else if (!compile_template(loader, sandbox_str(L, -1), CONTEXT_TEXT, &where, &draft->rule.once)) {
		draft->rule.has_once = true;
		if (template_has_secrets(&draft->rule.once))
			problem(loader, &where, "'once' cannot hold a secret");
		if (!template_has_tags(&draft->rule.once))
			problem_hint(loader, &where, "once = \"#uii#\" is once a call",
				     "'once' has no tag in it: the rule would run once for ever");
	}
	lua_pop(L, 1);
}

static void read_fire(lua_State *L, struct loader *loader, struct rule_draft *draft)
{
	struct where where;

	if (!field(L, &draft->where, "fire", &where))
		return;
	load_fire(L, loader, &where, &draft->rule);
	lua_pop(L, 1);
}

static void read_run(lua_State *L, struct loader *loader, struct rule_draft *draft)
{
	struct where where;

	if (!field(L, &draft->where, "run", &where))
		return;
	if (lua_isfunction(L, -1) && !lua_iscfunction(L, -1))
		draft->rule.has_run = draft->rule.needs_lua = true;
	else
		problem_hint(loader, &where, "run = function(call, event) … end",
			     "'run' is a %s, not a function", luaL_typename(L, -1));
	lua_pop(L, 1);
}

static void read_rule(lua_State *L, struct loader *loader, struct rule_draft *draft)
{
	struct where where;
	bool acts;

	check_keys(L, loader, 2, &draft->where, "a rule", keys, countof(keys));
	read_on(L, loader, draft);
	if (field(L, &draft->where, "when", &where)) {
		load_conditions(L, loader, &where, &draft->rule);
		lua_pop(L, 1);
	}
	read_once(L, loader, draft);
	acts = lua_getfield(L, 2, "fire") != LUA_TNIL || lua_getfield(L, 2, "run") != LUA_TNIL;
	lua_settop(L, 2);
	if (!acts)
		problem_hint(loader, &draft->where, "fire = crm.call_details, or run = function(call) … end",
			     "the rule does nothing: it has neither 'fire' nor 'run'");
	read_fire(L, loader, draft);
	read_run(L, loader, draft);
}

static void read_name(lua_State *L, struct loader *loader, struct draft *draft, struct rule_draft *rule)
{
	const struct rule_draft *others = draft->rules.items;
	struct str name = {0};

	if (lua_type(L, 1) == LUA_TSTRING)
		name = str_trim(sandbox_str(L, 1));
	rule->rule.name = loader_copy(loader, name);
	if (!name.n || name.n > 200) {
		problem_hint(loader, &rule->where, "rule \"send call details\" { on = … }",
			     name.n ? "the name of the rule is over 200 bytes" : "the rule has no name");
		return;
	}
	for (size_t i = 0; i + 1 < draft->rules.n; i++) {
		if (str_eq(others[i].rule.name, rule->rule.name)) {
			problem(loader, &rule->where,
				"two rules have the name '" STR_FMT "'; the first is in line %d",
				STR_ARG(rule->rule.name), others[i].where.line);
			return;
		}
	}
}

/* declare_rule(name, table) */
int load_rule(lua_State *L)
{
	struct loader *loader = sandbox_of(L)->loader;
	struct draft *draft = check_campaign(L, "rule");
	struct rule_draft *rule;

	lua_settop(L, 2);
	draft->open_rule = false;
	if (draft->rules.n >= RULES_MAX)
		sandbox_raise(L, "over %d rules in one campaign", RULES_MAX);
	rule = vec_add(&draft->rules, sizeof *rule);
	rule->where = where_of_call(L);
	rule->rule.line = rule->where.line;
	rule->rule.index = draft->rules.n - 1;
	read_name(L, loader, draft, rule);
	if (lua_istable(L, 2))
		read_rule(L, loader, rule);
	else
		problem_hint(loader, &rule->where, "rule \"name\" { on = …, fire = … }",
			     "a rule takes a table, not a %s", luaL_typename(L, 2));
	return 0;
}

static void report_open_rule(struct loader *loader, struct draft *draft)
{
	if (draft->open_rule)
		problem_hint(loader, &draft->open_where, "rule \"name\" { on = …, fire = … }",
			     "a rule with a name and nothing else");
	draft->open_rule = false;
}

/* open_rule(): a rule has its name, the table should follow. */
static int open_rule(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct draft *draft;

	draft = check_campaign(L, "rule");
	if (!draft)
		return 0;
	report_open_rule(box->loader, draft);
	draft->open_rule = true;
	draft->open_where = where_of_call(L);
	return 0;
}

void load_rules_end(struct loader *loader, struct draft *draft)
{
	report_open_rule(loader, draft);
	soap_check_calls(loader, draft);
}

static int declare_rule(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);

	sandbox_check(L);
	if (box->mode == MODE_LOAD)
		return load_rule(L);
	if (box->mode == MODE_BIND)
		return bind_rule(L);
	sandbox_raise(L, "rules are declared while the rules load, not in a run");
}

static int declare_service(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);

	if (box->mode == MODE_LOAD)
		return load_service(L);
	if (box->mode == MODE_BIND)
		return bind_service(L);
	sandbox_hint(box, "declare it in the file; a run gives what differs to send { … }");
	sandbox_raise(L, "services are declared while the rules load, not in a run");
}

static void add_source(void *context, struct loader *loader, struct str source, const struct where *where)
{
	struct draft *draft = context;
	const char *star = memchr(source.p, '*', source.n);
	struct serve_draft *serve;

	if (source.n == 0)
		problem(loader, where, "'serves' has an empty source in it");
	else if (star && star != source.p + source.n - 1)
		problem(loader, where, "a '*' stands at the end of a source only");
	if (source.n == 0 || (star && star != source.p + source.n - 1))
		return;
	serve = vec_add(&draft->serves, sizeof *serve);
	*serve = (struct serve_draft){loader_copy(loader, source), *where};
}

static int declare_serves(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct where where;
	struct draft *draft;

	draft = check_campaign(L, "serves");
	if (!draft)
		return 0;
	where = where_of_call(L);
	if (draft->has_serves)
		problem(box->loader, &where, "'serves' stands twice; the first is in line %d",
			draft->serves_where.line);
	draft->has_serves = true;
	draft->serves_where = where;
	lua_settop(L, 1);
	each_text(L, box->loader, 1, &where, "'serves'", add_source, draft);
	return 0;
}

static bool is_tag_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (i && c >= '0' && c <= '9')))
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

static void add_tag(void *context, struct loader *loader, struct str tag, const struct where *where)
{
	struct draft *draft = context;

	if (is_tag_name(tag))
		*(struct str *)vec_add(&draft->tags, sizeof(struct str)) = loader_copy(loader, tag);
	else
		problem_hint(loader, where, "letters, digits and '_', at most 64",
			     "'%.80s' cannot be the name of a tag", tag.p);
}

static int declare_tags(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct draft *draft = check_campaign(L, "tags");
	struct where where;

	if (!draft)
		return 0;
	where = where_of_call(L);
	lua_settop(L, 1);
	each_text(L, box->loader, 1, &where, "'tags'", add_tag, draft);
	return 0;
}

/* missing_service(message, word, module): a service that a module lacks. Reported here, so that the script
 * goes on and shows its other mistakes. */
static int missing_service(lua_State *L)
{
	struct sandbox *box = sandbox_of(L);
	struct where where = where_of_call(L);
	struct error error;

	sandbox_hint_member(L, 3, sandbox_str(L, 2));
	error_set(&error, "%s", luaL_checkstring(L, 1));
	memcpy(error.hint, box->hint, sizeof error.hint);
	if (box->mode != MODE_LOAD)
		sandbox_raise_error(L, &error);
	box->hint[0] = 0;
	problem_add(box->loader, &where, false, &error);
	lua_newtable(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_missing_mt);
	lua_setmetatable(L, -2);
	return 1;
}

void lib_declare_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"declare_rule", declare_rule},
		{"declare_service", declare_service},
		{"declare_serves", declare_serves},
		{"declare_tags", declare_tags},
		{"open_rule", open_rule},
		{"missing_service", missing_service},
		{NULL, NULL},
	};
	static const struct {
		const void *key;
		const char *name;
	} metatables[] = {{&sandbox_condition_mt, "condition_mt"}, {&sandbox_missing_mt, "missing_mt"}};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	for (size_t i = 0; i < countof(metatables); i++) {
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, metatables[i].key);
		lua_setfield(L, -2, metatables[i].name);
	}
	lua_pop(L, 1);
}
