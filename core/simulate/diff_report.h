/* core/simulate/diff_report.h
 *
 * A group of differences as programs read it.
 */
#pragma once

#include "base/buf.h"
#include "simulate/diff.h"

/* One JSON object. */
void diff_group_put(struct buf *out, const struct diff_group *group);
