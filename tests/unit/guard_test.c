#include "unit.h"

#include "api/guard.h"

static const char *const names[] = {"hooks.example.com"};

static bool passes(const char *method, const char *path, const char *host, const char *origin,
		   const char *site, const char *mode)
{
	struct error error;
	struct guard_request request = {.method = str_of(method), .path = str_of(path)};
	if (host)
		request.host = str_of(host);
	if (origin)
		request.origin = str_of(origin);
	if (site)
		request.fetch_site = str_of(site);
	if (mode)
		request.fetch_mode = str_of(mode);
	return guard_check(&request, names, countof(names), &error) == 0;
}

static void its_own_names_pass(void **state)
{
	static const char *const good[] = {"127.0.0.1:8484",       "localhost", "LOCALHOST:1",
					   "[::1]:8484",           "10.0.0.7",  "hooks.example.com",
					   "Hooks.Example.com:443"};
	for (size_t i = 0; i < countof(good); i++)
		assert_true(passes("GET", "/v1/status", good[i], NULL, NULL, NULL));
}

static void a_name_that_was_made_to_point_here_does_not(void **state)
{
	static const char *const bad[] = {"evil.example",
					  "127.0.0.1.evil.example",
					  "localhost.evil.example",
					  "[::1",
					  "",
					  "hooks.example.com.evil.example",
					  "evil.example:8484"};
	for (size_t i = 0; i < countof(bad); i++) {
		assert_false(passes("GET", "/v1/status", bad[i], NULL, NULL, NULL));
		assert_false(passes("GET", "/", bad[i], NULL, NULL, NULL));
	}
	assert_false(
		passes("POST", "/v1/events", "evil.example:8484", "http://evil.example:8484", NULL, NULL));
}

static void pages_of_other_sites_do_not(void **state)
{
	const char *host = "127.0.0.1:8484";
	assert_false(passes("POST", "/v1/redeliver", host, "https://evil.example", NULL, NULL));
	assert_false(passes("POST", "/v1/redeliver", host, "null", NULL, NULL));
	assert_false(passes("POST", "/v1/events", host, "http://127.0.0.1:3000", NULL, NULL));
	assert_false(passes("GET", "/v1/events/post_call", host, NULL, "cross-site", "no-cors"));
	assert_false(passes("GET", "/v1/events/post_call", host, NULL, "cross-site", "navigate"));
	assert_false(passes("GET", "/v1/deliveries", host, NULL, "same-site", "cors"));
}

static void the_console_and_who_follows_a_link_to_it_pass(void **state)
{
	const char *host = "127.0.0.1:8484";
	assert_true(passes("POST", "/v1/redeliver", host, "http://127.0.0.1:8484", "same-origin", "cors"));
	assert_true(passes("POST", "/v1/redeliver", "hooks.example.com", "https://hooks.example.com", NULL,
			   NULL));
	assert_true(passes("GET", "/ui/deliveries", host, NULL, "cross-site", "navigate"));
	assert_true(passes("GET", "/", host, NULL, "none", "navigate"));
}

static void with_tokens_any_name_will_do_but_no_other_site(void **state)
{
	struct error error;
	struct guard_request request = {.method = STR("GET"),
					.path = STR("/v1/status"),
					.host_is_ours = true,
					.host = STR("engine.example.com")};
	assert_int_equal(guard_check(&request, NULL, 0, &error), 0);
	request.origin = STR("https://evil.example");
	assert_int_equal(guard_check(&request, NULL, 0, &error), -1);
}

static void senders_and_probes_may_use_any_name(void **state)
{
	assert_true(passes("POST", "/v1/events", "switchhook.internal", NULL, NULL, NULL));
	assert_true(passes("GET", "/v1/events/post_call", "dialer-target", NULL, NULL, NULL));
	assert_true(passes("GET", "/healthz", "anything", NULL, NULL, NULL));
	assert_true(passes("GET", "/metrics", "anything", NULL, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_own_names_pass),
		cmocka_unit_test(a_name_that_was_made_to_point_here_does_not),
		cmocka_unit_test(pages_of_other_sites_do_not),
		cmocka_unit_test(the_console_and_who_follows_a_link_to_it_pass),
		cmocka_unit_test(with_tokens_any_name_will_do_but_no_other_site),
		cmocka_unit_test(senders_and_probes_may_use_any_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
