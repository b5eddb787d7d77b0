#include "unit.h"

#include "engine/window.h"

static struct window_key numbered(int i)
{
	struct str part = {(const char *)&i, sizeof i};
	return window_key(&part, 1);
}

static void forgets_the_oldest_and_only_the_oldest(void **state)
{
	struct window window;
	window_init(&window, 100);
	for (int i = 0; i < 250; i++)
		assert_int_equal(window_claim(&window, numbered(i), (uint64_t)i), i);
	assert_true(window_has(&window, numbered(150)));
	assert_false(window_has(&window, numbered(149)));
	assert_int_equal(window_claim(&window, numbered(249), 7), 249);
	assert_true(window_has(&window, numbered(150)));
	assert_int_equal(window_claim(&window, numbered(0), 5), 5);
	assert_false(window_has(&window, numbered(150)));
	window_finish(&window);
}

static void where_a_part_ends_counts(void **state)
{
	struct str a[] = {STR("a"), STR("bc")}, b[] = {STR("ab"), STR("c")};
	struct window_key x = window_key(a, 2), y = window_key(b, 2);
	assert_true(x.low != y.low || x.high != y.high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgets_the_oldest_and_only_the_oldest),
		cmocka_unit_test(where_a_part_ends_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
