#include "model/mapping.h"

static int compare(const void *a, const void *b)
{
	return str_cmp(((const struct mapping *)a)->original, ((const struct mapping *)b)->original);
}

struct str mapped(const struct mappings *mappings, struct str value)
{
	struct mapping wanted = {.original = value}, *found;
	if (!mappings || !mappings->n || !value.p)
		return value;
	found = bsearch(&wanted, mappings->pairs, mappings->n, sizeof wanted, compare);
	return found ? found->replacement : value;
}
