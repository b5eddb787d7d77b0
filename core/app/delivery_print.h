/* core/app/delivery_print.h
 *
 * Deliveries and attempts, as the API tells them, for people.
 */
#pragma once

#include "model/value.h"

#include <stdio.h>

/* All of it: what it is, the request, each attempt with its answer. */
void delivery_print(FILE *out, const struct value *delivery);

/* A line for the delivery and one an attempt, each begun with `indent`. */
void delivery_print_short(FILE *out, const struct value *delivery, const char *indent);

/* A text of the API, made harmless for a terminal. */
void print_text(FILE *out, const struct value *object, const char *key);
