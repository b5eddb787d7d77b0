/* A fuzz target for libFuzzer: the functions that rules can call, with random values. See
 * tests/fuzz/README.md. */
#include "api_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_api(data, size);
	return 0;
}
