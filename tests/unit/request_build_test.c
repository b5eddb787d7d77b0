#include "sample_event.h"

#include <stdio.h>

#include "format/request_build.h"
#include "format/template.h"

enum { ROWS_MAX = 16 };

/* One service in the making, and what became of it. */
struct fixture {
	struct arena arena;
	struct runlog log;
	struct error error;
	struct service service;
	struct row params[ROWS_MAX], headers[ROWS_MAX], form[ROWS_MAX];
	struct overrides overrides;
	struct request *request;
};

static void must_compile(struct fixture *f, enum template_context context, const char *text,
			 struct template *ret)
{
	if (template_compile(str_of(text), context, &f->arena, ret, &f->error) < 0)
		fail_msg("%s: %s", f->error.what, text);
}

static int set_up(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	arena_init(&f->arena, 16 << 20);
	runlog_init(&f->log, &f->arena, 100);
	f->service = (struct service){
		.name = STR("A test web service"),
		.active = true,
		.method = STR("POST"),
		.params.rows = f->params,
		.headers.rows = f->headers,
		.form.rows = f->form,
	};
	must_compile(f, CONTEXT_URL, "https://crm.example.com/webhooks", &f->service.url);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	free(f->request);
	arena_finish(&f->arena);
	free(f);
	return 0;
}

static void add_row(struct fixture *f, struct row *rows, size_t *n, enum template_context context,
		    const char *name, const char *value)
{
	struct row *row = &rows[(*n)++];
	*row = (struct row){.name = str_of(name), .dynamic = !value};
	if (value)
		must_compile(f, context, value, &row->value);
}

/* A value of NULL is a function of the call. */
static void param(struct fixture *f, const char *name, const char *value)
{
	add_row(f, f->params, &f->service.params.n, CONTEXT_QUERY, name, value);
}

static void header(struct fixture *f, const char *name, const char *value)
{
	add_row(f, f->headers, &f->service.headers.n, CONTEXT_HEADER, name, value);
}

static void form(struct fixture *f, const char *name, const char *value)
{
	f->service.body_kind = BODY_FORM;
	add_row(f, f->form, &f->service.form.n, CONTEXT_FORM, name, value);
}

static void body(struct fixture *f, enum body_kind kind, enum template_context context, const char *text)
{
	f->service.body_kind = kind;
	must_compile(f, context, text, &f->service.body);
}

static void url(struct fixture *f, const char *text)
{
	must_compile(f, CONTEXT_URL, text, &f->service.url);
}

static int build_for(struct fixture *f, const struct event *event)
{
	free(f->request);
	f->request = NULL;
	return request_build(&f->service, event, &f->overrides, &f->log, &f->request, &f->error);
}

/* "ok", or the error. */
static const char *build(struct fixture *f, const char *data)
{
	struct event *event = event_with(data);
	int r = build_for(f, event);
	event_unref(event);
	return r < 0 ? f->error.what : "ok";
}

static const char *header_of(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->request->n_headers; i++) {
		if (str_eq(f->request->headers[i].name, str_of(name)))
			return f->request->headers[i].value.p;
	}
	return NULL;
}

static void the_seed_form_goes_out_as_the_receiver_expects_it(void **state)
{
	struct fixture *f = *state;
	const char *names[] = {"agent_id", "agent_username", "ani", "dnis", "call_start", "recording_url"};
	for (size_t i = 0; i < countof(names); i++) {
		char text[64];
		snprintf(text, sizeof text, "#%s#", names[i]);
		form(f, names[i], text);
	}
	struct event *event = sample_event();
	assert_int_equal(build_for(f, event), 0);
	event_unref(event);
	assert_string_equal(f->request->method.p, "POST");
	assert_string_equal(f->request->url.p, "https://crm.example.com/webhooks");
	assert_int_equal(f->request->n_headers, 1);
	assert_string_equal(header_of(f, "content-type"), "application/x-www-form-urlencoded");
	assert_string_equal(
		f->request->body.p,
		"agent_id=1369310&agent_username=rc.guest%2B15300002_1791%40example.com"
		"&ani=5105550111&dnis=4155550110&call_start=2025-10-14+11%3A02%3A05"
		"&recording_url=https%3A%2F%2Frecordings.example.com%2Fapi%2Fv1%2Fcalls%2Frecordings%2F"
		"%3Fv%3D1%26accountId%3D15300002%26file%3D15300002%2F202510%2F14%2F"
		"202510141102050132120000030797-2.WAV");
	assert_null(f->log.first);
}

