#include "unit.h"

#include "format/exchange_text.h"
#include "format/secret_mark.h"
#include "format/webhook_signature.h"
#include "identity/wire.h"

#include <stdio.h>
#include <unistd.h>

/* A folder of secrets that goes away with the test. */
struct place {
	char folder[64];
	struct secrets *secrets;
};

static void put(struct place *place, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", place->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void place_open(struct place *place)
{
	strcpy(place->folder, "/tmp/wire-test-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	place->secrets = secrets_create(place->folder);
	put(place, "key", "K\"1 &<\n");
	put(place, "path", "T1/B2");
}

static void place_close(struct place *place)
{
	static const char *const names[] = {"key", "path", "big", "two", "whsec"};
	char path[128];
	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof path, "%s/%s", place->folder, names[i]);
		unlink(path);
	}
	rmdir(place->folder);
	secrets_destroy(place->secrets);
}

static void mark(struct buf *out, const char *name)
{
	secret_mark_add(out, ESCAPE_NONE, str_of(name));
}

/* A request with a secret in each part, masked. */
static struct request *masked(enum body_kind body)
{
	struct buf url, value, text;
	struct request *ret;
	struct error error;
	buf_init(&url, 1000);
	buf_init(&value, 1000);
	buf_init(&text, 1000);
	buf_str(&url, STR("https://h/"));
	mark(&url, "path");
	buf_str(&url, STR("?k="));
	mark(&url, "key");
	buf_str(&value, STR("a "));
	mark(&value, "path");
	buf_str(&text, STR("{\"k\":\""));
	mark(&text, "key");
	buf_str(&text, STR("\",\"stars\":\"***\"}"));
	struct header header = {STR("x-key"), buf_view(&value)};
	struct request request = {STR("POST"), buf_view(&url), &header, 1, buf_view(&text), NULL, 0, 0};
	if (request_mask(&request, body, &ret, &error))
		fail_msg("%s", error.what);
	buf_finish(&url);
	buf_finish(&value);
	buf_finish(&text);
	return ret;
}

static const struct service plain;

static void make(const struct place *place, const struct request *request, struct wire *wire)
{
	struct wire_order order = {
		.request = request, .service = &plain, .id = STR("msg_1"), .secrets = place->secrets};
	struct error error;
	if (wire_make(&order, wire, &error))
		fail_msg("%s", error.what);
}

static void what_is_kept_shows_stars_and_what_goes_out_the_secret(void **state)
{
	struct place place;
	struct request *request = masked(BODY_JSON);
	struct wire wire;
	place_open(&place);
	assert_str(request->url, "https://h/***?k=***");
	assert_str(request->headers[0].value, "a ***");
	assert_str(request->body, "{\"k\":\"***\",\"stars\":\"***\"}");
	make(&place, request, &wire);
	assert_str(wire.request->url, "https://h/T1/B2?k=K%221%20%26%3C");
	assert_str(wire.request->headers[0].value, "a T1/B2");
	assert_str(wire.request->body, "{\"k\":\"K\\\"1 &<\",\"stars\":\"***\"}");
	wire_finish(&wire);
	free(request);
	place_close(&place);
}

static void the_place_says_how_a_secret_is_written(void **state)
{
	static const struct {
		enum body_kind kind;
		const char *written;
	} places[] = {{BODY_FORM, "{\"k\":\"K%221+%26%3C\",\"stars\":\"***\"}"},
		      {BODY_XML, "{\"k\":\"K&quot;1 &amp;&lt;\",\"stars\":\"***\"}"},
		      {BODY_TEXT, "{\"k\":\"K\"1 &<\",\"stars\":\"***\"}"}};
	struct place place;
	place_open(&place);
	for (size_t i = 0; i < countof(places); i++) {
		struct request *request = masked(places[i].kind);
		struct wire wire;
		make(&place, request, &wire);
		assert_str(wire.request->body, places[i].written);
		wire_finish(&wire);
		free(request);
	}
	place_close(&place);
}

