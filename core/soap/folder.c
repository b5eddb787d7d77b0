#include "soap/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 32 << 20 };

int soap_folder_of(const char *wsdl, int levels, struct soap_folder *ret, char **ret_path,
		   struct error *reterr)
{
	char *real = realpath(wsdl, NULL);
	if (!real)
		return error_set(reterr, "cannot read '%s': %s", wsdl, strerror(errno));
	char *cut = strrchr(real, '/');
	for (int i = 0; i < levels && cut > real; i++) {
		char *up = memrchr(real, '/', (size_t)(cut - real));
		if (!up)
			break;
		cut = up;
	}
	*ret_path = mem_strdup(cut + 1);
	*ret = (struct soap_folder){mem_strndup(real, cut == real ? 1 : (size_t)(cut - real)),
				    FILE_BYTES_MAX};
	free(real);
	return 0;
}

void soap_folder_finish(struct soap_folder *folder)
{
	free(folder->root);
	folder->root = NULL;
}

static int read_all(int fd, const char *name, size_t size, struct arena *arena, struct str *ret,
		    struct error *reterr)
{
	char *bytes = arena_alloc(arena, size + 1);
	size_t n = 0;
	if (!bytes)
		return error_set(reterr, "'%s' is too large", name);
	while (n < size) {
		ssize_t got = read(fd, bytes + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(reterr, "cannot read '%s': %s", name, strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret = (struct str){bytes, n};
	return 0;
}

static int read_opened(int fd, const char *name, size_t max, struct arena *arena, struct str *ret,
		       struct error *reterr)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return error_set(reterr, "'%s' is no file", name);
	if ((size_t)st.st_size > max)
		return error_set(reterr, "'%s' has more than %zu bytes", name, max);
	return read_all(fd, name, (size_t)st.st_size, arena, ret, reterr);
}

static bool is_inside(const char *real, const char *root)
{
	size_t n = strlen(root);
	return strncmp(real, root, n) == 0 && (real[n] == '/' || (n && root[n - 1] == '/'));
}

static int folder_read(void *context, struct str path, struct arena *arena, struct str *ret,
		       struct error *reterr)
{
	const struct soap_folder *folder = context;
	char *whole;
	ensure(asprintf(&whole, "%s/" STR_FMT, folder->root, STR_ARG(path)) >= 0);
	char *real = realpath(whole, NULL);
	free(whole);
	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	char *name = mem_strndup(path.p, path.n);
	int status, fd = -1;
	if (!real)
		status = error_set(reterr, "cannot read '%s': %s", name, strerror(errno));
	else if (!is_inside(real, folder->root))
		status = error_set(reterr, "'%s' is a link out of the folder", name);
	/* A pipe in the folder must not hold us up. */
	else if ((fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		status = error_set(reterr, "cannot read '%s': %s", name, strerror(errno));
	else
		status = read_opened(fd, name, folder->file_max, arena, ret, reterr);
	if (fd >= 0)
		close(fd);
	free(name);
	free(real);
	return status;
}

struct soap_files soap_folder_files(struct soap_folder *folder)
{
	return (struct soap_files){folder_read, folder};
}
