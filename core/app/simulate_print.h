/* core/app/simulate_print.h
 *
 * What the rules made of an event, for people.
 */
#pragma once

#include "simulate/result.h"

#include <stdio.h>

void result_print(FILE *out, const struct result *result, bool colour);
