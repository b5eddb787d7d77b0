/* core/app/secrets_check.h
 *
 * Are the secrets and the files of certificates there that the rules name? One that is not may come before it
 * is needed, so it is a warning.
 */
#pragma once

#include "identity/secrets.h"
#include "model/rule.h"

/* Calls back for each secret that cannot be read, at the service that needs it. */
void secrets_missing(const struct ruleset *ruleset, const struct secrets *secrets,
		     void (*each)(void *context, const struct error *error), void *context);

/* The same for each file of `ca` and `crl` that cannot be read or holds none. `folder`: of the rules. */
void certificates_missing(const struct ruleset *ruleset, const char *folder,
			  void (*each)(void *context, const struct error *error), void *context);

/* Adds them, and services that nobody uses, to the problems of a ruleset that nobody else has yet. */
void rules_check(struct ruleset *ruleset, const char *folder, const struct secrets *secrets);
