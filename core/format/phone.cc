#include "format/phone.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <exception>
#include <set>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* The library's own bound, which its C++ does not keep: its patterns take time by the square of the length,
 * 20 s for 64 kB of digits. */
constexpr size_t NUMBER_MAX = 250;

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

/* The library reads a region's patterns at the first number. That takes milliseconds, which would be the
 * first call's. */
static void get_ready(const PhoneNumberUtil *util, const std::string &region)
{
	PhoneNumber example;
	std::string national, e164;
	if (!util->GetExampleNumber(region, &example))
		return;
	util->Format(example, PhoneNumberUtil::NATIONAL, &national);
	format_e164(national, region, &e164);
}

/* No exception may pass into C. */
bool phone_region_known(const char *region, size_t n)
{
	try {
		const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
		const std::string name(region, n);
		std::set<std::string> regions;
		util->GetSupportedRegions(&regions);
		if (!regions.count(name))
			return false;
		get_ready(util, name);
		return true;
	} catch (const std::exception &) {
		return false;
	}
}

bool phone_e164(const char *number, size_t n, const char *region, size_t region_n,
		char ret_e164[PHONE_E164_MAX])
{
	try {
		std::string e164;
		if (n > NUMBER_MAX ||
		    !format_e164(std::string(number, n), std::string(region, region_n), &e164) ||
		    e164.size() >= PHONE_E164_MAX)
			return false;
		std::memcpy(ret_e164, e164.c_str(), e164.size() + 1);
		return true;
	} catch (const std::exception &) {
		return false;
	}
}
