/* limit, failing, egress, redirects, http2, ca and crl of a service. */
#include "script_rules.h"

static struct ruleset *with_service(const char *keys)
{
	static char text[4096];
	snprintf(text, sizeof text,
		 "serves { '/queues/1' }\n"
		 "local s = http.service { name = 's', url = 'https://crm.example.com/',\n"
		 "%s }\n"
		 "rule 'r' { on = 'post_call', fire = s }\n",
		 keys);
	return load_rules("a.lua", text, NULL);
}

static void assert_wrong(const char *keys, const char *what, const char *hint)
{
	struct ruleset *ruleset = with_service(keys);
	assert_problem(ruleset, false, "a.lua", 3, what, hint);
	assert_int_equal(ruleset->n_errors, 1);
	ruleset_unref(ruleset);
}

static void without_more_a_service_has_no_limits(void **state)
{
	struct ruleset *ruleset = load_good(with_service(""));
	const struct service_limits none = {0};
	const struct service *service = ruleset->services[0];
	assert_memory_equal(&service->limits, &none, sizeof none);
	assert_false(service->peer.http2 || service->peer.redirects_max || service->peer.n_egress);
	ruleset_unref(ruleset);
}

static void a_service_says_how_much_of_it_may_be_used(void **state)
{
	struct ruleset *ruleset = load_good(with_service("limit = { concurrency = 5, rate = '600/m', burst = "
							 "20, body = '64KiB' }, failing = { period = "
							 "'5d', disable = true }"));
	const struct service_limits *limits = &ruleset->services[0]->limits;
	assert_int_equal(limits->concurrency, 5);
	assert_int_equal(limits->rate, 600);
	assert_int_equal(limits->period_ms, 60000);
	assert_int_equal(limits->burst, 20);
	assert_int_equal(limits->body_max, 65536);
	assert_int_equal(limits->failing_ms, 5 * 86400000LL);
	assert_true(limits->failing_disables);
	ruleset_unref(ruleset);
}

static void assert_rate(const char *keys, int64_t rate, int64_t period_ms)
{
	struct ruleset *ruleset = load_good(with_service(keys));
	assert_int_equal(ruleset->services[0]->limits.rate, rate);
	assert_int_equal(ruleset->services[0]->limits.period_ms, period_ms);
	assert_int_equal(ruleset->services[0]->limits.burst, 1);
	ruleset_unref(ruleset);
}

static void a_rate_is_a_number_a_second_or_says_its_time(void **state)
{
	assert_rate("limit = { rate = 10 }", 10, 1000);
	assert_rate("limit = { rate = 0.5 }", 1, 2000);
	assert_rate("limit = { rate = 2.5 }", 1, 400);
	assert_rate("limit = { rate = '7/s' }", 7, 1000);
	assert_rate("limit = { rate = '1000/h' }", 1000, 3600000);
}

static void limits_that_are_none_are_errors(void **state)
{
	assert_wrong("limit = 5", "'limit' is a number, not a table { concurrency, rate, burst, body }", "");
	assert_wrong("limit = { rat = 5 }", "unknown key 'rat' in limit", "did you mean 'rate'?");
	assert_wrong("limit = { concurrency = 0 }", "'concurrency' is no whole number between 1 and 1000",
		     "adaptive");
	assert_wrong("limit = { concurrency = 'many' }", "'concurrency' is no whole number", "");
	assert_wrong("limit = { rate = 0 }", "'rate' is no rate", "600/m");
	assert_wrong("limit = { rate = '10 per second' }", "'rate' is no rate", "");
	assert_wrong("limit = { rate = '10/y' }", "'rate' is no rate", "");
	assert_wrong("limit = { burst = 5 }", "'burst' needs a rate", "rate = 10, burst = 20");
	assert_wrong("limit = { rate = 1, burst = 0 }", "'burst' is no whole number", "");
	assert_wrong("limit = { body = '5MB' }", "'body' is no size between 1 B and 4 MiB", "");
	assert_wrong("limit = { body = '64 kilo' }", "'body' is no size", "");
	assert_wrong("failing = { period = 'long' }", "'period'", "");
	assert_wrong("failing = { disable = 1 }", "'disable' is a number, not true or false", "");
}

