/* What a power cut leaves of the files in a folder: preloaded into the program, it keeps of each file there a
 * copy as it was when it was last synced. A test that kills the program puts those back, perhaps with some
 * sectors that were written later. SIGKILL alone cannot show what a sync is good for: the system still has
 * all that was written.
 *
 * cc -shared -fPIC -o powercut.so powercut.c -ldl; POWERCUT_FOLDER, POWERCUT_COPIES name the folders. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file's name within the folder, or NULL. */
static const char *name_of(int fd, char path[4096])
{
	const char *folder = getenv("POWERCUT_FOLDER");
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = folder ? readlink(link, path, 4095) : -1;
	if (n < 0)
		return NULL;
	path[n] = 0;
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

/* Whole or not at all: the kill may come in the middle of it. */
static void keep(int fd)
{
	char path[4096], copy[4096], ready[4096], bytes[64 * 1024];
	const char *name = name_of(fd, path);
	if (!name)
		return;
	snprintf(copy, sizeof copy, "%s/.%s", getenv("POWERCUT_COPIES"), name);
	snprintf(ready, sizeof ready, "%s/%s", getenv("POWERCUT_COPIES"), name);
	int from = open(path, O_RDONLY | O_CLOEXEC),
	    to = open(copy, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	for (ssize_t n; from >= 0 && to >= 0 && (n = read(from, bytes, sizeof bytes)) > 0;)
		if (write(to, bytes, (size_t)n) != n)
			abort();
	/* Closing `from` gives up the process's locks on the file, which is what POSIX says and SQLite
	 * dreads: no other process wants them here. */
	close(from);
	close(to);
	rename(copy, ready);
}

static int sync_by(const char *which, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, which);
	int result = real(fd);
	if (result == 0)
		keep(fd);
	return result;
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}
