/* core/soap/describe.h
 *
 * What a WSDL offers, for people: operations with their fields and types as a tree, and calls in Lua to fill
 * in. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "soap/wsdl.h"

struct soap_describe_options {
	struct soap_choice choice; /* only these */
	bool skeletons;            /* the Lua as well */
};

/* Adds the text to `out`. Returns how many operations it shows. */
size_t soap_describe(const struct wsdl *wsdl, const struct soap_describe_options *options, struct buf *out);

/* The same as JSON, one operation a line. */
size_t soap_describe_json(const struct wsdl *wsdl, const struct soap_describe_options *options,
			  struct buf *out);