static void the_seed_json_goes_out_as_typed(void **state)
{
	struct fixture *f = *state;
	body(f, BODY_JSON, CONTEXT_JSON, SEED_JSON);
	struct event *event = sample_event();
	assert_int_equal(build_for(f, event), 0);
	event_unref(event);
	assert_string_equal(header_of(f, "content-type"), "application/json");
	assert_string_equal(f->request->body.p,
			    "{\n  \"agentId\": \"1369310\",\n"
			    "  \"agentUsername\": \"rc.guest+15300002_1791@example.com\",\n"
			    "  \"ani\": \"5105550111\",\n  \"dnis\": \"4155550110\",\n"
			    "  \"callStart\": \"2025-10-14 11:02:05\",\n  \"duration\": \"\",\n"
			    "  \"recordingUrl\": \"" SAMPLE_RECORDING "\"\n}\n");
	assert_str(f->log.first->text, "the event has no tag 'duration': sent empty (A test web service)");
}

static void a_missing_tag_is_told_once_a_request(void **state)
{
	struct fixture *f = *state;
	param(f, "a", "#gone#");
	header(f, "x-a", "#gone#");
	form(f, "a", "#gone#");
	form(f, "b", "#gone#-#lost#");
	assert_string_equal(build(f, "{}"), "ok");
	assert_string_equal(f->request->url.p, "https://crm.example.com/webhooks?a=");
	assert_string_equal(f->request->body.p, "a=&b=-");
	assert_int_equal(f->log.n, 2);
	assert_str(f->log.first->text, "the event has no tag 'gone': sent empty (A test web service)");
	f->service.strict = true;
	assert_string_equal(build(f, "{\"gone\":1}"),
			    "form field 'b': the event has no tag 'lost', and the service is strict "
			    "(A test web service)");
}

static void params_stand_before_the_fragment(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{"http://h", "http://h?a%20b=1&c=x%26%3D%2B"},
		{"http://h/p?", "http://h/p?a%20b=1&c=x%26%3D%2B"},
		{"http://h/p?q=1", "http://h/p?q=1&a%20b=1&c=x%26%3D%2B"},
		{"http://h/p?q=1&", "http://h/p?q=1&a%20b=1&c=x%26%3D%2B"},
		{"http://h/p#top?", "http://h/p?a%20b=1&c=x%26%3D%2B#top?"},
		{"http://h/p?q#", "http://h/p?q&a%20b=1&c=x%26%3D%2B#"},
	};
	param(f, "a b", "1");
	param(f, "c", "#x#");
	for (size_t i = 0; i < countof(cases); i++) {
		url(f, cases[i][0]);
		assert_string_equal(build(f, "{\"x\":\"x&=+\"}"), "ok");
		assert_string_equal(f->request->url.p, cases[i][1]);
	}
}

