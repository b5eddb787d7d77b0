/* core/simulate/samples.h
 *
 * Sample events from files: NDJSON, JSON arrays, single events, what `events export` wrote. Any thread.
 */
#pragma once

#include "format/cloudevents.h"

/* Where an undated first event is put: so that the same sample gives the same bytes at any time. */
#define SAMPLES_EPOCH_MS INT64_C(1735689600000) /* 2025-01-01T00:00:00Z */

/* Adds the events of the text. `file` is its name for errors, which name the line. An event without a time
 * happens when the one before it did. */
int samples_parse(struct str text, const char *file, struct event_list *list, struct error *reterr);

/* A file, a folder (its *.ndjson, *.jsonl and *.json but for answers.json, sorted by name, folders in it
 * too), or "-", which is stdin. */
int samples_read(const char *path, struct event_list *list, struct error *reterr);

/* Sets when each arrives, and brings them into that order: at its time, but no event before an earlier one of
 * its call; so a late event is late, and calls do not hold each other up. */
void samples_arrive(struct event_list *list);
