#include "script/duration.h"

#include <math.h>

bool duration_of_seconds(double seconds, int64_t *ret_ms)
{
	double ms = round(seconds * 1000);

	if (!(ms >= 0 && ms <= 1e13))
		return false;
	*ret_ms = (int64_t)ms;
	return true;
}

bool duration_parse(struct str text, int64_t *ret_ms)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	double number = 0, place = 1;
	size_t at = 0, digits = 0;
	bool fraction = false;

	for (; at < text.n && ((text.p[at] >= '0' && text.p[at] <= '9') || (text.p[at] == '.' && !fraction));
	     at++) {
		if (text.p[at] == '.') {
			fraction = true;
			continue;
		}
		digits++;
		number = number * 10 + (text.p[at] - '0');
		if (fraction)
			place *= 10;
	}
	if (!digits || digits > 15)
		return false;
	/* Nothing is nothing in any unit. */
	if (at == text.n && number == 0)
		return duration_of_seconds(0, ret_ms);
	for (size_t i = 0; i < countof(units); i++) {
		if (str_eq((struct str){text.p + at, text.n - at}, str_of(units[i].name)))
			return duration_of_seconds(number / place * units[i].seconds, ret_ms);
	}
	return false;
}
