/* core/format/event_draft.h
 *
 * An event in the making: what the sender gave, before what he left out is filled in. For cloudevents.c.
 */
#pragma once

#include "format/cloudevents.h"

enum { ATTRIBUTE_MAX = 512 };

struct event_draft {
	struct event *event;                        /* everything below lives in its arena */
	struct str id, type, source, subject, time; /* p == NULL: absent */
	const struct value *envelope; /* whose extension attributes are kept; NULL: there are none */
	struct str traceparent;       /* that can be passed on */
	bool traceparent_is_beside;   /* it is not in the envelope */
	int hops;                     /* as in the event */
	struct value data;            /* an object */
	size_t data_at_most;          /* bytes of `data`, written; an upper bound that costs nothing */
	struct str whole;             /* a line that already is the whole event; p == NULL: must be written */
};

/* Is it one of the names that CloudEvents or its JSON format gives a meaning here? */
bool attribute_is_known(struct str name);

/* Fit for an attribute: not empty, not too long, no control characters, UTF-8. */
int attribute_check(const char *name, struct str value, struct error *reterr);

/* Checks what is there, fills in what is not, and makes the event of it. */
int event_draft_complete(struct event_draft *draft, const struct event_limits *limits, int64_t now_ms,
			 struct error *reterr);
