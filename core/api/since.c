#include "api/since.h"

#include "format/rfc3339.h"
#include "script/duration.h"

/* A bare number could as well be meant as seconds since 1970: it is refused rather than guessed. */
static bool has_unit(struct str text)
{
	return text.n > 0 && (text.p[text.n - 1] < '0' || text.p[text.n - 1] > '9');
}

bool since_parse(struct str text, int64_t now_ms, int64_t *ret_ms)
{
	int64_t ms;
	if (rfc3339_read(text, &ms)) {
		*ret_ms = ms;
		return true;
	}
	if (!has_unit(text) || !duration_parse(text, &ms))
		return false;
	*ret_ms = ms < now_ms ? now_ms - ms : 1;
	return true;
}
