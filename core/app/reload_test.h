/* core/app/reload_test.h
 *
 * --test-on-reload: rules serve only when their tests pass.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"

/* For reload_options: runs the *_test.lua of the folder, which is the context, with these rules. Fails with
 * the first test that does. Any thread. */
int reload_test(void *folder, const struct ruleset *ruleset, struct error *reterr);
