/* The functions that rules can call, with values that nobody expects: a short run of tests/fuzz/, always the
 * same. */
#include "../fuzz/api_run.h"

enum { ROUNDS = 1000, BYTES = 300 };

static void random_values_do_no_harm(void **state)
{
	uint64_t chance = 20251014;

	for (int round = 0; round < ROUNDS; round++) {
		uint8_t bytes[BYTES];

		for (size_t i = 0; i < sizeof bytes; i++) {
			chance = chance * 6364136223846793005 + 1442695040888963407;
			bytes[i] = (uint8_t)(chance >> 56);
		}
		fuzz_api(bytes, sizeof bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_values_do_no_harm)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
