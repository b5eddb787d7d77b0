/* core/format/cloudevents.h
 *
 * From JSON to events (CloudEvents 1.0, JSON event format). Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/event.h"

struct event_limits {
	size_t data_bytes; /* 0: 65,536 */
	size_t depth;      /* 0: 64 */
	size_t events;     /* of one text; 0: 10,000 */

	/* No limit: the traceparent of events that bring none of their own; p == NULL: none. */
	struct str traceparent;

	/* No limit either: the hops of events that say of no more themselves. */
	int hops;
};

/* An event that rules' deliveries led to, one after the other, over and over, is refused past so many. */
enum { EVENT_HOPS_MAX = 10 };
#define EVENT_HOPS_HEADER "switchhook-hops"

/* 0 to EVENT_HOPS_MAX as digits; anything else is EVENT_HOPS_MAX: who writes it knows what it is for. */
int event_hops_parse(struct str text);

/* A growing list of events, each with one reference of the list's. */
struct event_list {
	struct event **events;
	size_t n, capacity;
};

void event_list_finish(struct event_list *list);
void event_list_add(struct event_list *list, struct event *event);

/* One event, or an array of events. `now_ms` is the time of arrival. On error nothing is added, and the error
 * names the place: line and column of the text, the index in an array, the field. */
int events_parse_json(struct str text, const struct event_limits *limits, int64_t now_ms,
		      struct event_list *list, struct error *reterr);

/* One event a line; empty lines are skipped. error.line is the line of the text. All or nothing. */
int events_parse_ndjson(struct str text, const struct event_limits *limits, int64_t now_ms,
			struct event_list *list, struct error *reterr);

/* Attributes that came outside of the body (binary mode, or our own short form), all as text; absent ones
 * have p == NULL. */
struct event_attributes {
	struct str id, type, source, subject, time;
};

/* An event from attributes and its data as a JSON object. Without an id it is taken from data.event_id, else
 * derived from type, source and content (the same content gives the same id). */
int event_from_parts(const struct event_attributes *attributes, struct str data_json,
		     const struct event_limits *limits, int64_t now_ms, struct event **ret,
		     struct error *reterr);
