/* core/api/query.h
 *
 * What a request asks for: its query parameters, or the members of its JSON body. Any thread.
 */
#pragma once

#include "base/error.h"
#include "model/value.h"

enum api_parameter {
	PARAMETER_STATE = 1 << 0,
	PARAMETER_SERVICE = 1 << 1,
	PARAMETER_CAMPAIGN = 1 << 2,
	PARAMETER_CALL = 1 << 3,
	PARAMETER_SINCE = 1 << 4,
	PARAMETER_LIMIT = 1 << 5,
	PARAMETER_AFTER = 1 << 6,
	PARAMETER_DRY_RUN = 1 << 7,
	PARAMETER_RERENDER = 1 << 8,
	PARAMETER_BEFORE = 1 << 9,
	PARAMETER_PATH = 1 << 10,
	PARAMETER_NEWEST = 1 << 11,
	PARAMETER_RULE = 1 << 12,
	PARAMETER_MISSING = 1 << 13,
};

struct api_query {
	int state; /* of enum delivery_state; -1: any */
	struct str service, campaign, rule, call, path;
	int64_t since_ms; /* 0: any */
	size_t limit;
	uint64_t after, before;
	bool dry_run, rerender, newest, missing;

	size_t limit_max;
	int64_t now_ms;
};

/* Sets one parameter, if it is among `allowed` (a set of enum api_parameter). The texts are kept as they are,
 * not copied. */
int api_query_set(struct api_query *query, unsigned allowed, struct str name, struct str value,
		  struct error *reterr);

/* The members of an object: texts, numbers and booleans. */
int api_query_set_members(struct api_query *query, unsigned allowed, const struct value *object,
			  struct error *reterr);

const char *delivery_state_name(int state);
