/* core/app/problems_print.h
 *
 * Errors and warnings as operators see them: `file:line:column: error: what`, the line with a caret under the
 * place, and the hint; or one JSON object a line.
 */
#pragma once

#include "base/error.h"
#include "model/rule.h"

#include <stdio.h>

enum problems_form { PROBLEMS_PLAIN, PROBLEMS_COLOUR, PROBLEMS_JSON };

/* Colour if `out` is a terminal and NO_COLOR is not set (no-color.org). */
enum problems_form problems_form_for(FILE *out);

void problem_print(FILE *out, enum problems_form form, bool warning, const struct error *error);
/* Only the line with its caret, and the hint; each line behind `indent`. */
void problem_print_details(FILE *out, const struct error *error, const char *indent);

void problems_print(FILE *out, enum problems_form form, const struct ruleset *ruleset);

/* Text from outside, with controls made harmless for a terminal. Newlines are kept and followed by `indent`.
 */
void print_clean(FILE *out, struct str text, const char *indent);
