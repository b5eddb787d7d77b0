#include "identity/oauth2.h"

#include "format/crypto.h"
#include "format/encode.h"
#include "format/json.h"
#include "identity/credential.h"
#include "identity/wire.h"

enum {
	BODY_MAX = 256 * 1024,
	ANSWER_ARENA_MAX = 4 << 20,
	TOKEN_MAX = 32 * 1024,
	LIFETIME_UNSAID_MS = 300 * 1000, /* when the server does not say how long */
	LIFETIME_MAX_S = 365 * 24 * 3600,
};

struct asking {
	const struct auth *auth;
	const struct secrets *secrets;
	struct buf body, url, basic;
	struct error *reterr;
};

static void add_text(struct asking *asking, const char *name, struct str value)
{
	if (asking->body.n)
		buf_char(&asking->body, '&');
	encode_form(&asking->body, str_of(name));
	buf_char(&asking->body, '=');
	encode_form(&asking->body, value);
}

static int add_template(struct asking *asking, const char *name, const struct template *value)
{
	struct buf text;
	if (!value->n)
		return 0;
	buf_init(&text, BODY_MAX);
	int r = secrets_fill(asking->secrets, value, &text, NULL, asking->reterr);
	if (r == 0)
		add_text(asking, name, buf_view(&text));
	secret_wipe(&text);
	return r;
}

static int add_assertion(struct asking *asking, int64_t now_ms)
{
	struct buf text;
	buf_init(&text, BODY_MAX);
	int r = jwt_of(&asking->auth->oauth2.assertion, asking->secrets, now_ms, &text, NULL, asking->reterr);
	if (r == 0)
		add_text(asking, "assertion", buf_view(&text));
	secret_wipe(&text);
	return r;
}

static int add_grant(struct asking *asking, struct str refresh_token, int64_t now_ms)
{
	const struct oauth2 *oauth2 = &asking->auth->oauth2;
	switch (oauth2->grant) {
	case GRANT_CLIENT:
		add_text(asking, "grant_type", STR("client_credentials"));
		return 0;
	case GRANT_PASSWORD:
		add_text(asking, "grant_type", STR("password"));
		return add_template(asking, "username", &oauth2->user) < 0
			       ? -1
			       : add_template(asking, "password", &oauth2->password);
	case GRANT_REFRESH:
		add_text(asking, "grant_type", STR("refresh_token"));
		if (!refresh_token.n)
			return add_template(asking, "refresh_token", &oauth2->refresh_token);
		add_text(asking, "refresh_token", refresh_token);
		return 0;
	case GRANT_JWT:
		add_text(asking, "grant_type", STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
		return add_assertion(asking, now_ms);
	}
	return -1;
}

/* RFC 6749, section 2.3.1: both parts are encoded as in a form before they become Basic. */
static int add_encoded(struct asking *asking, const struct template *value, struct buf *out)
{
	struct buf text;
	buf_init(&text, BODY_MAX);
	int r = secrets_fill(asking->secrets, value, &text, NULL, asking->reterr);
	if (r == 0)
		encode_form(out, buf_view(&text));
	secret_wipe(&text);
	return r;
}

static int add_client(struct asking *asking)
{
	const struct oauth2 *oauth2 = &asking->auth->oauth2;
	if (oauth2->client_in_body || !oauth2->client_secret.n)
		return add_template(asking, "client_id", &oauth2->client_id) < 0
			       ? -1
			       : add_template(asking, "client_secret", &oauth2->client_secret);
	struct buf pair;
	buf_init(&pair, BODY_MAX);
	int r = add_encoded(asking, &oauth2->client_id, &pair);
	buf_char(&pair, ':');
	if (r == 0)
		r = add_encoded(asking, &oauth2->client_secret, &pair);
	if (r == 0) {
		buf_str(&asking->basic, STR("Basic "));
		base64_add(&asking->basic, buf_view(&pair));
	}
	secret_wipe(&pair);
	return r;
}

static int fill(struct asking *asking, struct str refresh_token, int64_t now_ms)
{
	const struct oauth2 *oauth2 = &asking->auth->oauth2;
	if (secrets_fill(asking->secrets, &oauth2->token_url, &asking->url, NULL, asking->reterr) < 0 ||
	    add_grant(asking, refresh_token, now_ms) < 0 || add_client(asking) < 0)
		return -1;
	for (size_t i = 0; i < oauth2->n_fields; i++) {
		if (add_template(asking, oauth2->fields[i].name.p, &oauth2->fields[i].value) < 0)
			return -1;
	}
	if (asking->body.overflow || asking->url.overflow)
		return error_set(asking->reterr, "the request for a token is over %d KiB", BODY_MAX / 1024);
	return 0;
}

int oauth2_request(const struct auth *auth, const struct secrets *secrets, struct str refresh_token,
		   int64_t now_ms, struct request **ret, struct error *reterr)
{
	struct asking asking = {.auth = auth, .secrets = secrets, .reterr = reterr};
	buf_init(&asking.body, BODY_MAX);
	buf_init(&asking.url, BODY_MAX);
	buf_init(&asking.basic, BODY_MAX);
	int r = fill(&asking, refresh_token, now_ms);
	if (r == 0) {
		struct header headers[] = {
			{STR("content-type"), STR("application/x-www-form-urlencoded")},
			{STR("accept"), STR("application/json")},
			{STR("authorization"), buf_view(&asking.basic)},
		};
		struct request request = {
			.method = STR("POST"),
			.url = buf_view(&asking.url),
			.headers = headers,
			.n_headers = asking.basic.n ? 3 : 2,
			.body = buf_view(&asking.body),
		};
		*ret = request_copy(&request);
	}
	secret_wipe(&asking.body);
	secret_wipe(&asking.url);
	secret_wipe(&asking.basic);
	return r;
}

/* --- the answer --- */

static struct str text_of(const struct value *object, const char *key)
{
	const struct value *value = value_get(object, str_of(key));
	return value && value->kind == VALUE_STRING ? value->text : (struct str){0};
}

static int64_t lifetime_ms(const struct value *object)
{
	double seconds;
	const struct value *value = value_get(object, STR("expires_in"));
	if (!value || !value_number(value, &seconds) || !(seconds >= 0))
		return LIFETIME_UNSAID_MS;
	return (int64_t)((seconds > LIFETIME_MAX_S ? LIFETIME_MAX_S : seconds) * 1000);
}

/* "invalid_client": a word of RFC 6749, section 5.2; what else a server says there could hold anything. */
static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || c == '_'))
			return false;
	}
	return s.n > 0 && s.n <= 40;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	}
	return s.n > 0 && s.n <= TOKEN_MAX;
}

