#include "format/http_date.h"

#include <time.h>

/* strptime is lenient about blanks and signs, and reads the names of days and months in the locale, which is
 * C's: the program sets none for times. */
bool http_date_read(struct str text, int64_t *ret_ms)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
					    "%a %b %d %H:%M:%S %Y"};
	char z[48];
	if (!text.n || text.n >= sizeof z)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	for (size_t i = 0; i < countof(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(z, forms[i], &tm);
		if (end && !*end) {
			*ret_ms = (int64_t)timegm(&tm) * 1000;
			return true;
		}
	}
	return false;
}
