/* The rules folder as files in memory. */
#include "script/script.h"
#include "script/testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 20000, FILE_BYTES_MAX = 1 << 20, DESCRIPTION_BYTES_MAX = 16 << 20, FOLDERS_DEEP_MAX = 16 };

struct reading {
	struct arena *arena;
	struct source_file *files;
	size_t n, capacity;
	bool tests; /* only *_test.lua; else what is of the generation */
	const char *root;
	char **folders;
	size_t n_folders, folders_capacity;
	struct error *reterr;
};

static int read_folder(struct reading *reading, int folder, const char *path, int depth);

/* Of a SOAP service. */
static bool is_description(struct str name)
{
	return str_ends(name, STR(".wsdl")) || str_ends(name, STR(".xsd"));
}

static int failed(struct reading *reading, const char *path)
{
	return error_set(reading->reterr, "cannot read '%s': %s", path, strerror(errno));
}

static int read_all(struct reading *reading, int file, size_t size, const char *path)
{
	char *text = arena_alloc(reading->arena, size + 1);
	struct str name = arena_copy(reading->arena, str_of(path));
	size_t n = 0;
	ssize_t got;

	if (!text || !name.p)
		return error_set(reading->reterr, "the rules are too large together, at '%s'", path);
	while (n < size && (got = read(file, text + n, size - n)) != 0) {
		if (got < 0 && errno != EINTR)
			return failed(reading, path);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = 0;
	if (reading->n == reading->capacity) {
		reading->capacity = reading->capacity ? 2 * reading->capacity : 64;
		reading->files = mem_realloc(reading->files, reading->capacity * sizeof *reading->files);
	}
	reading->files[reading->n++] = (struct source_file){name, {text, n}};
	return 0;
}

static int read_file(struct reading *reading, int folder, const char *name, const char *path)
{
	struct stat about;
	int ret, file;

	if (reading->n >= FILES_MAX)
		return error_set(reading->reterr, "over %d files of rules", FILES_MAX);
	file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return failed(reading, path);
	if (fstat(file, &about) || !S_ISREG(about.st_mode))
		ret = error_set(reading->reterr, "'%s' is no regular file", path);
	else if (about.st_size > (is_description(str_of(name)) ? DESCRIPTION_BYTES_MAX : FILE_BYTES_MAX))
		ret = error_set(reading->reterr, "'%s' is over %d MiB", path,
				is_description(str_of(name)) ? DESCRIPTION_BYTES_MAX >> 20
							     : FILE_BYTES_MAX >> 20);
	else
		ret = read_all(reading, file, (size_t)about.st_size, path);
	close(file);
	return ret;
}

static int read_subfolder(struct reading *reading, int folder, const char *name, const char *path, int depth)
{
	int sub;

	if (depth >= FOLDERS_DEEP_MAX)
		return error_set(reading->reterr, "'%s' is over %d folders deep", path, FOLDERS_DEEP_MAX);
	sub = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sub < 0)
		return failed(reading, path);
	return read_folder(reading, sub, path, depth + 1);
}

/* Scripts, and the documents that they name. */
static bool is_wanted(const struct reading *reading, struct str name)
{
	if (str_ends(name, STR("_test.lua")))
		return reading->tests;
	if (reading->tests)
		return false;
	return str_ends(name, STR(".lua")) || is_description(name);
}

static int read_entry(struct reading *reading, int folder, const char *name, const char *path, int depth)
{
	char inner[1024];
	struct stat about;

	if (name[0] == '.')
		return 0;
	if ((size_t)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] ? "/" : "", name) >= sizeof inner)
		return error_set(reading->reterr, "the path of '%s' is too long", name);
	if (strpbrk(name, "\n\r\t"))
		return error_set(reading->reterr, "a file in '%s' has a newline or a tab in its name", path);
	/* A link that leads nowhere is an editor's lock file, most likely. */
	if (fstatat(folder, name, &about, 0))
		return errno == ENOENT ? 0 : failed(reading, inner);
	if (S_ISDIR(about.st_mode))
		return read_subfolder(reading, folder, name, inner, depth);
	if (!is_wanted(reading, str_of(name)))
		return 0;
	return read_file(reading, folder, name, inner);
}

static int note_folder(struct reading *reading, const char *path)
{
	size_t n = strlen(reading->root) + strlen(path) + 2;
	char *noted = arena_alloc(reading->arena, n);

	if (!noted || reading->n_folders >= FILES_MAX)
		return error_set(reading->reterr, "the rules have too many folders");
	snprintf(noted, n, "%s%s%s", reading->root, path[0] ? "/" : "", path);
	if (reading->n_folders == reading->folders_capacity) {
		reading->folders_capacity = reading->folders_capacity ? 2 * reading->folders_capacity : 16;
		reading->folders =
			mem_realloc(reading->folders, reading->folders_capacity * sizeof *reading->folders);
	}
	reading->folders[reading->n_folders++] = noted;
	return 0;
}

/* Takes over the descriptor. */
static int read_folder(struct reading *reading, int folder, const char *path, int depth)
{
	DIR *entries = fdopendir(folder);
	struct dirent *entry;
	int ret;

	if (!entries) {
		close(folder);
		return failed(reading, path);
	}
	ret = note_folder(reading, path);
	while (!ret && (entry = readdir(entries)))
		ret = read_entry(reading, dirfd(entries), entry->d_name, path, depth);
	closedir(entries);
	return ret;
}

static int by_path(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	return str_cmp(x->path, y->path);
}

static int keep(struct reading *reading, struct rules_folder *ret)
{
	struct source_file *files = arena_alloc(reading->arena, (reading->n + 1) * sizeof *files);
	const char **folders = arena_alloc(reading->arena, (reading->n_folders + 1) * sizeof *folders);

	if (!files || !folders)
		return error_set(reading->reterr, "the rules are too large together");
	if (reading->n) {
		qsort(reading->files, reading->n, sizeof *files, by_path);
		memcpy(files, reading->files, reading->n * sizeof *files);
	}
	memcpy(folders, reading->folders, reading->n_folders * sizeof *folders);
	*ret = (struct rules_folder){files, reading->n, folders, reading->n_folders};
	return 0;
}

static int read_files(const char *folder, bool tests, struct arena *arena, struct rules_folder *ret,
		      struct error *reterr)
{
	struct reading reading = {.arena = arena, .tests = tests, .root = folder, .reterr = reterr};
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	result = root < 0 ? failed(&reading, folder) : read_folder(&reading, root, "", 0);
	if (!result)
		result = keep(&reading, ret);
	free(reading.files);
	free(reading.folders);
	return result;
}

int script_read_rules(const char *folder, struct arena *arena, struct rules_folder *ret, struct error *reterr)
{
	return read_files(folder, false, arena, ret, reterr);
}

int script_read_folder(const char *folder, struct arena *arena, struct source_file **ret_files, size_t *ret_n,
		       struct error *reterr)
{
	struct rules_folder read;

	if (script_read_rules(folder, arena, &read, reterr))
		return -1;
	*ret_files = read.files;
	*ret_n = read.n_files;
	return 0;
}

int script_read_tests(const char *folder, struct arena *arena, struct source_file **ret_files, size_t *ret_n,
		      struct error *reterr)
{
	struct rules_folder read;

	if (read_files(folder, true, arena, &read, reterr))
		return -1;
	*ret_files = read.files;
	*ret_n = read.n_files;
	return 0;
}
