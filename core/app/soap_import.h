/* core/app/soap_import.h
 *
 * A WSDL with all that it imports, from its address into a folder. Main thread.
 */
#pragma once

#include "app/app.h"

struct soap_import {
	const char *url;
	const char *folder; /* where the files go; must be there */
	bool any_host;      /* also what stands on other hosts */
};

/* Says what it does on stdout and what is wrong on stderr. Returns an exit code. */
int soap_import(const struct soap_import *import);
