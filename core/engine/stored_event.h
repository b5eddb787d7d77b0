/* core/engine/stored_event.h
 *
 * Events as the journal has them. Any thread.
 */
#pragma once

#include "format/cloudevents.h"
#include "journal/journal.h"

/* Adds the event of a row; one that cannot be read any more is passed over. */
void event_restore(const struct event_row *row, struct event_list *list);
