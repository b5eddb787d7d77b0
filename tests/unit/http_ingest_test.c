#include "http_talk.h"

#include "source/http_ingest.h"

/* In the engine's place: keeps what it is given until the test lets it go. */
static struct acceptance *given[8];
static size_t n_given;
static bool holds, refuses;

bool engine_accept(struct engine *engine, struct acceptance *acceptance)
{
	given[n_given++] = acceptance;
	return false;
}

static void let_go(void)
{
	for (size_t i = 0; i < n_given; i++) {
		struct acceptance *acceptance = given[i];
		acceptance->refused = refuses;
		acceptance->retry_after_s = refuses ? 7 : 0;
		if (refuses)
			error_set(&acceptance->error, "too much is pending");
		acceptance->duplicates[0] = !refuses;
		acceptance->n_duplicates = refuses ? 0 : 1;
		mailbox_post(acceptance->reply_to, &acceptance->message);
	}
	n_given = 0;
}

struct fixture {
	struct talk talk;
	struct mailbox mailbox;
	struct log log;
	struct http_server *server;
	struct http_ingest *ingest;
	bool closed;
};

static void between(struct talk *talk)
{
	struct fixture *f = container_of(talk, struct fixture, talk);
	if (!holds)
		let_go();
	mailbox_drain(&f->mailbox);
}

static void do_not_wake(void *context)
{
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	struct http_server_options options = {.address = "127.0.0.1"};
	holds = refuses = false;
	f->log = (struct log){.fd = -1};
	uv_loop_init(&f->talk.loop);
	mailbox_init(&f->mailbox, do_not_wake, NULL);
	buf_init(&f->talk.answer, 1024 * 1024);
	f->talk.between = between;
	assert_int_equal(http_server_create(&f->talk.loop, &options, &f->server, NULL), 0);
	f->talk.port = http_server_port(f->server);
	f->ingest = http_ingest_create(f->server, NULL, &f->mailbox, clock_system(), &f->log);
	*state = f;
	return 0;
}

static void on_closed(void *context)
{
	((struct fixture *)context)->closed = true;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	http_server_destroy(f->server, on_closed, f);
	http_ingest_destroy(f->ingest);
	while (!f->closed)
		uv_run(&f->talk.loop, UV_RUN_ONCE);
	let_go();
	mailbox_drain(&f->mailbox);
	mailbox_finish(&f->mailbox);
	assert_int_equal(uv_loop_close(&f->talk.loop), 0);
	buf_finish(&f->talk.answer);
	free(f);
	return 0;
}

#define TWO_EVENTS                                                                   \
	"[{\"specversion\":\"1.0\",\"id\":\"a\",\"type\":\"t\",\"source\":\"s\"},\n" \
	"{\"specversion\":\"1.0\",\"id\":\"\\\"b\\\"\",\"type\":\"t\",\"source\":\"s\"}]"

static void send_json(struct fixture *f, int fd, const char *body)
{
	struct buf text;
	buf_init(&text, 65536);
	buf_printf(&text,
		   "POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: "
		   "application/json\r\n"
		   "Content-Length: %zu\r\n\r\n%s",
		   strlen(body), body);
	say(fd, buf_view(&text));
	buf_finish(&text);
}

static const char *post(struct fixture *f, const char *body)
{
	int fd = dial(&f->talk);
	send_json(f, fd, body);
	hear_until(&f->talk, fd, NULL, 0);
	close(fd);
	return buf_z(&f->talk.answer);
}

static void accepted_events_are_answered_with_their_ids(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, TWO_EVENTS);
	assert_status(answer, 202);
	assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
	assert_non_null(
		strstr(answer, "\r\n\r\n{\"accepted\":1,\"duplicates\":1,\"ids\":[\"a\",\"\\\"b\\\"\"]}"));
}

static void refused_events_are_told_to_come_again(void **state)
{
	struct fixture *f = *state;
	refuses = true;
	const char *answer = post(f, TWO_EVENTS);
	assert_problem(answer, 503);
	assert_non_null(strstr(answer, "Retry-After: 7\r\n"));
	assert_non_null(strstr(answer, "too much is pending"));
}

static void an_empty_batch_is_accepted(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, "[]");
	assert_status(answer, 202);
	assert_non_null(strstr(answer, "{\"accepted\":0,\"duplicates\":0,\"ids\":[]}"));
}

static void bad_json_is_refused_with_its_place(void **state)
{
	struct fixture *f = *state;
	const char *answer = post(f, "{\n,}");
	assert_problem(answer, 400);
	assert_non_null(strstr(answer, "\"line\":2,\"column\":1"));
}

static void binary_mode_and_the_short_form_find_their_way(void **state)
{
	struct fixture *f = *state;
	assert_status(
		ask(&f->talk, STR("POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nce-id: b1\r\n"
				  "CE-Type: t\r\nce-source: s\r\nce-specversion: 1.0\r\n"
				  "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")),
		202);
	assert_non_null(strstr(buf_z(&f->talk.answer), "[\"b1\"]"));
	assert_status(ask(&f->talk,
			  STR("GET /v1/events/a%2Fb?source=/queues/1&event_id=g%201 HTTP/1.1\r\nHost: a\r\n"
			      "Connection: close\r\n\r\n")),
		      202);
	assert_non_null(strstr(buf_z(&f->talk.answer), "[\"g 1\"]"));
}

static void head_changes_nothing(void **state)
{
	struct fixture *f = *state;
	assert_status(ask(&f->talk,
			  STR("HEAD /v1/events/t?source=s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
		      405);
}

static void a_peer_that_went_away_harms_nothing(void **state)
{
	struct fixture *f = *state;
	holds = true;
	int fd = dial(&f->talk);
	send_json(f, fd, TWO_EVENTS);
	turn_while(&f->talk, n_given == 0);
	close(fd);
	holds = false;
	assert_status(ask(&f->talk, STR("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
		      200);
	assert_non_null(strstr(buf_z(&f->talk.answer), "{\"status\":\"ok\"}"));
}

static void an_acceptance_may_outlive_the_ingest(void **state)
{
	struct fixture *f = *state;
	holds = true;
	int fd = dial(&f->talk);
	send_json(f, fd, TWO_EVENTS);
	turn_while(&f->talk, n_given == 0);
	close(fd);
}

static void a_closed_ingest_answers_503(void **state)
{
	struct fixture *f = *state;
	http_ingest_close(f->ingest);
	const char *answer = post(f, TWO_EVENTS);
	assert_problem(answer, 503);
	assert_non_null(strstr(answer, "Retry-After: "));
}

#define served(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		served(accepted_events_are_answered_with_their_ids),
		served(refused_events_are_told_to_come_again),
		served(an_empty_batch_is_accepted),
		served(bad_json_is_refused_with_its_place),
		served(binary_mode_and_the_short_form_find_their_way),
		served(head_changes_nothing),
		served(a_peer_that_went_away_harms_nothing),
		served(an_acceptance_may_outlive_the_ingest),
		served(a_closed_ingest_answers_503),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
