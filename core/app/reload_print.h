/* core/app/reload_print.h
 *
 * The engine's answer to a reload or a rollback, for people or as JSON.
 */
#pragma once

#include "model/value.h"

/* A line for each campaign of "kept" and "not_loaded". */
void kept_print(const struct value *object, const char *indent);

/* Returns the exit code: EXIT_NO if any campaign has errors. */
int reload_print(const struct value *report, bool json);
