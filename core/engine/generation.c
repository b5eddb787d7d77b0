#include "engine/generation.h"

#include "engine/private.h"
#include "script/script.h"

#include <stdio.h>

enum { FILES_MAX = 256 << 20, MANIFEST_MAX = 16 << 20 };

static struct source_hash hash_print(struct window_key key)
{
	struct source_hash hash;
	snprintf(hash.z, sizeof hash.z, "%016llx%016llx", (unsigned long long)key.high,
		 (unsigned long long)key.low);
	return hash;
}

struct source_hash source_hash(struct str text)
{
	return hash_print(window_key(&text, 1));
}

/* --- writing --- */

/* One line a file: the hash of its text, and its path, which has no newline in it. */
static void put_manifest(struct buf *out, const struct source_file *files, size_t n,
			 const struct source_hash *hashes)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s " STR_FMT "\n", hashes[i].z, STR_ARG(files[i].path));
}

static struct source_hash *hash_all(const struct source_file *files, size_t n)
{
	struct source_hash *hashes = mem_zalloc((n + 1) * sizeof *hashes);
	for (size_t i = 0; i < n; i++)
		hashes[i] = source_hash(files[i].text);
	return hashes;
}

struct source_hash sources_hash(const struct source_file *files, size_t n)
{
	struct source_hash *hashes = hash_all(files, n);
	struct buf manifest;
	buf_init(&manifest, MANIFEST_MAX);
	put_manifest(&manifest, files, n, hashes);
	struct source_hash hash = source_hash(buf_view(&manifest));
	buf_finish(&manifest);
	free(hashes);
	return hash;
}

/* The writer and whoever waits for it each hold it: a disk that does not write must not hold up an end. */
struct generation_writing {
	struct journal_generation row;
	int refs; /* atomic */
	sem_t written;
	struct source_hash hash, *hashes;
	struct journal_source *sources;
	struct buf manifest;
	struct arena arena; /* texts of the sources */
};

