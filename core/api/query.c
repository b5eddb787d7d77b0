#include "api/query.h"

#include "api/since.h"
#include "base/suggest.h"
#include "journal/journal.h"

static const char *const states[] = {
	[DELIVERY_PENDING] = "pending",
	[DELIVERY_DELIVERED] = "delivered",
	[DELIVERY_DEAD] = "dead",
	[DELIVERY_EXPIRED] = "expired",
};

const char *delivery_state_name(int state)
{
	return state >= 0 && state < (int)countof(states) ? states[state] : "unknown";
}

static int set_state(struct api_query *query, struct str value, struct error *reterr)
{
	for (int i = 0; i < (int)countof(states); i++) {
		if (str_eq(value, str_of(states[i]))) {
			query->state = i;
			return 0;
		}
	}
	error_set(reterr, "'%.*s' is no state", (int)(value.n < 40 ? value.n : 40), value.p);
	error_hint(reterr, "pending, delivered, dead or expired");
	return -1;
}

static int set_since(struct api_query *query, struct str value, struct error *reterr)
{
	if (since_parse(value, query->now_ms, &query->since_ms))
		return 0;
	error_set(reterr, "'%.*s' is no time", (int)(value.n < 40 ? value.n : 40), value.p);
	error_hint(reterr, "write 2025-10-14T18:00:00Z, or how long ago: 15m, 2h, 7d");
	return -1;
}

static bool parse_count(struct str text, uint64_t *ret)
{
	uint64_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = n;
	return text.n > 0 && text.n <= 18;
}

static int set_limit(struct api_query *query, struct str value, struct error *reterr)
{
	uint64_t n;
	if (!parse_count(value, &n) || n < 1 || n > query->limit_max)
		return error_set(reterr, "limit goes from 1 to %zu", query->limit_max);
	query->limit = n;
	return 0;
}

static int set_after(struct api_query *query, struct str value, struct error *reterr)
{
	return parse_count(value, &query->after) ? 0 : error_set(reterr, "after is a number");
}

static int set_bool(bool *place, struct str name, struct str value, struct error *reterr)
{
	if (!str_eq(value, STR("true")) && !str_eq(value, STR("false")))
		return error_set(reterr, STR_FMT " is true or false", STR_ARG(name));
	*place = str_eq(value, STR("true"));
	return 0;
}

static const struct str names[] = {
	{"state", 5}, {"service", 7}, {"campaign", 8}, {"call", 4},     {"since", 5},
	{"limit", 5}, {"after", 5},   {"dry_run", 7},  {"rerender", 8}, {"before", 6},
	{"path", 4},  {"newest", 6},  {"rule", 4},     {"missing", 7},
};

static int unknown(unsigned allowed, struct str name, struct error *reterr)
{
	struct str known[countof(names)];
	size_t n = 0;
	for (size_t i = 0; i < countof(names); i++)
		if (allowed & 1U << i)
			known[n++] = names[i];
	error_set(reterr, "unknown parameter '%.*s'", (int)(name.n < 40 ? name.n : 40), name.p);
	struct str near = suggest_nearest(name, known, n);
	if (near.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	return -1;
}

static unsigned parameter_of(struct str name)
{
	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(names[i], name))
			return 1U << i;
	return 0;
}

int api_query_set(struct api_query *query, unsigned allowed, struct str name, struct str value,
		  struct error *reterr)
{
	switch (parameter_of(name) & allowed) {
	case PARAMETER_STATE:
		return set_state(query, value, reterr);
	case PARAMETER_SERVICE:
		query->service = value;
		return 0;
	case PARAMETER_CAMPAIGN:
		query->campaign = value;
		return 0;
	case PARAMETER_CALL:
		query->call = value;
		return 0;
	case PARAMETER_SINCE:
		return set_since(query, value, reterr);
	case PARAMETER_LIMIT:
		return set_limit(query, value, reterr);
	case PARAMETER_AFTER:
		return set_after(query, value, reterr);
	case PARAMETER_BEFORE:
		return parse_count(value, &query->before) ? 0 : error_set(reterr, "before is a number");
	case PARAMETER_PATH:
		query->path = value;
		return 0;
	case PARAMETER_NEWEST:
		return set_bool(&query->newest, name, value, reterr);
	case PARAMETER_RULE:
		query->rule = value;
		return 0;
	case PARAMETER_MISSING:
		return set_bool(&query->missing, name, value, reterr);
	case PARAMETER_DRY_RUN:
		return set_bool(&query->dry_run, name, value, reterr);
	case PARAMETER_RERENDER:
		return set_bool(&query->rerender, name, value, reterr);
	}
	return unknown(allowed, name, reterr);
}

int api_query_set_members(struct api_query *query, unsigned allowed, const struct value *object,
			  struct error *reterr)
{
	struct str text;
	if (object->kind != VALUE_OBJECT)
		return error_set(reterr, "the body is no JSON object");
	for (uint32_t i = 0; i < object->n; i++) {
		const struct member *member = &object->members[i];
		if (member->value.kind == VALUE_NULL)
			continue;
		if (!value_text(&member->value, &text))
			return error_set(reterr, "'%.*s' is no plain value",
					 (int)(member->key.n < 40 ? member->key.n : 40), member->key.p);
		if (api_query_set(query, allowed, member->key, text, reterr))
			return -1;
	}
	return 0;
}
