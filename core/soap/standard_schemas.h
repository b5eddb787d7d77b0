/* core/soap/standard_schemas.h
 *
 * The schemas that everybody imports by their address and hardly anybody ships, written down here as far as
 * messages need them: nothing is fetched. Any thread.
 */
#pragma once

#include "base/base.h"

/* The schema's text; p == NULL when this namespace is not among them. */
struct str standard_schema(struct str ns);
