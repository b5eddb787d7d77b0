#include "simulate/rules_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEP_MAX = 16, NEW_FILE_MODE = 0644, MODE_BITS = 0777 };

#define SAVING ".saving" /* behind the hidden name of what is being written */

/* --- the name --- */

static bool is_name(struct str part)
{
	if (!part.n || part.p[0] == '.' || part.n + sizeof "." SAVING > sizeof((struct rules_place *)0)->name)
		return false;
	for (size_t i = 0; i < part.n; i++)
		if ((unsigned char)part.p[i] < 0x20 || part.p[i] == 0x7f || part.p[i] == '\\')
			return false;
	return true;
}

static struct str next_part(struct str *path)
{
	const char *slash = memchr(path->p, '/', path->n);
	struct str part = {path->p, slash ? (size_t)(slash - path->p) : path->n};
	size_t skip = part.n + (slash ? 1 : 0);
	path->p += skip;
	path->n -= skip;
	return part;
}

static int check_name(struct str path, struct error *reterr)
{
	struct str rest = path;
	int parts = 0;
	bool good = path.n > 0 && path.p[path.n - 1] != '/';
	while (good && rest.n)
		good = is_name(next_part(&rest)) && ++parts <= DEEP_MAX;
	if (good)
		return 0;
	error_set(reterr, "'%.*s' is no path below the rules folder", (int)(path.n < 80 ? path.n : 80),
		  path.p);
	error_hint(reterr, "as services/crm.lua: without .., and nothing hidden");
	return -1;
}

static int enter(int *folder, struct str part, struct error *reterr)
{
	char name[256];
	snprintf(name, sizeof name, STR_FMT, STR_ARG(part));
	int inner = openat(*folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0 && errno == ENOENT) {
		error_set(reterr, "there is no folder '%s'", name);
		error_hint(reterr, "folders are made on the engine's machine");
		return -1;
	}
	if (inner < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(reterr, "'%s' is no folder, or a symbolic link", name);
	if (inner < 0)
		return error_set(reterr, "cannot open the folder '%s': %s", name, strerror(errno));
	close(*folder);
	*folder = inner;
	return 0;
}

int rules_place_open(const char *rules, struct str path, struct rules_place *ret, struct error *reterr)
{
	if (check_name(path, reterr))
		return -1;
	int folder = open(rules, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_set(reterr, "cannot open the rules folder: %s", strerror(errno));
	struct str part = next_part(&path);
	for (; path.n; part = next_part(&path)) {
		if (enter(&folder, part, reterr) == 0)
			continue;
		close(folder);
		return -1;
	}
	ret->folder = folder;
	snprintf(ret->name, sizeof ret->name, STR_FMT, STR_ARG(part));
	return 0;
}

void rules_place_close(struct rules_place *place)
{
	close(place->folder);
}

/* --- reading --- */

static int cannot(const char *what, const char *name, struct error *reterr)
{
	int code = errno;
	error_set(reterr, "cannot %s '%s': %s", what, name, strerror(code));
	if (code == EACCES || code == EPERM || code == EROFS)
		error_hint(reterr, "the engine's user must be able to write into the rules folder");
	return -1;
}

static int read_all(int file, const char *name, size_t max, struct buf *out, struct error *reterr)
{
	char chunk[16384];
	size_t begun = out->n;
	for (ssize_t n; (n = read(file, chunk, sizeof chunk)) != 0;) {
		if (n < 0 && errno != EINTR)
			return cannot("read", name, reterr);
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		if (out->n - begun > max || out->overflow)
			return error_set(reterr, "'%s' is longer than %zu KiB", name, max >> 10);
	}
	return 0;
}

int rules_place_read(const struct rules_place *place, size_t max, struct buf *out, struct error *reterr)
{
	struct stat about;
	int file = openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return 1;
	if (file < 0 && errno == ELOOP) {
		error_set(reterr, "'%s' is a symbolic link", place->name);
		error_hint(reterr, "links are not followed from here; change the file that it leads to");
		return -1;
	}
	if (file < 0)
		return cannot("read", place->name, reterr);
	int result = fstat(file, &about) || !S_ISREG(about.st_mode)
			     ? error_set(reterr, "'%s' is no regular file", place->name)
			     : read_all(file, place->name, max, out, reterr);
	close(file);
	return result;
}

/* --- writing --- */

static int write_all(int file, struct str text)
{
	while (text.n) {
		ssize_t n = write(file, text.p, text.n);
		if (n < 0 && errno != EINTR)
			return -1;
		text.p += n > 0 ? n : 0;
		text.n -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* One that a crash has left is in the way: nobody else writes it. */
static int create(int folder, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int file = openat(folder, name, flags, 0600);
	if (file >= 0 || errno != EEXIST || unlinkat(folder, name, 0))
		return file;
	return openat(folder, name, flags, 0600);
}

static int fill(const struct rules_place *place, int file, struct str text)
{
	struct stat about;
	mode_t mode = NEW_FILE_MODE;
	if (fstatat(place->folder, place->name, &about, AT_SYMLINK_NOFOLLOW) == 0)
		mode = about.st_mode & MODE_BITS;
	return write_all(file, text) || fchmod(file, mode) || fsync(file) ? -1 : 0;
}

int rules_place_write(const struct rules_place *place, struct str text,
		      int (*before)(void *context, struct error *reterr), void *context, struct error *reterr)
{
	char saving[sizeof place->name + sizeof "." SAVING];
	snprintf(saving, sizeof saving, ".%s" SAVING, place->name);
	int file = create(place->folder, saving);
	if (file < 0)
		return cannot("write", place->name, reterr);
	int result = fill(place, file, text);
	if (close(file) || result)
		result = cannot("write", place->name, reterr);
	else
		result = before(context, reterr);
	if (result == 0 && renameat(place->folder, saving, place->folder, place->name))
		result = cannot("write", place->name, reterr);
	if (result) {
		unlinkat(place->folder, saving, 0);
		return -1;
	}
	return fsync(place->folder) ? cannot("write", place->name, reterr) : 0;
}
