#include "app/egress_options.h"

/* See docs/decisions/0024: a developer's engine and sink work without an option, and whoever names a range
 * gets that range and no other. */
int egress_read(char *const *ranges, bool listens_on_loopback, struct egress *ret, struct error *reterr)
{
	size_t most = 0, n = 0;
	if (!ranges) {
		*ret = (struct egress){.loopback = listens_on_loopback};
		return 0;
	}
	while (ranges[most])
		most++;
	struct network *networks = mem_alloc((most + 1) * sizeof *networks);
	for (size_t i = 0; i < most; i++) {
		if (strcmp(ranges[i], "none") == 0)
			continue;
		if (network_parse(str_of(ranges[i]), &networks[n++], reterr)) {
			error_prefix(reterr, "--allow-egress");
			free(networks);
			return -1;
		}
	}
	*ret = (struct egress){.networks = networks, .n_networks = n};
	return 0;
}
