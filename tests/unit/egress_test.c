#include "unit.h"

#include "policy/egress.h"

static struct ip_address ip(const char *text)
{
	struct ip_address address;
	if (!ip_address_parse(str_of(text), &address))
		fail_msg("%s is no address", text);
	return address;
}

static void each_address_is_of_its_kind(void **state)
{
	static const struct {
		const char *address;
		enum address_kind kind;
	} cases[] = {
		{"8.8.8.8", ADDRESS_PUBLIC},
		{"172.15.255.255", ADDRESS_PUBLIC},
		{"172.32.0.0", ADDRESS_PUBLIC},
		{"100.63.255.255", ADDRESS_PUBLIC},
		{"223.255.255.255", ADDRESS_PUBLIC},
		{"2606:4700::1111", ADDRESS_PUBLIC},
		{"127.0.0.1", ADDRESS_LOOPBACK},
		{"127.255.0.9", ADDRESS_LOOPBACK},
		{"0.0.0.0", ADDRESS_LOOPBACK},
		{"::", ADDRESS_LOOPBACK},
		{"::1", ADDRESS_LOOPBACK},
		{"10.1.2.3", ADDRESS_PRIVATE},
		{"172.16.0.1", ADDRESS_PRIVATE},
		{"172.31.255.255", ADDRESS_PRIVATE},
		{"192.168.0.1", ADDRESS_PRIVATE},
		{"100.64.0.1", ADDRESS_PRIVATE},
		{"fd12:3456::1", ADDRESS_PRIVATE},
		{"fc00::1", ADDRESS_PRIVATE},
		{"fec0::1", ADDRESS_PRIVATE},
		{"169.254.1.1", ADDRESS_LINK_LOCAL},
		{"fe80::1", ADDRESS_LINK_LOCAL},
		{"febf::1", ADDRESS_LINK_LOCAL},
		{"169.254.169.254", ADDRESS_METADATA},
		{"169.254.170.2", ADDRESS_METADATA},
		{"100.100.100.200", ADDRESS_METADATA},
		{"168.63.129.16", ADDRESS_METADATA},
		{"192.0.0.192", ADDRESS_METADATA},
		{"fd00:ec2::254", ADDRESS_METADATA},
		{"fd20:ce::254", ADDRESS_METADATA},
		{"::ffff:10.0.0.1", ADDRESS_PRIVATE},
		{"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
		{"::ffff:169.254.169.254", ADDRESS_METADATA},
		{"::ffff:8.8.8.8", ADDRESS_PUBLIC},
		{"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
		{"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
		{"64:ff9b::169.254.169.254", ADDRESS_METADATA},
		{"64:ff9b:1::1", ADDRESS_TRANSLATED},
		{"2002:7f00:1::1", ADDRESS_TRANSLATED},
		{"2001:0:1234::1", ADDRESS_TRANSLATED},
		{"::127.0.0.1", ADDRESS_TRANSLATED},
		{"::ffff:0:127.0.0.1", ADDRESS_TRANSLATED},
		{"2606:4700::5efe:10.0.0.1", ADDRESS_TRANSLATED},
		{"2606:4700::200:5efe:10.0.0.1", ADDRESS_TRANSLATED},
		{"192.0.0.1", ADDRESS_RESERVED},
		{"198.18.0.1", ADDRESS_RESERVED},
		{"198.19.255.255", ADDRESS_RESERVED},
		{"203.0.113.7", ADDRESS_RESERVED},
		{"224.0.0.1", ADDRESS_RESERVED},
		{"255.255.255.255", ADDRESS_RESERVED},
		{"ff02::1", ADDRESS_RESERVED},
		{"2001:db8::1", ADDRESS_RESERVED},
		{"3fff:0fff::1", ADDRESS_RESERVED},
		{"4000::1", ADDRESS_RESERVED},
		{"100::1", ADDRESS_RESERVED},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct ip_address address = ip(cases[i].address);
		if (address_kind(&address) != cases[i].kind)
			fail_msg("%s is taken for %s", cases[i].address,
				 address_kind_name(address_kind(&address)));
	}
}

static bool allows(const struct egress *egress, const struct peer_options *peer, bool written,
		   const char *address)
{
	struct ip_address at = ip(address);
	return egress_allows(egress, peer, written, &at);
}

static void without_a_word_only_the_public_internet_is_reached(void **state)
{
	struct egress egress = {0};
	assert_true(allows(&egress, NULL, false, "8.8.8.8"));
	assert_false(allows(&egress, NULL, true, "127.0.0.1"));
	assert_false(allows(&egress, NULL, false, "10.0.0.1"));
}

static void a_range_is_allowed_for_all_services_or_for_one(void **state)
{
	struct network ten;
	struct error error;
	assert_int_equal(network_parse(STR("10.0.0.0/8"), &ten, &error), 0);
	struct egress all = {.networks = &ten, .n_networks = 1}, none = {0};
	struct peer_options peer = {.egress = &ten, .n_egress = 1};
	assert_true(allows(&all, NULL, false, "10.9.9.9"));
	assert_false(allows(&all, NULL, false, "192.168.0.1"));
	assert_true(allows(&none, &peer, false, "10.9.9.9"));
	assert_false(allows(&none, &peer, false, "169.254.169.254"));
}

static void loopback_is_reached_only_where_the_rules_write_it(void **state)
{
	struct egress egress = {.loopback = true};
	struct peer_options tagged = {.host_from_event = true};
	assert_true(allows(&egress, NULL, true, "127.0.0.1"));
	assert_true(allows(&egress, NULL, true, "::1"));
	assert_false(allows(&egress, NULL, false, "127.0.0.1"));
	assert_false(allows(&egress, &tagged, true, "127.0.0.1"));
	assert_false(allows(&egress, NULL, true, "10.0.0.1"));
	assert_false(allows(&egress, NULL, true, "169.254.169.254"));
}

static void a_host_that_is_loopback_by_itself_is_known(void **state)
{
	assert_true(host_is_loopback(STR("127.0.0.1")));
	assert_true(host_is_loopback(STR("127.8.0.1")));
	assert_true(host_is_loopback(STR("::1")));
	assert_true(host_is_loopback(STR("LocalHost")));
	assert_true(host_is_loopback(STR("localhost.")));
	assert_false(host_is_loopback(STR("localhost.example.com")));
	assert_false(host_is_loopback(STR("10.0.0.1")));
	assert_false(host_is_loopback(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_is_of_its_kind),
		cmocka_unit_test(without_a_word_only_the_public_internet_is_reached),
		cmocka_unit_test(a_range_is_allowed_for_all_services_or_for_one),
		cmocka_unit_test(loopback_is_reached_only_where_the_rules_write_it),
		cmocka_unit_test(a_host_that_is_loopback_by_itself_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
