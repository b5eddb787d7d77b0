/* core/app/rules_load.h
 *
 * The rules folder as one generation, the same way for every command.
 */
#pragma once

#include "model/rule.h"

/* A text that is replaced in every file before it is loaded; `from.p` NULL: nothing is. */
struct rules_replace {
	struct str from, to;
};

/* For a command that ends: a running engine has a reloader (engine/reload.h). One reference is the caller's.
 * NULL limits: the standard ones. Fails if the folder cannot be read; what is wrong in the scripts is in
 * ruleset->problems. */
int rules_load(const char *folder, const struct rules_replace *replace, const struct limits *limits,
	       struct ruleset **ret, struct error *reterr);
