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

/* A file of the generation while that is loaded. */
struct part {
	struct unit *unit;
	bool reused;      /* its unit is the base's, and is not written any more */
	bool entered;     /* it was run, or will not be */
	bool complete;    /* what it declares is known: running it again declares the same */
	bool broken;      /* an error was found in it */
	int64_t cpu_us;   /* of the thread, when its last run began */
	struct vec slots; /* struct slot * */
	struct vec needs; /* size_t: the parts that it has required, itself or by others */

	/* It used up, by itself, all the time that there is to load a script: the error. It is not run again
	 * for others that require it, which would take as long each. NULL: it did not. */
	const struct error *endless;
};

/* A campaign while it is read. */
struct draft {
	struct campaign *campaign;
	const struct source_file *file;
	struct part *part;
	bool refused;      /* the generation was stored like that: this version did not serve */
	struct unit *kept; /* its last good version; a reference */
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

/* A problem, and the file in whose unit it stays; NULL: it is found anew each time. */
struct noted_problem {
	struct problem problem;
	const struct part *part;
};

struct loader {
	struct ruleset *ruleset;
	const struct ruleset *base; /* what serves now; NULL: nothing is taken over */
	bool keep;                  /* a campaign with errors keeps the base's version */
	struct arena scratch;       /* of what the loading itself needs */
	struct arena *arena;        /* of what is declared now: that of `part`, of the ruleset, or scratch */
	size_t allocated;           /* there, by the script that is loaded now */
	struct part *part;          /* whose unit is being filled; NULL: none */
	struct part *parts;         /* as ruleset->files */
	struct vec problems;        /* struct noted_problem */
	size_t problems_before;     /* how many there were when this script began */
	struct draft *drafts;       /* sorted by name */
	size_t n_drafts;
	struct vec types;             /* struct str: of the rule that is read */
	struct draft *current;        /* NULL while a module is loaded by itself */
	int64_t cpu_us;               /* of the thread, when the script that is loaded now began */
	const struct error *repeated; /* of an endless part, by which it ends */
	struct watch *watch;
	struct sandbox box;
	struct buf text;                 /* of what is shown */
	struct template_builder builder; /* of a JSON body; always finished before it is used again */
};

size_t loader_file_index(const struct loader *loader, const struct source_file *file);

/* A terminated copy in the unit that is being filled. */
struct str loader_copy(struct loader *loader, struct str s);
void *loader_alloc(struct loader *loader, size_t n); /* all zero */
void *loader_array(struct loader *loader, const struct vec *vec, size_t size);

/* --- Parts: parts.c */

/* One a file, those that did not change with the units of the base. */
void parts_make(struct loader *loader);
void parts_finish(struct loader *loader);

/* What is declared from here on belongs to this part; NULL: to nothing that stays. */
void part_fill(struct loader *loader, struct part *part);

/* Around the run of a file. Returns the part that was being filled. */
struct part *part_enter(struct loader *loader, const struct source_file *file);
void part_leave(struct loader *loader, const struct source_file *file, struct part *outer);

/* All files that are being loaded need this one, which is loaded; for whatever reads a file of the rules. */
void part_needed(struct sandbox *box, const struct source_file *file);

/* The services of each part, and the warnings that stay with it, go into its unit. */
void parts_seal(struct loader *loader);

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

/* declare_fire.c: `fire` at the top of the stack becomes what the rule fires. */
void load_fire(lua_State *L, struct loader *loader, const struct where *where, struct rule *rule);

/* json_template.c: the table on top of the stack as a JSON body. */
int load_json_table(lua_State *L, struct loader *loader, const struct where *where, struct template *ret);

/* naming.c: the file's chunk has ended, what it returned is at `index` (0: nothing). */
void name_services(lua_State *L, struct loader *loader, const struct source_file *file, int index);

/* --- Who serves what: serving.c */

/* Two that serve the same source: the one that did so before goes on, and the other is broken. */
void load_serving(struct loader *loader);

/* The index from source to campaign, of the ruleset's campaigns. */
void index_serving(struct loader *loader);

/* The campaign that serves for the draft: its new version, else the last good one, else its new version,
 * which is not loaded. */
const struct campaign *draft_campaign(const struct draft *draft);

/* secrets_list.c: once the services are listed. */
void list_secrets(struct loader *loader);

/* --- Warnings about a rule and its events: doubts.c */
void check_doubts(struct loader *loader, const struct draft *draft);

/* --- Tags: check_tags.c */

/* When all campaigns are read: the tags of each are kept, and what names a tag that is not known is told.
 * Calls check_doubts for those campaigns that were read anew. */
void check_tags(struct loader *loader, struct slot **slots, size_t n);

/* --- The whole: finish.c */
void load_finish(struct loader *loader);
