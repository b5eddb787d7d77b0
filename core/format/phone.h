/* core/format/phone.h
 *
 * Phone numbers in the international form E.164, by libphonenumber, which is C++: hence no slices here. Any
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PHONE_E164_MAX = 32 };

/* Is this the ISO code of a country that has phone numbers? Upper case: "US". What the numbers of that
 * country need is made ready, which takes some milliseconds the first time. */
bool phone_region_known(const char *region, size_t n);

/* "(510) 555-0111" of the region "US" becomes "+15105550111", terminated. A number that begins with '+' needs
 * no region. False when it is no valid number; ret_e164 is untouched then. */
bool phone_e164(const char *number, size_t n, const char *region, size_t region_n,
		char ret_e164[PHONE_E164_MAX]);

#ifdef __cplusplus
}
#endif
