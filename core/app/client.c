#include "app/client.h"

#include "app/problems_print.h"
#include "base/read_file.h"
#include "format/encode.h"
#include "format/json.h"
#include "transport/transport_curl.h"

#include <stdio.h>

enum {
	TIMEOUT_MS = 300000, /* sending many deliveries again takes its time */
	CONNECT_TIMEOUT_MS = 5000,
	REPLY_MAX = 128 << 20,
	TOKEN_FILE_MAX = 64 * 1024,
	REPLY_ARENA_MAX = 1 << 30,
};

struct client_options client_options;

static int fail(const struct error *error, int code)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return code;
}

/* --- the loop --- */

static void ticked(uv_timer_t *timer)
{
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct client *client = container_of(prepare, struct client, prepare);
	timers_run(&client->timers, clock_mono_us(clock_system()));
	int64_t next = timers_next_us(&client->timers);
	if (next == INT64_MAX) {
		uv_timer_stop(&client->tick);
		return;
	}
	int64_t wait_us = next - clock_mono_us(clock_system());
	uv_update_time(&client->loop);
	uv_timer_start(&client->tick, ticked, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
}

static void loop_finish(struct client *client)
{
	transport_destroy(client->transport);
	uv_close((uv_handle_t *)&client->tick, NULL);
	uv_close((uv_handle_t *)&client->prepare, NULL);
	uv_run(&client->loop, UV_RUN_DEFAULT);
	ensure(uv_loop_close(&client->loop) == 0);
	timers_finish(&client->timers);
}

/* The first token of the file, which may have a name before it. */
static int read_token(const char *path, struct buf *out, struct error *reterr)
{
	struct buf text;
	buf_init(&text, TOKEN_FILE_MAX);
	int r = read_file(path, &text, reterr);
	struct str rest = buf_view(&text);
	size_t start = out->n;
	while (r == 0 && rest.n && out->n == start) {
		const char *newline = memchr(rest.p, '\n', rest.n);
		size_t n = newline ? (size_t)(newline - rest.p) : rest.n;
		struct str line = str_trim((struct str){rest.p, n});
		const char *blank = line.n ? memrchr(line.p, ' ', line.n) : NULL;
		if (line.n && line.p[0] != '#')
			buf_add(out, blank ? blank + 1 : line.p,
				line.n - (blank ? (size_t)(blank + 1 - line.p) : 0));
		n += newline != NULL;
		rest.p += n;
		rest.n -= n;
	}
	if (r == 0 && out->n == start)
		r = error_set(reterr, "'%s' holds no token", path);
	if (text.p)
		explicit_bzero(text.p, text.n);
	buf_finish(&text);
	return r;
}

static int find_token(struct client *client, struct error *reterr)
{
	const char *path = client_options.token_file, *token = getenv("SWITCHHOOK_TOKEN");
	struct buf value;
	int r = 0;
	if (!path && !token)
		path = getenv("SWITCHHOOK_TOKEN_FILE");
	if (!path && !token)
		return 0;
	buf_init(&value, TOKEN_FILE_MAX);
	buf_str(&value, STR("Bearer "));
	if (path)
		r = read_token(path, &value, reterr);
	else
		buf_str(&value, str_of(token));
	if (r == 0)
		client->authorization = buf_take(&value, NULL);
	buf_finish(&value);
	return r;
}

int client_init(struct client *client, const char *server)
{
	struct transport_curl_options options = {.user_agent = "switchhook/" VERSION};
	struct error error;
	options.ca_file = client_options.ca_file ? client_options.ca_file : getenv("SWITCHHOOK_CA_FILE");
	*client = (struct client){.server = server ? server : CLIENT_SERVER};
	if (find_token(client, &error))
		return fail(&error, EXIT_USAGE);
	if (transport_curl_global_init()) {
		error_set(&error, "the HTTP client cannot be used");
		return fail(&error, EXIT_NO);
	}
	ensure(uv_loop_init(&client->loop) == 0);
	uv_timer_init(&client->loop, &client->tick);
	uv_prepare_init(&client->loop, &client->prepare);
	uv_prepare_start(&client->prepare, before_sleep);
	timers_init(&client->timers);
	if (transport_curl_create(&client->loop, clock_system(), &client->timers, &options,
				  &client->transport, &error)) {
		loop_finish(client);
		transport_curl_global_finish();
		return fail(&error, EXIT_NO);
	}
	return 0;
}

void client_finish(struct client *client)
{
	loop_finish(client);
	transport_curl_global_finish();
	if (client->authorization)
		explicit_bzero(client->authorization, strlen(client->authorization));
	free(client->authorization);
}

int client_show(const char *server, const char *method, const char *path,
		int (*show)(const struct value *reply, bool json), bool json)
{
	struct client client;
	struct reply reply;
	int code = client_init(&client, server);
	if (code)
		return code;
	code = client_ask(&client, method, path, (struct str){0}, &reply);
	if (code == 0) {
		code = show(&reply.json, json);
		reply_finish(&reply);
	}
	client_finish(&client);
	return code;
}

/* --- a question --- */

struct question {
	struct exchange exchange;
	struct answer *answer;
	uv_loop_t *loop;
};

static void answered(struct exchange *exchange, const struct answer *answer)
{
	struct question *question = container_of(exchange, struct question, exchange);
	question->answer = answer_copy(answer);
	uv_stop(question->loop);
}

static struct answer *exchange(struct client *client, const char *method, const char *path, struct str body)
{
	struct header headers[2] = {{STR("authorization"), str_of(client->authorization)},
				    {STR("content-type"), STR("application/json")}};
	size_t skip = client->authorization == NULL;
	struct buf url;
	buf_init(&url, 64 * 1024);
	buf_str(&url, str_of(client->server));
	if (url.n && url.p[url.n - 1] == '/')
		url.n--;
	buf_str(&url, str_of(path));
	struct request plain = {.method = str_of(method),
				.url = str_of(buf_z(&url)),
				.headers = headers + skip,
				.n_headers = (body.p ? 2 : 1) - skip,
				.body = body.p ? body : STR("")};
	struct request *request = request_copy(&plain);
	struct question question = {.exchange = {.request = request,
						 .timeout_ms = TIMEOUT_MS,
						 .connect_timeout_ms = CONNECT_TIMEOUT_MS,
						 .answer_max = REPLY_MAX,
						 .done = answered},
				    .loop = &client->loop};
	transport_send(client->transport, &question.exchange);
	while (!question.answer)
		uv_run(&client->loop, UV_RUN_DEFAULT);
	free(request);
	buf_finish(&url);
	return question.answer;
}

struct answer *client_fetch(struct client *client, const char *path)
{
	char *authorization = client->authorization;
	client->authorization = NULL;
	struct answer *answer = exchange(client, "GET", path, (struct str){0});
	client->authorization = authorization;
	return answer;
}

/* --- the answer --- */

static bool is_json(const struct answer *answer)
{
	struct str type = answer_header(answer, STR("content-type"));
	return type.p && (str_starts(type, STR("application/json")) ||
			  str_starts(type, STR("application/problem+json")));
}

/* Something else may listen there. */
static bool is_ours(const struct answer *answer)
{
	struct str type = answer_header(answer, STR("content-type"));
	return is_json(answer) || (type.p && str_starts(type, STR("application/x-ndjson")));
}

static int unreachable(const struct client *client, const struct answer *answer)
{
	struct error error;
	error_set(&error, "no engine answers at %s: %s", client->server,
		  answer->detail[0] ? answer->detail : failure_name(answer->failure));
	error_hint(&error, "start one with `switchhook run`, or name its address with --server URL");
	return fail(&error, EXIT_UNREACHABLE);
}

static int say_problem(const struct client *client, const struct reply *reply)
{
	struct error error;
	struct str detail = json_text(&reply->json, "detail"), hint = json_text(&reply->json, "hint");
	int status = reply->answer->status;
	if (detail.n)
		error_set(&error, "%s%s" STR_FMT, client->about ? client->about : "",
			  client->about ? ": " : "", STR_ARG(detail));
	else
		error_set(&error, "%s answers with status %d; is it an engine?", client->server, status);
	if (status == 401 || status == 403)
		error_hint(&error, "name a file with an operator's token: --token-file FILE, or "
				   "$SWITCHHOOK_TOKEN_FILE");
	else if (hint.n)
		error_hint(&error, STR_FMT, STR_ARG(hint));
	return fail(&error, status == 400 ? EXIT_USAGE : EXIT_NO);
}

static int read_reply(const struct client *client, struct answer *answer, struct reply *ret)
{
	struct error error;
	*ret = (struct reply){.answer = answer};
	arena_init(&ret->arena, REPLY_ARENA_MAX);
	struct json_limits limits = {.depth = 100, .values = 20 << 20};
	if (!is_json(answer))
		return 0;
	if (answer->cut)
		error_set(&error, "the answer is longer than %d MiB; ask for less", REPLY_MAX >> 20);
	else if (json_parse(answer->body, limits, &ret->arena, &ret->json, &error) == 0)
		return 0;
	else
		error_prefix(&error, "%s answers with broken JSON", client->server);
	reply_finish(ret);
	return fail(&error, EXIT_NO);
}

static bool has_answer(const struct answer *answer)
{
	return answer->status && (answer->failure == FAILURE_NONE || answer->failure == FAILURE_STATUS);
}

/* `silent`: a status that is not said; its reply is the caller's as a good one is. */
static int ask(struct client *client, const char *method, const char *path, struct str body, int silent,
	       struct reply *ret)
{
	struct answer *answer = exchange(client, method, path, body);
	int code;
	if (!has_answer(answer)) {
		code = unreachable(client, answer);
		free(answer);
		return code;
	}
	if ((code = read_reply(client, answer, ret)))
		return code;
	if (answer->status == silent || (answer->status < 300 && is_ours(answer)))
		return 0;
	code = say_problem(client, ret);
	reply_finish(ret);
	return code;
}

int client_ask(struct client *client, const char *method, const char *path, struct str body,
	       struct reply *ret)
{
	return ask(client, method, path, body, 0, ret);
}

int client_look(struct client *client, const char *path, bool *ret_found, struct reply *ret)
{
	struct reply reply;
	int code = ask(client, "GET", path, (struct str){0}, 404, &reply);
	if (code)
		return code;
	*ret_found = reply.answer->status != 404;
	if (*ret_found)
		*ret = reply;
	else
		reply_finish(&reply);
	return 0;
}

void reply_finish(struct reply *reply)
{
	free(reply->answer);
	arena_finish(&reply->arena);
}

/* --- paths --- */

void path_add(struct buf *path, const char *text)
{
	encode_percent(path, str_of(text));
}

void path_query(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", memchr(path->p, '?', path->n) ? '&' : '?', name);
	encode_percent(path, str_of(value));
}

/* --- reading replies --- */

struct str json_text(const struct value *object, const char *key)
{
	const struct value *value = value_get(object, str_of(key));
	struct str text;
	return value && value->kind != VALUE_NULL && value_text(value, &text) ? text : STR("");
}

int64_t json_number(const struct value *object, const char *key)
{
	const struct value *value = value_get(object, str_of(key));
	return value && value->kind == VALUE_NUMBER ? strtoll(value->text.p, NULL, 10) : 0;
}

bool json_true(const struct value *object, const char *key)
{
	const struct value *value = value_get(object, str_of(key));
	return value && value->kind == VALUE_TRUE;
}

const struct value *json_array(const struct value *object, const char *key)
{
	static const struct value empty = {.kind = VALUE_ARRAY};
	const struct value *value = value_get(object, str_of(key));
	return value && value->kind == VALUE_ARRAY ? value : &empty;
}

void print_json_line(const struct value *value)
{
	struct buf line;
	buf_init(&line, REPLY_MAX);
	json_write(&line, value);
	buf_char(&line, '\n');
	fwrite(line.p, 1, line.n, stdout);
	buf_finish(&line);
}

struct str short_time(struct str time, char text[32])
{
	if (time.n < 19)
		return time;
	snprintf(text, 32, "%.10s %.8s", time.p, time.p + 11);
	return str_of(text);
}
