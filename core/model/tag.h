/* core/model/tag.h
 *
 * The catalogue of tags and event types that the platform documents. Read-only, any thread.
 */
#pragma once

#include "base/base.h"

/* All names, sorted. */
const struct str *tag_catalogue(size_t *ret_n);
bool tag_is_known(struct str name);

const struct str *event_type_catalogue(size_t *ret_n);
