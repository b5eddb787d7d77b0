/* core/format/trace.h
 *
 * W3C Trace Context, version 00: "00-" trace id "-" parent id "-" flags. What came with an event goes out
 * with its requests, under a parent id of our own. Pure functions, any thread.
 */
#pragma once

#include "base/base.h"

enum { TRACEPARENT_SIZE = 56 }; /* with its zero */

/* Is this one that may be passed on? */
bool traceparent_valid(struct str text);

/* The same trace with another parent id, made from `parent`, which is not 0. */
struct str traceparent_child(struct str text, uint64_t parent, char out[TRACEPARENT_SIZE]);
