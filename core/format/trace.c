#include "format/trace.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	VERSION_N = 2,
	TRACE_AT = 3,
	TRACE_N = 32,
	PARENT_AT = 36,
	PARENT_N = 16,
	FLAGS_AT = 53,
	WHOLE_N = 55
};

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}

static bool is_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return true;
}

/* Later versions may say more behind the flags; the first 55 bytes mean the same (section 4.3). */
bool traceparent_valid(struct str text)
{
	if (text.n < WHOLE_N || text.p[2] != '-' || text.p[35] != '-' || text.p[52] != '-')
		return false;
	struct str version = {text.p, VERSION_N}, trace = {text.p + TRACE_AT, TRACE_N},
		   parent = {text.p + PARENT_AT, PARENT_N}, flags = {text.p + FLAGS_AT, 2};
	bool is_first = str_eq(version, STR("00"));
	if (is_first ? text.n != WHOLE_N : text.n > WHOLE_N && text.p[WHOLE_N] != '-')
		return false;
	return is_hex(version) && !str_eq(version, STR("ff")) && is_hex(trace) && !is_zero(trace) &&
	       is_hex(parent) && !is_zero(parent) && is_hex(flags);
}

struct str traceparent_child(struct str text, uint64_t parent, char out[TRACEPARENT_SIZE])
{
	int n = snprintf(out, TRACEPARENT_SIZE, "00-%.*s-%016" PRIx64 "-%.2s", TRACE_N, text.p + TRACE_AT,
			 parent, text.p + FLAGS_AT);
	return (struct str){out, (size_t)n};
}
