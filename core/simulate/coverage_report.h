/* core/simulate/coverage_report.h
 *
 * Coverage as programs read it: JSON, and LCOV's tracefile.
 */
#pragma once

#include "base/buf.h"
#include "script/coverage.h"

/* "coverage":{…} */
void coverage_put(struct buf *out, const struct coverage *coverage);

/* Writes the tracefile; `folder` is put before the paths, so that they are found from where it is read. */
int coverage_write_lcov(const char *path, const char *folder, const struct coverage *coverage,
			struct error *reterr);
