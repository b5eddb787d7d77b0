/* core/app/limits_options.h
 *
 * The options for what a campaign may use up (model/limits.h), the same for every command that runs rules.
 */
#pragma once

#include "app/options.h"
#include "model/limits.h"

struct limits_options {
	char *texts[LIMITS]; /* as given; NULL: the default */
};

/* Rows for the table of options_read; `options` is a pointer to struct limits_options. */
#define OPTIONS_LIMITS(options)                                                                          \
	OPTION_LIMIT((options), LIMIT_RUN_TIME, "max-run-time", "CPU time of one run (default: 50ms)",   \
		     "TIME"),                                                                            \
		OPTION_LIMIT((options), LIMIT_LOAD_TIME, "max-load-time",                                \
			     "CPU time to load one script (default: 500ms)", "TIME"),                    \
		OPTION_LIMIT((options), LIMIT_MEMORY, "max-memory",                                      \
			     "memory of a campaign, on each shard (default: 16MiB)", "SIZE"),            \
		OPTION_LIMIT((options), LIMIT_WAITING, "max-waiting",                                    \
			     "runs of a campaign that wait (default: 10000)", "N"),                      \
		OPTION_LIMIT((options), LIMIT_DELIVERIES, "max-deliveries",                              \
			     "deliveries of one run (default: 100)", "N"),                               \
		OPTION_LIMIT((options), LIMIT_LOG_LINES, "max-log-lines",                                \
			     "log lines of one run (default: 100)", "N"),                                \
		OPTION_LIMIT((options), LIMIT_BODY, "max-body", "body of a request (default: 1MiB)",     \
			     "SIZE"),                                                                    \
		OPTION_LIMIT((options), LIMIT_JSON_DEPTH, "max-json-depth",                              \
			     "levels of a JSON value (default: 64)", "N"),                               \
		OPTION_LIMIT((options), LIMIT_JSON_SIZE, "max-json-size", "a JSON text (default: 2MiB)", \
			     "SIZE")

#define OPTION_LIMIT(options, kind, name, help, value)                            \
	{                                                                         \
		name, 0, POPT_ARG_STRING, &(options)->texts[kind], 0, help, value \
	}

/* Reads what was given. Returns OPTIONS_GO_ON, or the code to end with: what is wrong has been said. */
int limits_options_read(const struct command *command, const struct limits_options *options,
			struct limits *ret);

void limits_options_finish(struct limits_options *options);