static void a_url_is_checked_once_it_is_filled(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{"https://h.example/a", "ok"},
		{"HTTP://H:8080?x", "ok"},
		{"http://[::1]:80/", "ok"},
		{"http://my_service.local", "ok"},
		{"", "the URL is empty"},
		{"ftp://h/", "the URL does not start with http:// or https://"},
		{"file:///etc/passwd", "the URL does not start with http:// or https://"},
		{"javascript:alert(1)", "the URL does not start with http:// or https://"},
		{" https://h/", "the URL does not start with http:// or https://"},
		{"https:/h/", "the URL does not start with http:// or https://"},
		{"https://", "the URL has no host"},
		{"https:///x", "the URL has no host"},
		{"https://?x", "the URL has no host"},
		{"https://:80/", "the URL has no host"},
		{"https://u:p@h/", "a user or password cannot stand in a URL"},
		{"https://h@evil/", "a user or password cannot stand in a URL"},
		{"https://h\\\\evil/", "the URL's host holds a character that no host has (0x5c)"},
		{"https://h%2f/", "the URL's host holds a character that no host has (0x25)"},
		{"https://h x/", "the URL's host holds a character that no host has (0x20)"},
		{"https://\\u00e9.example/", "the URL's host holds a character that no host has (0xc3)"},
		{"https://h:80a/", "the URL's port is no number"},
		{"https://h:/", "the URL's port is not between 1 and 65535"},
		{"https://h:0/", "the URL's port is not between 1 and 65535"},
		{"https://h:65536/", "the URL's port is not between 1 and 65535"},
		{"https://h:99999999999999999999/", "the URL's port is not between 1 and 65535"},
		{"https://[::1/", "the URL's host is no IPv6 address in brackets"},
		{"https://[]/", "the URL's host is no IPv6 address in brackets"},
		{"https://[::1]x/", "the URL's host is no IPv6 address in brackets"},
		{"https://[evil]/", "the URL's host is no IPv6 address in brackets"},
		{"https://h/\\r\\nx-evil: 1", "the URL holds a control character (0x0d)"},
		{"https://h/\\u0000", "the URL holds a control character (0x00)"},
		{"https://h/\\u007f", "the URL holds a control character (0x7f)"},
	};
	url(f, "#u#");
	for (size_t i = 0; i < countof(cases); i++) {
		char data[128];
		snprintf(data, sizeof data, "{\"u\":\"%s\"}", cases[i][0]);
		assert_string_equal(build(f, data), cases[i][1]);
	}
	assert_string_equal(build(f, "{\"u\":\"https://h/caf\\u00e9 \\u260e?q=\\u00e9#\\u00e9\"}"), "ok");
	assert_string_equal(f->request->url.p, "https://h/caf%C3%A9%20%E2%98%8E?q=%C3%A9#%C3%A9");
	url(f, "https://#sub#.example.com/");
	assert_string_equal(build(f, "{\"sub\":\"a:1\"}"), "the URL's port is no number");
	assert_string_equal(build(f, "{}"), "ok");
	url(f, "https://#host#/");
	assert_string_equal(build(f, "{}"), "the URL has no host");
}

static void headers_are_clean(void **state)
{
	struct fixture *f = *state;
	header(f, "X-Call", "#x#");
	header(f, "Authorization", "Bearer #e#");
	header(f, "Content-TYPE", "text/x-own");
	body(f, BODY_JSON, CONTEXT_JSON, "{}");
	assert_string_equal(build(f, "{\"x\":\" a\\r\\nx-evil: 1\\u0000 \",\"e\":\"\"}"), "ok");
	assert_int_equal(f->request->n_headers, 3);
	assert_string_equal(header_of(f, "x-call"), "a  x-evil: 1");
	assert_string_equal(header_of(f, "authorization"), "Bearer");
	assert_string_equal(header_of(f, "content-type"), "text/x-own");
}

static void each_body_has_its_type(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum body_kind kind;
		enum template_context context;
		const char *text, *filled, *type;
	} cases[] = {
		{BODY_JSON, CONTEXT_JSON, "[#x#]", "[\"<\"]", "application/json"},
		{BODY_XML, CONTEXT_XML, "<a>#x#</a>", "<a>&lt;</a>", "application/xml; charset=utf-8"},
		{BODY_TEXT, CONTEXT_TEXT, "a #x#", "a <", "text/plain; charset=utf-8"},
		{BODY_RAW, CONTEXT_TEXT, "a #x#", "a <", NULL},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		body(f, cases[i].kind, cases[i].context, cases[i].text);
		assert_string_equal(build(f, "{\"x\":\"<\"}"), "ok");
		assert_string_equal(f->request->body.p, cases[i].filled);
		if (cases[i].type)
			assert_string_equal(header_of(f, "content-type"), cases[i].type);
		else
			assert_null(header_of(f, "content-type"));
	}
	f->service.body_kind = BODY_NONE;
	assert_string_equal(build(f, "{}"), "ok");
	assert_int_equal(f->request->body.n, 0);
	assert_string_equal(f->request->body.p, "");
	assert_int_equal(f->request->n_headers, 0);
}

