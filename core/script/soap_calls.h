/* core/script/soap_calls.h
 *
 * Calls of SOAP operations in a campaign's script, checked while the rules load.
 */
#pragma once

#include "script/load.h"

/* Reports what is wrong with them. The services that the campaign has seen have their keys. */
void soap_check_calls(struct loader *loader, const struct draft *draft);
