/* core/app/egress_options.h
 *
 * What may be reached, and by which way, as the command line says it.
 */
#pragma once

#include "base/error.h"
#include "policy/egress.h"

#define OPTION_ALLOW_EGRESS(place)                                                                      \
	{                                                                                               \
		"allow-egress", 0, POPT_ARG_ARGV, (place), 0,                                           \
			"addresses that services may have beside those of the public internet; can be " \
			"repeated. Without it: loopback addresses that the rules write themselves",     \
			"CIDR"                                                                          \
	}

/* `ranges` is what the option gave, ended by NULL; NULL: it was not given. "none" is no range.
 * `listens_on_loopback`: without the option, loopback addresses that the rules write themselves are allowed
 * then. free() ret->networks. */
int egress_read(char *const *ranges, bool listens_on_loopback, struct egress *ret, struct error *reterr);
