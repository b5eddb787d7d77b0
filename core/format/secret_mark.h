/* core/format/secret_mark.h
 *
 * How a secret goes through everything that builds a request: as a mark in the text. It is made of letters
 * and digits alone, so that it passes every escape unchanged, and of a number that each process draws anew
 * and never shows, so that no event can bring one along. request_mask() takes the marks out before anybody
 * sees the request. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/request.h"
#include "model/service.h"
#include "model/template.h"

enum { SECRET_NAME_MAX = 64, SECRET_MARK_MAX = 160 };

/* Letters, digits, '_', '-' and '.', which is not the first; what a file may be called. */
bool secret_name_is_good(struct str name);

/* `name` may also say what is made of a secret, in up to SECRET_MARK_MAX bytes without blanks: "@0", the
 * service's first way to prove itself; "wsse:NONCE:CREATED:name", the digest of WS-Security over these two
 * and the secret. */
void secret_mark_add(struct buf *out, enum escape escape, struct str name);

/* The first mark from `from` on. */
struct secret_mark {
	size_t at, n; /* its bytes */
	enum escape escape;
	char name[SECRET_MARK_MAX + 1];
};
bool secret_mark_find(struct str text, size_t from, struct secret_mark *ret);

/* Is there a mark in the template? And which: called once for each. */
bool template_has_secrets(const struct template *template);
void template_each_secret(const struct template *template, void (*each)(void *context, const char *name),
			  void *context);

/* A copy in one allocation in which three stars stand for each mark, and a slot says what goes there.
 * Fails when a mark stands in the host of the URL. */
int request_mask(const struct request *request, enum body_kind body, struct request **ret,
		 struct error *reterr);
