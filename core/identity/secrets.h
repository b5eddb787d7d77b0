/* core/identity/secrets.h
 *
 * Where secrets are: one file each in a folder (systemd credentials, Kubernetes secrets), or the environment.
 * Read anew at each use, so that a changed file is what the next attempt sends. Immutable; any thread. A read
 * blocks for as long as the machine needs for a small file.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum { SECRET_BYTES_MAX = 64 * 1024 };

struct secrets;

/* `folder` may be NULL: only the environment. The folder need not exist yet. */
struct secrets *secrets_create(const char *folder);
void secrets_destroy(struct secrets *secrets); /* NULL is allowed */

/* The folder that --secrets names, else the one in $CREDENTIALS_DIRECTORY, else NULL. */
const char *secrets_folder(const char *given);

/* Adds the secret's bytes, without the line break at the end of its file. The error names the secret and
 * where it was looked for, and nothing of what is in it: no such file or variable, unreadable, empty, over
 * SECRET_BYTES_MAX. */
int secrets_read(const struct secrets *secrets, struct str name, struct buf *out, struct error *reterr);

/* Overwrites what the buffer holds, then frees it. */
void secret_wipe(struct buf *buf);
