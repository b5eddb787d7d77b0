/* core/model/unit.h
 *
 * One version of one file of the rules: what it declares, and the versions of the files that it was loaded
 * with. Immutable once loaded, but for its counts. A generation that changes one file shares the units of all
 * others with the generation before it, and a unit lives for as long as a generation or a run needs it. Any
 * thread.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "model/limits.h"

struct campaign;
struct problem;
struct service;

/* A text file of the rules. */
struct source_file {
	struct str path; /* relative to the rules folder, '/' between its parts */
	struct str text;
};

/* Something that a unit owns and that is not of its arena. */
struct unit_owned {
	void *thing;
	void (*free)(void *thing);
	struct str name;
	struct unit_owned *next;
};

struct unit {
	int refs;     /* atomic */
	int waiting;  /* atomic: runs of its campaign that wait, on all shards */
	bool retired; /* atomic: no generation that will serve has it; its states go with their last run */
	bool sound;   /* loaded without an error: the next generation can take it over */
	uint32_t generation; /* the first that had it; 0 while that is being loaded */
	struct arena arena;
	struct limits limits; /* with which it was loaded, and runs */
	struct source_file file;
	const struct campaign *campaign;       /* of a file on top of the folder; else NULL */
	const struct service *const *services; /* that were declared while it was loaded, in that order */
	size_t n_services;
	const struct source_file *files; /* it and all that it required, directly or not; sorted by path */
	struct unit *const *units;       /* the same; a reference to each but itself */
	size_t n_files;
	const struct problem *problems; /* warnings that were found while it was loaded */
	size_t n_problems;
	struct unit_owned *owned; /* while it is loaded it grows */
};

/* A unit is an allocation of its own (mem_zalloc, refs 1); all that it points to lives in its arena or in
 * those of its units. */
struct unit *unit_ref(const struct unit *unit); /* NULL stays NULL */
void unit_unref(struct unit *unit);             /* NULL is allowed */

/* Runs that wait: how many there are with this change (0: only to look). */
int unit_waiting(const struct unit *unit, int change);

void unit_retire(const struct unit *unit);
bool unit_is_retired(const struct unit *unit);

/* By halves in files sorted by path; SIZE_MAX when there is none. */
size_t source_index(const struct source_file *files, size_t n, struct str path);
