/* core/simulate/made_event.h
 *
 * An event made on the spot: a type, and tags as "name=value". Any thread.
 */
#pragma once

#include "format/cloudevents.h"
#include "model/rule.h"

/* Adds the event. `source` NULL: one that is served by a campaign with a rule for this type. A value that is
 * a JSON number, true, false, null, a list or an object is that; any other is a text. */
int made_event_add(const struct ruleset *ruleset, const char *type, const char *source, char *const *tags,
		   size_t n_tags, struct event_list *list, struct error *reterr);