static void a_changed_file_is_what_the_next_attempt_sends(void **state)
{
	struct place place;
	struct request *request = masked(BODY_JSON);
	struct wire wire;
	place_open(&place);
	make(&place, request, &wire);
	wire_finish(&wire);
	put(&place, "path", "new");
	make(&place, request, &wire);
	assert_str(wire.request->headers[0].value, "a new");
	wire_finish(&wire);
	free(request);
	place_close(&place);
}

static void the_journals_text_keeps_the_places(void **state)
{
	struct request *request = masked(BODY_JSON), *again;
	struct buf text;
	buf_init(&text, 10000);
	request_to_text(&text, request);
	assert_non_null(strstr(buf_z(&text), "\n:secret: body 0 6 json key\n\n{"));
	again = request_from_text(buf_view(&text));
	assert_non_null(again);
	assert_int_equal(again->n_slots, 4);
	assert_int_equal(again->slots[3].at, 6);
	assert_int_equal(again->slots[3].escape, ESCAPE_JSON_STRING);
	assert_str(again->slots[3].name, "key");
	assert_int_equal(again->n_headers, 1);
	/* A place where no stars stand is none of ours. */
	char *at = strstr(text.p, "body 0 6 json");
	at[7] = '7';
	assert_null(request_from_text(buf_view(&text)));
	free(again);
	free(request);
	buf_finish(&text);
}

static void no_event_can_bring_a_secret_along(void **state)
{
	struct request request = {STR("POST"),
				  STR("http://h/"),
				  NULL,
				  0,
				  STR("#secret:key# Zs0000000000000000A6b65790aZ"),
				  NULL,
				  0,
				  0};
	struct request *ret;
	struct error error;
	assert_int_equal(request_mask(&request, BODY_TEXT, &ret, &error), 0);
	assert_int_equal(ret->n_slots, 0);
	assert_str(ret->body, "#secret:key# Zs0000000000000000A6b65790aZ");
	free(ret);
}

static void a_secret_cannot_choose_the_host(void **state)
{
	struct request request = {.method = STR("GET"), .body = STR("")}, *ret;
	struct error error;
	struct buf url;
	buf_init(&url, 1000);
	buf_str(&url, STR("https://"));
	mark(&url, "key");
	buf_str(&url, STR(".example.com/"));
	request.url = buf_view(&url);
	assert_int_equal(request_mask(&request, BODY_NONE, &ret, &error), -1);
	assert_non_null(strstr(error.what, "host"));
	buf_finish(&url);
}

static void each_wrong_secret_says_what_is_wrong(void **state)
{
	struct place place;
	struct error error;
	struct buf out;
	place_open(&place);
	buf_init(&out, 1 << 20);
	assert_int_equal(secrets_read(place.secrets, STR("none"), &out, &error), -1);
	assert_string_equal(error.what, "the secret 'none' is missing");
	assert_non_null(strstr(error.hint, "SWITCHHOOK_SECRET_NONE"));
	assert_int_equal(secrets_read(place.secrets, STR("../wire"), &out, &error), -1);
	put(&place, "two", "\n");
	assert_int_equal(secrets_read(place.secrets, STR("two"), &out, &error), -1);
	assert_string_equal(error.what, "the secret 'two' is empty");
	FILE *big = fopen(strcat(strcpy((char[128]){0}, place.folder), "/big"), "w");
	for (int i = 0; i < 70000; i++)
		fputc('a', big);
	fclose(big);
	assert_int_equal(secrets_read(place.secrets, STR("big"), &out, &error), -1);
	assert_string_equal(error.what, "the secret 'big' is over 64 KiB");
	setenv("SWITCHHOOK_SECRET_OF_THE_ENV", "yes", 1);
	buf_clear(&out);
	assert_int_equal(secrets_read(place.secrets, STR("of-the.env"), &out, &error), 0);
	assert_str(buf_view(&out), "yes");
	unsetenv("SWITCHHOOK_SECRET_OF_THE_ENV");
	buf_finish(&out);
	place_close(&place);
}