static void overrides_take_the_place_of_the_declared(void **state)
{
	struct fixture *f = *state;
	param(f, "a", "1");
	param(f, "b", "2");
	param(f, "a", "3");
	header(f, "X-A", "1");
	header(f, "x-b", "2");
	form(f, "k", "v");
	const struct header params[] = {{STR("a"), STR("x y")}, {STR("a"), STR("z")}, {STR("A"), STR("4")}};
	const struct header headers[] = {{STR("x-a"), STR("#ani#")}, {STR("X-C"), STR("\r\nc")}};
	f->overrides.params = params;
	f->overrides.n_params = countof(params);
	f->overrides.headers = headers;
	f->overrides.n_headers = countof(headers);
	f->overrides.method = STR("put");
	assert_string_equal(build(f, "{}"), "ok");
	assert_string_equal(f->request->method.p, "PUT");
	assert_string_equal(f->request->url.p, "https://crm.example.com/webhooks?a=x%20y&a=z&b=2&A=4");
	assert_int_equal(f->request->n_headers, 4);
	assert_string_equal(f->request->headers[0].name.p, "x-a");
	assert_string_equal(f->request->headers[0].value.p, "#ani#");
	assert_string_equal(f->request->headers[1].name.p, "x-b");
	assert_string_equal(f->request->headers[2].name.p, "x-c");
	assert_string_equal(f->request->headers[2].value.p, "c");
	assert_string_equal(f->request->body.p, "k=v");
	f->overrides = (struct overrides){.url = STR("http://other/#x"),
					  .has_body = true,
					  .body_kind = BODY_JSON,
					  .body = STR("{\"a\":\"#ani#\"}")};
	assert_string_equal(build(f, "{}"), "ok");
	assert_string_equal(f->request->url.p, "http://other/?a=1&b=2&a=3#x");
	assert_string_equal(f->request->body.p, "{\"a\":\"#ani#\"}");
	assert_string_equal(header_of(f, "content-type"), "application/json");
	f->overrides =
		(struct overrides){.has_body = true, .body_kind = BODY_FORM, .form = params, .n_form = 2};
	assert_string_equal(build(f, "{}"), "ok");
	assert_string_equal(f->request->body.p, "a=x+y&a=z");
}

static void functions_of_the_call_fill_their_rows_in_order(void **state)
{
	struct fixture *f = *state;
	const struct str values[] = {STR("p 1"), STR("p2"), STR("h\n1"), STR("f&1"), STR("f2")};
	const struct header params[] = {{STR("b"), STR("given")}};
	param(f, "a", NULL);
	param(f, "b", NULL);
	header(f, "x-h", NULL);
	form(f, "f", NULL);
	form(f, "g", "#x#");
	form(f, "h", NULL);
	assert_string_equal(build(f, "{\"x\":1}"),
			    "the param is a function of the call, which only a rule can ask");
	f->overrides = (struct overrides){.dynamic = values, .n_dynamic = countof(values)};
	assert_string_equal(build(f, "{\"x\":1}"), "ok");
	assert_string_equal(f->request->url.p, "https://crm.example.com/webhooks?a=p%201&b=p2");
	assert_string_equal(header_of(f, "x-h"), "h 1");
	assert_string_equal(f->request->body.p, "f=f%261&g=1&h=f2");
	f->overrides.params = params;
	f->overrides.n_params = 1;
	assert_string_equal(build(f, "{\"x\":1}"), "ok");
	assert_string_equal(f->request->url.p, "https://crm.example.com/webhooks?a=p%201&b=given");
	assert_string_equal(header_of(f, "x-h"), "h 1");
	f->service.url_dynamic = true;
	assert_string_equal(build(f, "{}"), "the url is a function of the call, which only a rule can ask");
	f->service.url_dynamic = false;
	f->service.body_dynamic = true;
	assert_string_equal(build(f, "{}"), "the form is a function of the call, which only a rule can ask");
	f->service.body_kind = BODY_JSON;
	assert_string_equal(build(f, "{}"), "the body is a function of the call, which only a rule can ask");
}

