/* core/simulate/coverage_report.h
 *
 * Coverage as programs read it: JSON, and LCOV's tracefile.
 */
#pragma once

#include "base/buf.h"
#include "script/coverage.h"

/* "coverage":{…}, with all files, or only the one at this path when it is given. The totals are of all. */
void coverage_put(struct buf *out, const struct coverage *coverage, struct str path);

/* Writes the tracefile; `folder` is put before the paths, so that they are found from where it is read. */
int coverage_write_lcov(const char *path, const char *folder, const struct coverage *coverage,
			struct error *reterr);
