#include "app/rules_load.h"

#include "script/script.h"

#include <sys/stat.h>

enum { FIRST_GENERATION = 1 };
static const size_t FILES_MAX_BYTES = (size_t)1 << 30;

static struct str replaced(struct str text, const struct rules_replace *replace, struct arena *arena)
{
	struct buf out;
	buf_init(&out, FILES_MAX_BYTES);
	struct str rest = text;
	for (char *hit; (hit = memmem(rest.p, rest.n, replace->from.p, replace->from.n));) {
		size_t before = (size_t)(hit - rest.p);
		buf_add(&out, rest.p, before);
		buf_str(&out, replace->to);
		rest.p += before + replace->from.n;
		rest.n -= before + replace->from.n;
	}
	buf_str(&out, rest);
	struct str copy = arena_copy(arena, buf_view(&out));
	buf_finish(&out);
	return copy.p ? copy : text;
}

static int check_folder(const char *folder, struct error *reterr)
{
	struct stat about;
	if (stat(folder, &about) == 0 && S_ISDIR(about.st_mode))
		return 0;
	error_set(reterr, "there is no folder '%s' with rules", folder);
	error_hint(reterr, "name it with --rules DIR");
	return -1;
}

int rules_load(const char *folder, const struct rules_replace *replace, const struct limits *limits,
	       struct ruleset **ret, struct error *reterr)
{
	struct arena arena;
	struct source_file *files;
	size_t n_files;
	if (check_folder(folder, reterr))
		return -1;
	arena_init(&arena, FILES_MAX_BYTES);
	if (script_read_folder(folder, &arena, &files, &n_files, reterr)) {
		arena_finish(&arena);
		return -1;
	}
	for (size_t i = 0; replace && replace->from.p && i < n_files; i++)
		files[i].text = replaced(files[i].text, replace, &arena);
	*ret = script_load(files, n_files, FIRST_GENERATION, limits);
	arena_finish(&arena);
	return 0;
}
