#include "unit.h"

#include "base/buf.h"

static void grows_to_its_maximum_and_no_further(void **state)
{
	struct buf buf;
	buf_init(&buf, 300);
	for (int i = 0; i < 30; i++)
		buf_add(&buf, "0123456789", 10);
	assert_false(buf.overflow);
	assert_int_equal(buf.n, 300);
	buf_char(&buf, 'x');
	assert_true(buf.overflow);
	assert_int_equal(buf.n, 300);
	assert_int_equal(strlen(buf_z(&buf)), 300);
	buf_clear(&buf);
	assert_false(buf.overflow);
	assert_string_equal(buf_z(&buf), "");
	buf_finish(&buf);
}

static void formats_short_and_long(void **state)
{
	struct buf buf;
	buf_init(&buf, 1000);
	buf_printf(&buf, "%d-%s", 7, "a");
	assert_string_equal(buf_z(&buf), "7-a");
	buf_clear(&buf);
	buf_printf(&buf, "%500d", 1);
	assert_int_equal(buf.n, 500);
	size_t n;
	char *taken = buf_take(&buf, &n);
	assert_int_equal(n, 500);
	assert_int_equal(taken[499], '1');
	assert_int_equal(buf.n, 0);
	free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_maximum_and_no_further),
		cmocka_unit_test(formats_short_and_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
