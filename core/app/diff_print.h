/* core/app/diff_print.h
 *
 * Differences between two versions of the rules, for people and as JSON.
 */
#pragma once

#include "simulate/diff.h"

#include <stdio.h>

void diff_print(FILE *out, const struct diff *diff, bool colour);

/* One group a line. */
void diff_print_json(FILE *out, const struct diff *diff);
