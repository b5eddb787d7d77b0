/* core/model/event.h
 *
 * One thing that happened to a call: a CloudEvents 1.0 event whose data is a flat object of tags. Immutable
 * after it was built and shared by threads; the last reference frees it.
 */
#pragma once

#include "model/value.h"

struct event {
	int refs;           /* atomic */
	int open;           /* atomic; what the engine has still to do, or to record, for this event */
	struct arena arena; /* everything below lives here */
	struct str id, type, source;
	struct str subject;     /* the call's uii; the event's id when the event names no call */
	struct str traceparent; /* of W3C Trace Context, as it came; p == NULL: none */
	int hops;               /* how many deliveries of rules led to it, one after the other; 0: none */
	struct str time;        /* RFC 3339, as sent, or as made at arrival */
	int64_t time_ms;        /* since 1970-01-01 UTC */
	int64_t arrived_ms;     /* the same, when we took it */
	uint64_t seq; /* place in the order of arrival; set once, by the journal, before anyone else sees the
			 event */
	uint32_t generation; /* the rules that serve it; set with seq */
	struct value data;   /* always an object */
	struct str json;     /* the whole event as one line of JSON, as it is stored and exported */
};

/* An event with one reference and nothing in it but an arena of at most `max` bytes. */
struct event *event_create(size_t max);

/* What names the event, without its data and its JSON. One reference. */
struct event *event_brief(const struct event *event);

struct event *event_ref(struct event *event);
void event_unref(struct event *event); /* NULL is allowed */

/* The tag's value, or NULL. */
static inline const struct value *event_tag(const struct event *event, struct str tag)
{
	return value_get(&event->data, tag);
}
