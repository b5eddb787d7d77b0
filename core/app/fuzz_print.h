/* core/app/fuzz_print.h
 *
 * What made-up events have shown, for people and as JSON.
 */
#pragma once

#include "simulate/fuzz.h"

#include <stdio.h>

void fuzz_print(FILE *out, const struct fuzz_finding *finding, bool colour);

/* One line, with the members of a problem and: finding, campaign, rule, service, seed, events. */
void fuzz_print_json(FILE *out, const struct fuzz_finding *finding);
