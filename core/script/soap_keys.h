/* core/script/soap_keys.h
 *
 * soap.service { … } while rules load: its keys, beside those of every service.
 */
#pragma once

#include "script/service_keys.h"

/* The table of a SOAP service becomes the rest of reading->service. */
void compile_soap(struct reading *reading);

/* The keys that every kind of service has. */
extern const struct service_key common_keys[];
extern const size_t n_common_keys;