static void a_line_break_in_a_header_is_refused(void **state)
{
	struct place place;
	struct request *request = masked(BODY_JSON);
	struct wire_order order = {.request = request, .service = &plain, .id = STR("msg_1")};
	struct wire wire;
	struct error error;
	place_open(&place);
	put(&place, "path", "a\r\nX-Evil: 1");
	order.secrets = place.secrets;
	assert_int_equal(wire_make(&order, &wire, &error), -1);
	assert_string_equal(
		error.what,
		"the secret 'path': holds a line break or a control character and stands in a header");
	free(request);
	place_close(&place);
}

static void an_echo_of_the_secret_is_hidden(void **state)
{
	struct place place;
	struct request *request = masked(BODY_JSON);
	struct wire wire;
	struct header header = {STR("x-echo"), STR("a T1/B2")};
	struct answer answer = {.status = 200,
				.headers = &header,
				.n_headers = 1,
				.body = STR("you sent T1/B2, k=K%221%20%26%3C.")};
	place_open(&place);
	make(&place, request, &wire);
	struct answer *hidden = wire_hide(&wire, &answer);
	assert_non_null(hidden);
	assert_str(hidden->body, "you sent *****, k=**************.");
	assert_str(hidden->headers[0].value, "a *****");
	free(hidden);
	answer.body = STR("fine");
	answer.n_headers = 0;
	assert_null(wire_hide(&wire, &answer));
	wire_finish(&wire);
	free(request);
	place_close(&place);
}

static void the_signature_is_of_what_really_goes_out(void **state)
{
	struct place place;
	struct request *request = masked(BODY_JSON);
	struct signing sign = {.n_keys = 2};
	struct template_part part = {0};
	struct service service = {.sign = &sign};
	struct wire wire;
	struct error error;
	struct buf name;
	place_open(&place);
	put(&place, "whsec", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	buf_init(&name, 100);
	mark(&name, "whsec");
	part.literal = buf_view(&name);
	sign.keys[0] = sign.keys[1] = (struct template){&part, 1};
	struct wire_order order = {request, &service, STR("msg_1"), {0}, 1614265330999, place.secrets};
	assert_int_equal(wire_make(&order, &wire, &error), 0);
	assert_int_equal(wire.n_extra, 2);
	assert_str(wire.extra[0].value, "1614265330");
	struct webhook_message message = {STR("msg_1"), 1614265330, wire.request->body};
	assert_true(
		webhook_verify(STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &message, wire.extra[1].value));
	const char *first = wire.extra[1].value.p, *blank = strchr(first, ' ');
	assert_non_null(blank);
	assert_memory_equal(first, blank + 1, (size_t)(blank - first));
	wire_finish(&wire);
	order.secrets = NULL;
	assert_int_equal(wire_make(&order, &wire, &error), 0);
	assert_null(wire.request);
	assert_str(wire.extra[1].value, "v1,*** v1,***");
	wire_finish(&wire);
	buf_finish(&name);
	free(request);
	place_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_shows_stars_and_what_goes_out_the_secret),
		cmocka_unit_test(the_place_says_how_a_secret_is_written),
		cmocka_unit_test(a_changed_file_is_what_the_next_attempt_sends),
		cmocka_unit_test(the_journals_text_keeps_the_places),
		cmocka_unit_test(no_event_can_bring_a_secret_along),
		cmocka_unit_test(a_secret_cannot_choose_the_host),
		cmocka_unit_test(each_wrong_secret_says_what_is_wrong),
		cmocka_unit_test(a_line_break_in_a_header_is_refused),
		cmocka_unit_test(an_echo_of_the_secret_is_hidden),
		cmocka_unit_test(the_signature_is_of_what_really_goes_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