static void a_service_says_what_it_may_reach_and_how(void **state)
{
	struct ruleset *ruleset = load_good(with_service("egress = { '10.1.0.0/16', 'fd00:1::1' }, redirects "
							 "= true, http2 = true, ca = 'certificates/crm.pem', "
							 "crl = '/etc/crl.pem'"));
	const struct peer_options *peer = &ruleset->services[0]->peer;
	struct ip_address address;
	assert_int_equal(peer->n_egress, 2);
	assert_true(ip_address_parse(STR("10.1.7.7"), &address) && network_holds(&peer->egress[0], &address));
	assert_true(ip_address_parse(STR("fd00:1::1"), &address) &&
		    network_holds(&peer->egress[1], &address));
	assert_int_equal(peer->redirects_max, 5);
	assert_true(peer->http2);
	assert_str(peer->ca_file, "certificates/crm.pem");
	assert_str(peer->crl_file, "/etc/crl.pem");
	assert_null(peer->ca.p);
	ruleset_unref(ruleset);
	ruleset = load_good(with_service(
		"egress = '10.0.0.0/8', redirects = 2, ca = [[\n-----BEGIN CERTIFICATE-----\nAA==\n"
		"-----END CERTIFICATE-----\n]]"));
	assert_int_equal(ruleset->services[0]->peer.n_egress, 1);
	assert_int_equal(ruleset->services[0]->peer.redirects_max, 2);
	assert_true(str_starts(ruleset->services[0]->peer.ca, STR("-----BEGIN")));
	ruleset_unref(ruleset);
}

static void what_cannot_be_reached_so_is_an_error(void **state)
{
	assert_wrong("egress = '10.1.2.3/8'", "names one address and the size of a range", "");
	assert_wrong("egress = { 'everything' }", "'everything' is no range of addresses", "10.0.0.0/8");
	assert_wrong("egress = {}", "egress is empty", "");
	assert_wrong("redirects = 11", "'redirects' is no whole number between 0 and 10", "");
	assert_wrong("http2 = 'yes'", "'http2' is a string, not true or false", "");
	assert_wrong("ca = ''", "'ca' names no file and is no certificate", "");
	assert_wrong("ca = 'x\\ny'", "'ca' is no certificate in PEM", "");
	assert_wrong("crl = 5", "'crl' is a number, not a text", "");
}

static void a_host_that_an_event_chooses_is_noted(void **state)
{
	static const struct {
		const char *url;
		bool chosen;
	} cases[] = {{"http://127.0.0.1:8585/#ani#?x=#uii#", false},
		     {"http://#ani#/x", true},
		     {"http://crm:#ani#/", true},
		     {"#aux_external_url#", true}};
	for (size_t i = 0; i < countof(cases); i++) {
		char text[512];
		snprintf(text, sizeof text,
			 "serves { '/queues/1' }\nlocal s = http.service { name = 's', url = '%s' }\n"
			 "rule 'r' { on = 'post_call', fire = s }\n",
			 cases[i].url);
		struct ruleset *ruleset = load_rules("a.lua", text, NULL);
		assert_int_equal(ruleset->n_errors, 0);
		assert_int_equal(ruleset->services[0]->peer.host_from_event, cases[i].chosen);
		ruleset_unref(ruleset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_more_a_service_has_no_limits),
		cmocka_unit_test(a_service_says_how_much_of_it_may_be_used),
		cmocka_unit_test(a_rate_is_a_number_a_second_or_says_its_time),
		cmocka_unit_test(limits_that_are_none_are_errors),
		cmocka_unit_test(a_service_says_what_it_may_reach_and_how),
		cmocka_unit_test(what_cannot_be_reached_so_is_an_error),
		cmocka_unit_test(a_host_that_an_event_chooses_is_noted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
