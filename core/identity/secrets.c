#include "identity/secrets.h"

#include "format/secret_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE_PREFIX "SWITCHHOOK_SECRET_"

struct secrets {
	char *folder;
};

const char *secrets_folder(const char *given)
{
	return given ? given : getenv("CREDENTIALS_DIRECTORY");
}

struct secrets *secrets_create(const char *folder)
{
	struct secrets *secrets = mem_zalloc(sizeof *secrets);
	secrets->folder = folder && *folder ? mem_strdup(folder) : NULL;
	return secrets;
}

void secrets_destroy(struct secrets *secrets)
{
	if (!secrets)
		return;
	free(secrets->folder);
	free(secrets);
}

void secret_wipe(struct buf *buf)
{
	if (buf->p)
		explicit_bzero(buf->p, buf->capacity);
	buf_finish(buf);
}

/* "crm_key" is SWITCHHOOK_SECRET_CRM_KEY. The prefix keeps rules from reading what else is in the
 * environment. */
static void variable_name(struct str name, char variable[sizeof VARIABLE_PREFIX + SECRET_NAME_MAX])
{
	size_t n = sizeof VARIABLE_PREFIX - 1;
	memcpy(variable, VARIABLE_PREFIX, n);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		variable[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c == '-' || c == '.' ? '_' : c;
	}
	variable[n] = 0;
}

static int wrong(struct error *reterr, struct str name, const char *why)
{
	return error_set(reterr, "the secret '" STR_FMT "' %s", STR_ARG(name), why);
}

/* 1 when there is no such file. A pipe or a device could hold the reader up for ever. */
static int open_file(const struct secrets *secrets, struct str name, int *ret, struct error *reterr)
{
	/* systemd puts the name of the credential before those of a folder: LoadCredential=secrets:FOLDER. */
	static const char *const prefixes[] = {"", "secrets_"};
	char path[4096], why[256];
	struct stat about;
	int fd = -1;
	if (!secrets->folder)
		return 1;
	for (size_t i = 0; i < countof(prefixes) && fd < 0; i++) {
		if (snprintf(path, sizeof path, "%s/%s" STR_FMT, secrets->folder, prefixes[i],
			     STR_ARG(name)) >= (int)sizeof path)
			return wrong(reterr, name, "has a path that is too long");
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0) {
		snprintf(why, sizeof why, "cannot be read: %s", strerror(errno));
		return wrong(reterr, name, why);
	}
	if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
		close(fd);
		return wrong(reterr, name, "is not a file");
	}
	*ret = fd;
	return 0;
}

static int read_all(int fd, struct str name, struct buf *out, struct error *reterr)
{
	size_t start = out->n;
	for (;;) {
		if (!buf_reserve(out, 4096))
			return wrong(reterr, name, "is too large");
		ssize_t n = read(fd, out->p + out->n, 4096);
		if (n < 0)
			return wrong(reterr, name, "cannot be read to its end");
		if (n == 0)
			return 0;
		out->n += (size_t)n;
		if (out->n - start > SECRET_BYTES_MAX)
			return wrong(reterr, name, "is over 64 KiB");
	}
}

/* As an editor or `echo` writes it. */
static void drop_line_end(struct buf *out, size_t start)
{
	if (out->n > start && out->p[out->n - 1] == '\n')
		out->n--;
	if (out->n > start && out->p[out->n - 1] == '\r')
		out->n--;
}

static int missing(const struct secrets *secrets, struct str name, const char *variable, struct error *reterr)
{
	error_set(reterr, "the secret '" STR_FMT "' is missing", STR_ARG(name));
	if (secrets->folder)
		error_hint(reterr, "neither the file %.120s/" STR_FMT " nor the variable %s is there",
			   secrets->folder, STR_ARG(name), variable);
	else
		error_hint(reterr, "no folder is named with --secrets, and the variable %s is not set",
			   variable);
	return -1;
}

int secrets_read(const struct secrets *secrets, struct str name, struct buf *out, struct error *reterr)
{
	char variable[sizeof VARIABLE_PREFIX + SECRET_NAME_MAX];
	size_t start = out->n;
	int fd = -1;
	if (!secret_name_is_good(name))
		return error_set(reterr, "this is no name of a secret");
	variable_name(name, variable);
	int r = open_file(secrets, name, &fd, reterr);
	if (r == 0) {
		r = read_all(fd, name, out, reterr);
		close(fd);
		drop_line_end(out, start);
	} else if (r > 0) {
		const char *value = getenv(variable);
		r = value ? 0 : missing(secrets, name, variable, reterr);
		if (value)
			buf_str(out, str_of(value));
	}
	if (r == 0 && out->n == start)
		r = wrong(reterr, name, "is empty");
	return r;
}