static void writing_unref(struct generation_writing *writing)
{
	if (__atomic_sub_fetch(&writing->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	sem_destroy(&writing->written);
	buf_finish(&writing->manifest);
	arena_finish(&writing->arena);
	free(writing->hashes);
	free(writing->sources);
	free(writing);
}

static void written(struct message *message)
{
	struct generation_writing *writing =
		container_of(message, struct generation_writing, row.entry.message);
	sem_post(&writing->written);
	writing_unref(writing);
}

/* A text that it shares with what is stored already is there. */
static bool is_stored(const struct ruleset *stored, const struct source_file *file)
{
	size_t i = stored ? source_index(stored->files, stored->n_files, file->path) : SIZE_MAX;
	return i != SIZE_MAX && stored->files[i].text.p == file->text.p;
}

static int add_sources(struct generation_writing *writing, const struct source_file *files, size_t n,
		       const struct ruleset *stored)
{
	for (size_t i = 0; i < n; i++) {
		if (is_stored(stored, &files[i]))
			continue;
		struct str text = arena_copy(&writing->arena, files[i].text);
		if (!text.p)
			return -1;
		writing->sources[writing->row.n_sources++] =
			(struct journal_source){str_of(writing->hashes[i].z), text};
	}
	writing->row.sources = writing->sources;
	return 0;
}

static struct generation_writing *writing_new(const struct source_file *files, size_t n,
					      const struct ruleset *stored)
{
	struct generation_writing *writing = mem_zalloc(sizeof *writing);
	writing->refs = 2;
	sem_init(&writing->written, 0, 0);
	arena_init(&writing->arena, FILES_MAX);
	buf_init(&writing->manifest, MANIFEST_MAX);
	writing->hashes = hash_all(files, n);
	writing->sources = mem_zalloc((n + 1) * sizeof *writing->sources);
	put_manifest(&writing->manifest, files, n, writing->hashes);
	writing->hash = source_hash(buf_view(&writing->manifest));
	writing->row.entry = (struct journal_entry){.message.deliver = written, .kind = ENTRY_GENERATION};
	writing->row.hash = str_of(writing->hash.z);
	writing->row.files = buf_view(&writing->manifest);
	if (add_sources(writing, files, n, stored) == 0 && !writing->manifest.overflow)
		return writing;
	writing->refs = 1;
	writing_unref(writing);
	return NULL;
}

/* Looks at `ending` a few times a second. */
static int wait_written(struct generation_writing *writing, const bool *ending, struct error *reterr)
{
	for (;;) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 200000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (sem_timedwait(&writing->written, &until) == 0)
			return 0;
		if (ending && __atomic_load_n(ending, __ATOMIC_ACQUIRE))
			return error_set(reterr, "the engine is stopping");
	}
}

int engine_generation(struct journal *journal, const struct source_file *files, size_t n_files,
		      const struct ruleset *stored, const bool *ending, uint32_t *ret, struct error *reterr)
{
	struct generation_writing *writing = writing_new(files, n_files, stored);
	if (!writing)
		return error_set(reterr, "the rules are larger than %d MiB", FILES_MAX >> 20);
	journal_post(journal, &writing->row.entry);
	int result = wait_written(writing, ending, reterr);
	if (result == 0 && !writing->row.number)
		result = error_set(reterr, "the journal cannot write");
	if (result == 0)
		*ret = writing->row.number;
	writing_unref(writing);
	return result;
}

/* --- reading --- */

struct reading {
	struct journal_reader *reader;
	struct arena *arena;
	struct source_file *files;
	size_t n;
	struct str text; /* of the source that is read */
	bool found;
	struct error error;
};

static bool take_source(void *context, const struct journal_source *row)
{
	struct reading *reading = context;
	reading->text = arena_copy(reading->arena, row->text.p ? row->text : STR(""));
	return false;
}

static bool take_line(struct str *rest, struct str *ret_hash, struct str *ret_path)
{
	const char *end = memchr(rest->p, '\n', rest->n), *space = end ? memchr(rest->p, ' ', rest->n) : NULL;
	if (!space || space > end)
		return false;
	*ret_hash = (struct str){rest->p, (size_t)(space - rest->p)};
	*ret_path = (struct str){space + 1, (size_t)(end - space) - 1};
	rest->n -= (size_t)(end + 1 - rest->p);
	rest->p = end + 1;
	return true;
}

static bool take_generation(void *context, const struct journal_generation *row)
{
	struct reading *reading = context;
	struct str rest = row->files, hash, path;
	size_t lines = 0;
	for (size_t i = 0; i < rest.n; i++)
		lines += rest.p[i] == '\n';
	reading->files = arena_alloc(reading->arena, (lines + 1) * sizeof *reading->files);
	reading->found = reading->files != NULL;
	while (reading->found && take_line(&rest, &hash, &path)) {
		reading->text = (struct str){0};
		reading->found = journal_read_source(reading->reader, hash, take_source, reading,
						     &reading->error) == 0 &&
				 reading->text.p;
		reading->files[reading->n++] =
			(struct source_file){arena_copy(reading->arena, path), reading->text};
	}
	reading->found &= rest.n == 0;
	return false;
}

int generation_read(struct journal_reader *reader, uint32_t number, struct arena *arena,
		    struct source_file **ret, size_t *ret_n, struct error *reterr)
{
	struct reading reading = {.reader = reader, .arena = arena};
	if (journal_read_generation(reader, number, take_generation, &reading, reterr))
		return -1;
	if (reading.error.what[0]) {
		*reterr = reading.error;
		return -1;
	}
	*ret = reading.found ? reading.files : NULL;
	*ret_n = reading.n;
	return 0;
}

int generation_load(struct journal_reader *reader, uint32_t number, const struct ruleset *base,
		    struct ruleset **ret, struct error *reterr)
{
	struct arena arena;
	struct source_file *files;
	size_t n;
	arena_init(&arena, FILES_MAX);
	int result = generation_read(reader, number, &arena, &files, &n, reterr);
	if (result == 0)
		*ret = files ? script_reload(base, files, n, false, number, NULL) : NULL;
	arena_finish(&arena);
	return result;
}
