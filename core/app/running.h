/* core/app/running.h
 *
 * What a running engine has: the rules that serve, the events that it recorded. For commands that compare.
 * What goes wrong is said on stderr.
 */
#pragma once

#include "format/cloudevents.h"
#include "model/rule.h"

/* EXIT_DONE, or the exit code. `server` NULL: the default. */
int running_rules(const char *server, const struct limits *limits, struct ruleset **ret);

/* Adds them. `since` as of events export; NULL: a day. */
int running_events(const char *server, const char *since, struct event_list *list);
