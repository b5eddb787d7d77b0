/* core/format/request_content.h
 *
 * What a service adds to its requests: the event as a CloudEvent, the agent's script. Inside of
 * request_build. Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/event.h"
#include "model/request.h"
#include "model/service.h"

/* CloudEvents 1.0 in JSON, with this body as its data; `type` is that of the body, or absent. */
void cloudevent_structured(const struct event *event, enum body_kind kind, struct str type, struct str body,
			   struct buf *out);

/* The attributes as headers of the HTTP binding: calls back with final values. */
int cloudevent_headers(const struct event *event,
		       int (*each)(void *context, struct str name, struct str value), void *context);

/* Adds what the JSON object `body` becomes with the members of `extra`, an object, that it lacks. */
int json_object_extend(struct str body, const struct value *extra, struct buf *out, struct error *reterr);
