/* core/model/rule.h
 *
 * Rules, campaigns, and one loaded generation of them. Immutable once loaded, shared by threads.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/event.h"
#include "model/limits.h"
#include "model/service.h"
#include "model/unit.h"

enum condition_kind {
	CONDITION_ANY_OF, /* equal to one of the values */
	CONDITION_AT_LEAST,
	CONDITION_AT_MOST,
	CONDITION_BETWEEN, /* both ends belong to it */
	CONDITION_MATCHES, /* a Lua pattern, found anywhere unless anchored */
	CONDITION_ABSENT,  /* missing, null or empty */
	CONDITION_PRESENT,
};

struct condition {
	struct str tag;
	enum condition_kind kind;
	bool negated;
	const struct value *values; /* ANY_OF */
	size_t n_values;
	double low, high; /* AT_LEAST, AT_MOST, BETWEEN */
	struct str pattern;
	struct str shown; /* as the operator wrote it: at_least(10), { "Sale", "Upsell" } */
};

struct rule {
	struct str name;
	const struct str *on; /* event types; "*" stands for any run of characters */
	size_t n_on;
	const struct condition *when;
	size_t n_when;
	bool has_once;
	struct template once;
	const struct service *const *fire; /* in order of rank */
	size_t n_fire;
	bool has_run;
	bool needs_lua; /* has_run, or a fired service has a part that is a function */
	size_t index;   /* among the rules of its campaign */
	int line;
	const struct campaign *campaign;
};

struct campaign {
	struct str name; /* the file's name without .lua */
	struct str file; /* relative to the rules folder */
	bool loaded;     /* false: it has errors, and serves nothing */
	const struct str *serves;
	size_t n_serves;
	const struct rule *rules;
	size_t n_rules;
	const struct str *tags; /* its own tags { }, sorted, beside the catalogue */
	size_t n_tags;
	const struct unit *unit; /* that it is of */
};

struct problem {
	bool warning;
	struct error error;
};

struct serving { /* one line of the index from source to campaign */
	struct str source;
	bool prefix; /* it was written with a '*' at its end, which is not part of `source` */
	const struct campaign *campaign;
};

struct secret_use { /* a secret that a service names */
	struct str name;
	struct str file; /* of the service */
	int line;
};

struct ruleset {
	int refs; /* atomic */
	struct arena arena;
	uint32_t generation;
	struct limits limits;            /* with which it was loaded, and runs */
	const struct source_file *files; /* all files of the generation; sorted by path */
	struct unit *const *units;       /* the same, loaded; a reference to each */
	size_t n_files;
	const struct campaign *const *campaigns; /* sorted by name */
	struct unit *const *kept; /* as campaigns: when the file has errors now and the campaign above is its
				     last good version, a reference to that one's unit; else NULL */
	size_t n_campaigns, n_kept;
	const struct service *const *services; /* sorted by name */
	size_t n_services;
	const struct problem *problems; /* errors and warnings, by file and line */
	size_t n_problems, n_errors;
	const struct secret_use
		*secrets; /* by name, then in the order of services; each pair of name and place once */
	size_t n_secrets;
	const struct serving *serving; /* exact sources sorted, then prefixes, longest first */
	size_t n_serving, n_exact;
	const struct campaign *fallback; /* default.lua, or NULL */
};

/* A ruleset is an allocation of its own (mem_zalloc, refs 1); all that it points to lives in its arena or in
 * its units. The last reference frees both. */
struct ruleset *ruleset_ref(const struct ruleset *ruleset);
void ruleset_unref(struct ruleset *ruleset); /* NULL is allowed */

/* The campaign that serves this source: the exact one, else the longest prefix, else default.lua, else NULL.
 */
const struct campaign *ruleset_serving(const struct ruleset *ruleset, struct str source);

/* By its name; NULL when there is none. */
const struct campaign *ruleset_campaign(const struct ruleset *ruleset, struct str name);

/* Campaigns that can serve. */
size_t ruleset_loaded_campaigns(const struct ruleset *ruleset);

/* NULL when there is none. */
const struct source_file *ruleset_file(const struct ruleset *ruleset, struct str path);

/* Does the rule want events of this type? */
bool rule_wants(const struct rule *rule, struct str type);

/* Do all conditions of the rule hold? If not, ret_failed is the first that does not. Needs no Lua. */
bool rule_matches(const struct rule *rule, const struct event *event, const struct condition **ret_failed);

/* "sess_duration is 4, not at_least(10)", "agent_disposition is absent, not { "Sale" }". */
void condition_explain(const struct condition *condition, const struct event *event, struct buf *out);
