#include "unit.h"

#include "format/crypto.h"
#include "format/webhook_signature.h"

/* The example of the Standard Webhooks libraries. */
static const struct webhook_message example = {
	{"msg_p5jXN8AQM9LWM0D4loKWxJek", 28}, 1614265330, {"{\"test\": 2432232314}", 20}};
#define EXAMPLE_KEY STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

/* RFC 8032, section 7.1, test 3: the seed, its public key, and both in base64. */
#define PRIVATE_KEY STR("whsk_xaqN9D+fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc=")
#define PUBLIC_KEY  STR("whpk_/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=")

static char *sign(struct str key, const struct webhook_message *message)
{
	struct buf out;
	struct error error;
	buf_init(&out, 1024);
	if (webhook_sign(key, message, &out, &error))
		fail_msg("%s", error.what);
	return buf_take(&out, NULL);
}

static void the_specifications_example_has_its_signature(void **state)
{
	char *signature = sign(EXAMPLE_KEY, &example);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_true(webhook_verify(EXAMPLE_KEY, &example, str_of(signature)));
	free(signature);
}

static void a_key_without_its_prefix_is_the_same_key(void **state)
{
	char *signature = sign(STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &example);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	free(signature);
}

static void ed25519_is_that_of_rfc_8032(void **state)
{
	static const unsigned char expected[] = {
		0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a,
		0xbe, 0x01, 0xa3, 0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36,
		0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac, 0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2,
		0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59, 0x4a, 0x7c, 0x15, 0xe9,
		0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a};
	unsigned char code[ED25519_BYTES];
	struct str key = PRIVATE_KEY;
	struct buf seed;
	struct error error;
	buf_init(&seed, 100);
	key.p += 5;
	key.n -= 5;
	assert_true(base64_read(&seed, key));
	assert_int_equal(ed25519_sign(buf_view(&seed), STR("\xaf\x82"), code, &error), 0);
	assert_memory_equal(code, expected, sizeof expected);
	buf_finish(&seed);
}

static void an_asymmetric_signature_is_verified_with_the_public_key_alone(void **state)
{
	char *signature = sign(PRIVATE_KEY, &example);
	struct webhook_message other = example;
	assert_memory_equal(signature, "v1a,", 4);
	assert_true(webhook_verify(PUBLIC_KEY, &example, str_of(signature)));
	assert_false(webhook_verify(PRIVATE_KEY, &example, str_of(signature)));
	other.timestamp_s++;
	assert_false(webhook_verify(PUBLIC_KEY, &other, str_of(signature)));
	free(signature);
}

static void one_of_several_signatures_is_enough(void **state)
{
	struct str several =
		STR("v1,AAAA v2,nonsense v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,AAAA");
	assert_true(webhook_verify(EXAMPLE_KEY, &example, several));
	assert_false(webhook_verify(STR("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &example, several));
	assert_false(webhook_verify(EXAMPLE_KEY, &example, STR("")));
	assert_false(
		webhook_verify(EXAMPLE_KEY, &example, STR("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
}

static void what_is_no_key_is_told_without_showing_it(void **state)
{
	static const char *const wrong[] = {"whsec_no base64", "whsk_AAAA", "", "whsec_", "whsec_AAA"};
	for (size_t i = 0; i < countof(wrong); i++) {
		struct error error;
		struct buf out;
		buf_init(&out, 1024);
		assert_int_equal(webhook_sign(str_of(wrong[i]), &example, &out, &error), -1);
		assert_null(strstr(error.what, "AAA"));
		assert_int_equal(webhook_key_check(str_of(wrong[i]), &error), -1);
		buf_finish(&out);
	}
	struct error error;
	struct buf out;
	buf_init(&out, 1024);
	assert_int_equal(webhook_sign(PUBLIC_KEY, &example, &out, &error), -1);
	buf_finish(&out);
}

static void base64_is_strict(void **state)
{
	static const char *const wrong[] = {"A", "AA", "AAA", "AA A", "A=AA", "====", "AAAA=", "AA==AA=="};
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < countof(wrong); i++)
		assert_false(base64_read(&out, str_of(wrong[i])));
	buf_clear(&out);
	assert_true(base64_read(&out, STR("Zm9vYg==")));
	assert_str(buf_view(&out), "foob");
	buf_clear(&out);
	base64url_add(&out, STR("\xff\xfe\xfd?>"));
	assert_str(buf_view(&out), "__79Pz4");
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_specifications_example_has_its_signature),
		cmocka_unit_test(a_key_without_its_prefix_is_the_same_key),
		cmocka_unit_test(ed25519_is_that_of_rfc_8032),
		cmocka_unit_test(an_asymmetric_signature_is_verified_with_the_public_key_alone),
		cmocka_unit_test(one_of_several_signatures_is_enough),
		cmocka_unit_test(what_is_no_key_is_told_without_showing_it),
		cmocka_unit_test(base64_is_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
