/* core/script/load.h
 *
 * Loading one generation of rules, as the files of this folder see it. What grows while scripts run is memory
 * of the loader, so that an error of Lua loses nothing.
 */
#pragma once

#include "script/sandbox.h"
#include "script/where.h"

#include "format/template.h"

/* A growing array; items of one size. */
struct vec {
	void *items;
	size_t n, capacity;
};

void *vec_add(struct vec *vec, size_t size); /* a new item, all zero */
void vec_finish(struct vec *vec);

/* A service by where it was declared: the n-th of its file. Campaigns that require the same module share it.
 */
struct slot {
	const struct source_file *file; /* the one that was being loaded */
	size_t ordinal;
	struct where where; /* the call, which can be in another file */
	struct service *service;
	bool named;  /* its group, key and name are settled */
	bool broken; /* it has an error; whoever uses it is not loaded */
};

/* A campaign while it is read. */
struct draft {
	struct campaign *campaign;
	const struct source_file *file;
	bool broken;
	bool has_serves;
	struct where serves_where, tags_where;
	struct vec serves; /* struct serve_draft */
	struct vec tags;   /* struct str */
	struct vec rules;  /* struct rule_draft */
	struct vec slots;  /* struct slot *: the services that it has seen */

	/* A rule that was named and has no table yet. */
	bool open_rule;
	struct where open_where;
};

struct serve_draft {
	struct str source;
	struct where where;
};

struct rule_draft {
	struct rule rule;
	struct where where;
};

/* A ruleset with what binding needs: the services of each file, in the order of their calls. */
struct loaded_ruleset {
	struct ruleset ruleset; /* first: its last reference frees the whole */
	const struct file_services {
		const struct service *const *services;
		size_t n;
	} * files; /* as ruleset.files */
};

struct loader {
	struct loaded_ruleset *loaded;
	struct ruleset *ruleset; /* the same */
	struct arena *arena;     /* the ruleset's */
	struct vec problems;     /* struct problem */
	struct draft *drafts;
	size_t n_drafts;
	struct vec types;      /* struct str: of the rule that is read */
	struct vec *slots;     /* one a file: struct slot * */
	bool *visited;         /* one a file: some script has required it */
	struct draft *current; /* NULL while a module is loaded by itself */
	struct sandbox box;
	struct buf text;                 /* of what is shown */
	struct template_builder builder; /* of a JSON body; always finished before it is used again */
};

size_t loader_file_index(const struct loader *loader, const struct source_file *file);

/* A terminated copy in the ruleset. */
struct str loader_copy(struct loader *loader, struct str s);
void *loader_alloc(struct loader *loader, size_t n); /* all zero */
void *loader_array(struct loader *loader, const struct vec *vec, size_t size);

/* --- Problems: problems.c */

/* Adds it with its place; one that is already there is not added again. An error makes the current campaign a
 * broken one. */
void problem_add(struct loader *loader, const struct where *where, bool warning, const struct error *error);

/* The same with an error whose line and column count in the text at `where`. */
void problem_add_in_text(struct loader *loader, const struct where *where, const struct error *error);

void problem(struct loader *loader, const struct where *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void problem_hint(struct loader *loader, const struct where *where, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* With "did you mean" from the words, else the hint, which may be NULL. */
void problem_word(struct loader *loader, const struct where *where, bool warning, struct str word,
		  const struct str *words, size_t n, const char *hint, const char *format, ...)
	__attribute__((format(printf, 8, 9)));

/* Where the operator's code calls us. */
struct where where_of_call(lua_State *L);

/* Reports each key of the table at `index` that is none of the words; `what` is "a rule", "http.service". */
void check_keys(lua_State *L, struct loader *loader, int index, const struct where *where, const char *what,
		const struct str *words, size_t n);

/* A text or a list of texts at `index`: their number, each passed on. Reports what is none. */
void each_text(lua_State *L, struct loader *loader, int index, const struct where *where, const char *what,
	       void (*each)(void *context, struct loader *loader, struct str text, const struct where *where),
	       void *context);

/* Compiles the text at `where`; reports what is wrong and returns -1. */
int compile_template(struct loader *loader, struct str text, int context, const struct where *where,
		     struct template *ret);

/* --- Declarations */
int load_service(lua_State *L); /* declare_service.c: http_service(table) */
int load_rule(lua_State *L);    /* declare_rule.c: declare_rule(name, table) */

/* The file of the campaign has ended. */
void load_rules_end(struct loader *loader, struct draft *draft);

/* conditions.c: `when` at the top of the stack becomes the rule's conditions. */
void load_conditions(lua_State *L, struct loader *loader, const struct where *where, struct rule *rule);

/* json_template.c: the table on top of the stack as a JSON body. */
int load_json_table(lua_State *L, struct loader *loader, const struct where *where, struct template *ret);

/* naming.c: the file's chunk has ended, what it returned is at `index` (0: nothing). */
void name_services(lua_State *L, struct loader *loader, const struct source_file *file, int index);

/* --- The whole: finish.c */
void load_finish(struct loader *loader);
