/* core/app/table.h
 *
 * Tables for people, by libsmartcols.
 */
#pragma once

#include "base/base.h"

#include <libsmartcols.h>

/* Bit i of `right`: column i stands at the right. scols_unref_table() it. */
struct libscols_table *table_new(const char *const *names, size_t n, unsigned right);

void table_cell(struct libscols_line *line, size_t column, struct str text);
