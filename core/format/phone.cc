#include "format/phone.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <exception>
#include <set>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static bool format_e164(const std::string &number, const std::string &region, std::string *ret)
{
	const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
	PhoneNumber parsed;
	if (util->Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	if (!util->IsValidNumber(parsed))
		return false;
	util->Format(parsed, PhoneNumberUtil::E164, ret);
	return true;
}

/* No exception may pass into C. */
bool phone_region_known(const char *region, size_t n)
{
	try {
		std::set<std::string> regions;
		PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
		return regions.count(std::string(region, n)) != 0;
	} catch (const std::exception &) {
		return false;
	}
}

bool phone_e164(const char *number, size_t n, const char *region, size_t region_n,
		char ret_e164[PHONE_E164_MAX])
{
	try {
		std::string e164;
		if (!format_e164(std::string(number, n), std::string(region, region_n), &e164) ||
		    e164.size() >= PHONE_E164_MAX)
			return false;
		std::memcpy(ret_e164, e164.c_str(), e164.size() + 1);
		return true;
	} catch (const std::exception &) {
		return false;
	}
}
