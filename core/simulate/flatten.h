/* core/simulate/flatten.h
 *
 * A request as rows of place and value, so that two can be compared structure by structure: JSON by path,
 * forms and queries by field, headers by name. Any thread.
 */
#pragma once

#include "simulate/result.h"

struct flat_row {
	struct str place; /* "method", "url", "headers.x-queue", "body.customer.phone", "body.items[0]",
			     "body/Envelope/Body" */
	struct str value; /* as it stands there: a JSON string with its quotes */
};

struct flat {
	struct flat_row *rows; /* sorted by place */
	size_t n, capacity;
};

/* Everything lives in the arena, but for `rows`: flat_finish. What is a secret is three stars. */
void flatten(const struct result *result, const struct result_delivery *item, struct arena *arena,
	     struct flat *ret);
void flat_finish(struct flat *flat);
