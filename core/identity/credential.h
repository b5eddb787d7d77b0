/* core/identity/credential.h
 *
 * Inside of identity/: the texts that prove who is asking. `seen` takes every value that must not be shown;
 * NULL is allowed. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "identity/secrets.h"
#include "model/auth.h"

enum { SEEN_LEAST = 4 }; /* bytes; what is shorter would hide half of any answer */

void seen_add(struct buf *seen, struct str value);

/* Adds the value as it is written at such a place. Fails on a line break in a header, and on what is no
 * UTF-8. */
int escape_add(enum escape escape, struct str value, struct buf *out, struct error *reterr);

/* "dXNlcjpwYXNzd29yZA==" */
int basic_of(const struct template *user, const struct template *password, const struct secrets *secrets,
	     struct buf *out, struct buf *seen, struct error *reterr);

/* What goes into the header or the parameter, without its prefix. */
int credential_of(const struct auth *auth, struct str token, const struct secrets *secrets, int64_t now_ms,
		  struct buf *out, struct buf *seen, struct error *reterr);
