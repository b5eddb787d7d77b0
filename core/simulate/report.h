/* core/simulate/report.h
 *
 * Results as JSON, one line an event and rule: docs/reference/commands.md has the form. Secrets are masked.
 */
#pragma once

#include "simulate/result.h"

/* Adds the lines of the event, each ended by '\n'. */
void report_lines(struct buf *out, const struct result *result);

/* The same as items of an array: objects with commas between. */
void report_items(struct buf *out, const struct result *result);
