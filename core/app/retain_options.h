/* core/app/retain_options.h
 *
 * How long, and how much, `run` keeps: --retain, --retain-size and --retain-generations.
 */
#pragma once

#include "app/options.h"

struct retain_options {
	char *age_text, *size_text;
	int64_t age_ms, size_bytes; /* 0: the journal's defaults */
	int generations;            /* the same */
};

#define OPTIONS_RETAIN(options)                                                                           \
	{"retain",                                                                                        \
	 0,                                                                                               \
	 POPT_ARG_STRING,                                                                                 \
	 &(options)->age_text,                                                                            \
	 0,                                                                                               \
	 "how long what is settled is kept (default: 30d)",                                               \
	 "TIME"},                                                                                         \
		{"retain-size",                                                                           \
		 0,                                                                                       \
		 POPT_ARG_STRING,                                                                         \
		 &(options)->size_text,                                                                   \
		 0,                                                                                       \
		 "what is settled and oldest goes when the journal is larger than this (default: "        \
		 "10GiB)",                                                                                \
		 "SIZE"},                                                                                 \
	{                                                                                                 \
		"retain-generations", 0, POPT_ARG_INT, &(options)->generations, 0,                        \
			"how many generations of the rules are kept of those that served last (default: " \
			"100)",                                                                           \
			"N"                                                                               \
	}

/* OPTIONS_GO_ON, or the exit code when one is wrong; that is said. */
int retain_options_read(const struct command *command, struct retain_options *options);
void retain_options_finish(struct retain_options *options);