static void what_no_request_may_have_is_refused(void **state)
{
	struct fixture *f = *state;
	struct header given = {STR("x"), STR("1")};
	f->overrides.headers = &given;
	f->overrides.n_headers = 1;
	const char *ours[] = {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "expect",
			      "te",   "upgrade"};
	for (size_t i = 0; i < countof(ours); i++) {
		char what[128];
		given.name = str_of(ours[i]);
		snprintf(what, sizeof what, "header '%s': this header is the engine's own", ours[i]);
		assert_string_equal(build(f, "{}"), what);
	}
	const char *bad[] = {"", "a b", "a:", "a\r\nb", "é", "(x)"};
	for (size_t i = 0; i < countof(bad); i++) {
		given.name = str_of(bad[i]);
		build(f, "{}");
		assert_non_null(strstr(f->error.what, "this is no name of a header"));
	}
	f->overrides.n_headers = 0;
	f->overrides.method = STR("CONNECT");
	assert_string_equal(build(f, "{}"), "unknown method 'CONNECT'");
	assert_string_equal(f->error.hint, "one of GET POST PUT PATCH DELETE HEAD");
	const char *methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
	body(f, BODY_TEXT, CONTEXT_TEXT, "x");
	for (size_t i = 0; i < countof(methods); i++) {
		f->overrides.method = str_of(methods[i]);
		assert_string_equal(build(f, "{}"), "ok");
		assert_string_equal(f->request->method.p, methods[i]);
		assert_string_equal(f->request->body.p, "x");
	}
}

/* An event whose tag `x` has this many bytes. */
static struct event *long_event(size_t n)
{
	char *data = mem_alloc(n + 16);
	memcpy(data, "{\"x\":\"", 6);
	memset(data + 6, 'a', n);
	memcpy(data + 6 + n, "\"}", 3);
	struct event *event = event_with(data);
	free(data);
	return event;
}

static void sizes_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct event *event = long_event(65535);
	form(f, "x", "#x#");
	assert_int_equal(build_for(f, event), 0);
	assert_int_equal(f->request->body.n, 65537);
	f->service.form.n = 0;
	for (int i = 0; i < 15; i++)
		form(f, "x", "#x#");
	assert_int_equal(build_for(f, event), 0);
	char many[3 * 65 + 1];
	for (int i = 0; i < 65; i++)
		memcpy(many + 3 * i, "#x#", 4);
	body(f, BODY_TEXT, CONTEXT_TEXT, many);
	assert_int_equal(build_for(f, event), -1);
	assert_string_equal(f->error.what, "the body: the filled text is over 4194304 bytes");
	f->service.body_kind = BODY_NONE;
	header(f, "x-a", "#x#");
	assert_int_equal(build_for(f, event), -1);
	assert_non_null(strstr(f->error.what, "header 'x-a': the filled text is over"));
	f->service.headers.n = 0;
	param(f, "q", "#x#");
	assert_int_equal(build_for(f, event), -1);
	assert_non_null(strstr(f->error.what, "param 'q': the filled text is over"));
	event_unref(event);

	/* Only encoding makes it too long. */
	f->service.params.n = 0;
	struct buf text;
	buf_init(&text, 1 << 16);
	buf_str(&text, STR("http://h/"));
	while (text.n < REQUEST_URL_MAX - 8)
		buf_str(&text, STR("\u00e9"));
	f->overrides.url = buf_view(&text);
	assert_string_equal(build(f, "{}"), "the URL is over 8192 bytes");
	buf_clear(&text);
	while (text.n < 40000)
		buf_char(&text, 'a');
	struct header given = {STR("x-a"), buf_view(&text)};
	f->overrides = (struct overrides){.headers = &given, .n_headers = 1};
	assert_string_equal(build(f, "{}"), "header 'x-a': the headers are over 32768 bytes");
	buf_finish(&text);
}

static void many_headers_are_possible(void **state)
{
	struct fixture *f = *state;
	struct header given[200];
	char names[200][16];
	for (size_t i = 0; i < countof(given); i++) {
		snprintf(names[i], sizeof names[i], "x-%zu", i);
		given[i] = (struct header){str_of(names[i]), str_of(names[i])};
	}
	f->overrides = (struct overrides){.headers = given, .n_headers = countof(given)};
	assert_string_equal(build(f, "{}"), "ok");
	assert_int_equal(f->request->n_headers, 200);
	assert_string_equal(header_of(f, "x-199"), "x-199");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_seed_form_goes_out_as_the_receiver_expects_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_seed_json_goes_out_as_typed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_tag_is_told_once_a_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(params_stand_before_the_fragment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_url_is_checked_once_it_is_filled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(headers_are_clean, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_body_has_its_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(overrides_take_the_place_of_the_declared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(functions_of_the_call_fill_their_rows_in_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_no_request_may_have_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sizes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_headers_are_possible, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
