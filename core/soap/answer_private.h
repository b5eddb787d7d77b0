/* core/soap/answer_private.h
 *
 * What the parts of the answer reader share: envelopes and faults (answer.c), elements by their types
 * (answer_value.c). Not for others.
 */
#pragma once

#include "format/xml.h"
#include "soap/answer.h"

struct reading {
	const struct wsdl *wsdl; /* NULL: no schemas */
	struct arena *arena;
	const struct xml_node *envelope;
	const struct xml_node *
		*targets; /* elements with an id, for references of the SOAP encoding; sorted */
	size_t n_targets;
	bool targets_found, encoded;
	size_t values, values_max;
	int depth;
	struct error *error;
};

int read_element(struct reading *r, const struct schema_type *type, struct str default_value,
		 const struct xml_node *node, struct value *ret);
int read_object(struct reading *r, uint32_t n, struct value *ret);
