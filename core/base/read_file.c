#include "base/read_file.h"

#include <errno.h>
#include <stdio.h>

int read_file(const char *path, struct buf *out, struct error *reterr)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return error_set(reterr, "cannot read '%s': %s", path, strerror(errno));
	char chunk[16384];
	size_t n;
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(out, chunk, n);
	int failed = ferror(file) ? errno : 0;
	fclose(file);
	if (failed)
		return error_set(reterr, "cannot read '%s': %s", path, strerror(failed));
	if (out->overflow)
		return error_set(reterr, "'%s' has more than %zu bytes", path, out->max);
	return 0;
}
