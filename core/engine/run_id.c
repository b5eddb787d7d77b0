#include "engine/run_id.h"

#include "engine/window.h"

#include <stdio.h>

struct str run_id(char text[RUN_ID_SIZE], uint64_t seq, struct str campaign, struct str rule)
{
	struct str parts[] = {campaign, rule};
	int n = snprintf(text, RUN_ID_SIZE, "run_%llu_%08x", (unsigned long long)seq,
			 (unsigned)window_key(parts, countof(parts)).low);
	return (struct str){text, (size_t)n};
}

uint64_t run_id_seq(struct str id)
{
	unsigned long long seq = 0;
	char z[RUN_ID_SIZE], end;
	unsigned hash;
	if (!str_starts(id, STR("run_")) || id.n >= sizeof z)
		return 0;
	memcpy(z, id.p, id.n);
	z[id.n] = 0;
	return sscanf(z, "run_%20llu_%8x%c", &seq, &hash, &end) == 2 && seq <= INT64_MAX ? seq : 0;
}
