/* core/format/error_text.h
 *
 * Errors for people as JSON, the same wherever they are given out. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* `"file":…,"line":…,"column":…,"what":…,"hint":…,"excerpt":…`; what is not known is null. */
void error_write_members(struct buf *out, const struct error *error);

/* Where in its excerpt the error is, if its message names something that stands there once: sets the column.
 */
void error_point(struct error *error);
