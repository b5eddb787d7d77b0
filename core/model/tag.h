/* core/model/tag.h
 *
 * The catalogue of tags and event types that the platform documents. Read-only, any thread.
 */
#pragma once

#include "base/base.h"

/* All names, sorted. */
const struct str *tag_catalogue(size_t *ret_n);
bool tag_is_known(struct str name);

/* Does an event of this type carry the tag? True for types that are not in the catalogue. */
bool event_type_carries(struct str type, struct str tag);

const struct str *event_type_catalogue(size_t *ret_n);
