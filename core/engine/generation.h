/* core/engine/generation.h
 *
 * Rules as the journal keeps them: a generation names its files by the hashes of their texts, which are
 * stored once. Any thread, with a reader of its own.
 */
#pragma once

#include "engine/engine.h"
#include "journal/journal.h"

/* The hash of a text, in hexadecimal. */
struct source_hash {
	char z[33];
};

struct source_hash source_hash(struct str text);

/* The same for all files with their paths. */
struct source_hash sources_hash(const struct source_file *files, size_t n);

/* The files of the generation, in `arena`; *ret is NULL when the journal does not have it, or not whole. */
int generation_read(struct journal_reader *reader, uint32_t number, struct arena *arena,
		    struct source_file **ret, size_t *ret_n, struct error *reterr);

/* Loads it from there: what is as in `base`, which may be NULL, is shared with it. *ret is NULL when the
 * journal does not have it. */
int generation_load(struct journal_reader *reader, uint32_t number, const struct ruleset *base,
		    struct ruleset **ret, struct error *reterr);
