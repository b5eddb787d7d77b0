#include "unit.h"

#include "base/hash.h"

#include <stdio.h>

enum { ITEMS = 20000, SHARDS = 16, CHAIN_MAX = 16 };

struct item {
	char key[16];
	UT_hash_handle hh;
};

static void the_table_of_one_shard_has_no_long_chains(void **state)
{
	struct item *items = mem_zalloc(ITEMS * sizeof *items), *table = NULL;
	for (int n = 0, i = 0; n < ITEMS; i++) {
		struct item *item = &items[n];
		snprintf(item->key, sizeof item->key, "call %d", i);
		if (str_hash(str_of(item->key)) % SHARDS != 3)
			continue;
		HASH_ADD_STR(table, key, item);
		n++;
	}
	for (unsigned i = 0; i < table->hh.tbl->num_buckets; i++)
		assert_in_range(table->hh.tbl->buckets[i].count, 0, CHAIN_MAX);
	HASH_CLEAR(hh, table);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_one_shard_has_no_long_chains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
