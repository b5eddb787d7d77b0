#include "unit.h"

#include "model/network.h"

static bool holds(const char *range, const char *address)
{
	struct network network;
	struct ip_address ip;
	struct error error;
	if (network_parse(str_of(range), &network, &error))
		fail_msg("%s: %s", range, error.what);
	if (!ip_address_parse(str_of(address), &ip))
		fail_msg("%s is no address", address);
	return network_holds(&network, &ip);
}

static void a_range_holds_its_first_and_last_address_and_not_their_neighbours(void **state)
{
	assert_true(holds("10.0.0.0/8", "10.0.0.0"));
	assert_true(holds("10.0.0.0/8", "10.255.255.255"));
	assert_false(holds("10.0.0.0/8", "9.255.255.255"));
	assert_false(holds("10.0.0.0/8", "11.0.0.0"));
	assert_true(holds("100.64.0.0/10", "100.127.255.255"));
	assert_false(holds("100.64.0.0/10", "100.128.0.0"));
	assert_true(holds("fd00:1::/33", "fd00:1:7fff::1"));
	assert_false(holds("fd00:1::/33", "fd00:1:8000::1"));
}

static void an_address_alone_is_itself(void **state)
{
	assert_true(holds("192.168.7.4", "192.168.7.4"));
	assert_false(holds("192.168.7.4", "192.168.7.5"));
	assert_true(holds("::1", "::1"));
}

static void everything_of_a_family_is_a_range_as_well(void **state)
{
	assert_true(holds("0.0.0.0/0", "255.1.2.3"));
	assert_false(holds("0.0.0.0/0", "2001:db8::1"));
	assert_true(holds("::/0", "2001:db8::1"));
}

static void a_mapped_address_is_the_one_that_it_maps(void **state)
{
	assert_true(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
	assert_true(holds("::ffff:127.0.0.0/104", "127.9.9.9"));
}

static void says_what_is_wrong(const char *text, const char *what)
{
	struct network network;
	struct error error;
	assert_int_equal(network_parse(str_of(text), &network, &error), -1);
	assert_string_equal(error.what, what);
}

static void what_is_no_range_is_refused(void **state)
{
	says_what_is_wrong("", "'' is no range of addresses");
	says_what_is_wrong("10.0.0.0/33", "'10.0.0.0/33' is no range of addresses");
	says_what_is_wrong("10.0.0.0/", "'10.0.0.0/' is no range of addresses");
	says_what_is_wrong("10.0.0.0/-1", "'10.0.0.0/-1' is no range of addresses");
	says_what_is_wrong("10.0.0", "'10.0.0' is no range of addresses");
	says_what_is_wrong("crm.example.com", "'crm.example.com' is no range of addresses");
	says_what_is_wrong("fd00::/129", "'fd00::/129' is no range of addresses");
	says_what_is_wrong("[::1]", "'[::1]' is no range of addresses");
	says_what_is_wrong("10.1.2.3/8", "'10.1.2.3/8' names one address and the size of a range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_holds_its_first_and_last_address_and_not_their_neighbours),
		cmocka_unit_test(an_address_alone_is_itself),
		cmocka_unit_test(everything_of_a_family_is_a_range_as_well),
		cmocka_unit_test(a_mapped_address_is_the_one_that_it_maps),
		cmocka_unit_test(what_is_no_range_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