static int refused(const struct answer *answer, const struct value *said, struct error *reterr)
{
	struct str word = text_of(said, "error");
	if (!answer->status)
		return error_set(reterr, "%s: %s", failure_name(answer->failure), answer->detail);
	if (is_word(word))
		return error_set(reterr, "it answered with status %d, " STR_FMT, answer->status,
				 STR_ARG(word));
	return error_set(reterr, "it answered with status %d", answer->status);
}

int oauth2_answer(const struct answer *answer, struct oauth2_token *ret, struct error *reterr)
{
	struct arena arena;
	struct value said = {.kind = VALUE_NULL};
	arena_init(&arena, ANSWER_ARENA_MAX);
	if (!answer->status || answer->cut ||
	    json_parse(answer->body, (struct json_limits){0}, &arena, &said, NULL) < 0)
		said = (struct value){.kind = VALUE_NULL};
	struct str access = text_of(&said, "access_token"), refresh = text_of(&said, "refresh_token"),
		   type = text_of(&said, "token_type");
	int r = 0;
	if (answer->failure != FAILURE_NONE)
		r = refused(answer, &said, reterr);
	else if (said.kind != VALUE_OBJECT)
		r = error_set(reterr, "its answer is no JSON object");
	else if (!is_token(access))
		r = error_set(reterr, "its answer has no access_token");
	else if (type.p && !str_eq_nocase(type, STR("bearer")))
		r = error_set(reterr, "its token is not of the type Bearer");
	if (r == 0)
		*ret = (struct oauth2_token){
			.access = mem_strndup(access.p, access.n),
			.refresh = is_token(refresh) ? mem_strndup(refresh.p, refresh.n) : NULL,
			.expires_ms = lifetime_ms(&said),
		};
	arena_finish(&arena);
	return r;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void oauth2_token_wipe(struct oauth2_token *token)
{
	wipe(token->access);
	wipe(token->refresh);
	*token = (struct oauth2_token){0};
}
