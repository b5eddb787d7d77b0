#include "unit.h"

#include "source/ndjson_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	uv_loop_t loop;
	struct mailbox mailbox;
	uv_async_t wake;
	struct log log;
	char path[64], log_path[64];
	struct buf log_text;
	struct ndjson_source *source;
	bool finished;
};

/* In the engine's place. */
static size_t batches, largest, refuse_first;
static struct buf ids;

bool engine_accept(struct engine *engine, struct acceptance *acceptance)
{
	batches++;
	largest = acceptance->n > largest ? acceptance->n : largest;
	acceptance->refused = refuse_first > 0;
	refuse_first -= acceptance->refused;
	for (size_t i = 0; !acceptance->refused && i < acceptance->n; i++) {
		buf_str(&ids, acceptance->events[i]->id);
		buf_char(&ids, ' ');
	}
	mailbox_post(acceptance->reply_to, &acceptance->message);
	return false;
}

static void on_async(uv_async_t *async)
{
	mailbox_drain(async->data);
}

static void wake(void *context)
{
	uv_async_send(context);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	batches = largest = refuse_first = 0;
	buf_init(&ids, 1024 * 1024);
	uv_loop_init(&f->loop);
	uv_async_init(&f->loop, &f->wake, on_async);
	f->wake.data = &f->mailbox;
	mailbox_init(&f->mailbox, wake, &f->wake);
	strcpy(f->path, "/tmp/ndjson_source_XXXXXX");
	strcpy(f->log_path, "/tmp/ndjson_source_log_XXXXXX");
	close(mkstemp(f->path));
	f->log = (struct log){.fd = mkstemp(f->log_path), .level = LOG_LEVEL_INFO};
	buf_init(&f->log_text, 65536);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	ndjson_source_stop(f->source);
	uv_close((uv_handle_t *)&f->wake, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	mailbox_drain(&f->mailbox);
	mailbox_finish(&f->mailbox);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	unlink(f->path);
	unlink(f->log_path);
	close(f->log.fd);
	buf_finish(&f->log_text);
	buf_finish(&ids);
	free(f);
	return 0;
}

static void on_finished(void *context)
{
	((struct fixture *)context)->finished = true;
}

static void start(struct fixture *f, const char *path)
{
	struct ndjson_source_options options = {.path = path,
						.mailbox = &f->mailbox,
						.clock = clock_system(),
						.log = &f->log,
						.on_finished = on_finished,
						.context = f};
	assert_int_equal(ndjson_source_start(&f->loop, &options, &f->source, NULL), 0);
}

static void stop_waiting(uv_timer_t *timer)
{
	fail_msg("nothing happened");
}

/* Turns the loop until the flag is set, with a bound. */
static void run_until(struct fixture *f, const bool *flag)
{
	uv_timer_t bound;
	uv_timer_init(&f->loop, &bound);
	uv_timer_start(&bound, stop_waiting, 10000, 0);
	while (!*flag)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&bound, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void write_file(struct fixture *f, struct str text)
{
	FILE *file = fopen(f->path, "w");
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	fclose(file);
}

static const char *log_text(struct fixture *f)
{
	assert_true(buf_reserve(&f->log_text, 16384));
	ssize_t n = pread(f->log.fd, f->log_text.p, 16384, 0);
	f->log_text.n = n > 0 ? (size_t)n : 0;
	return buf_z(&f->log_text);
}

static void read_file(struct fixture *f, struct str text)
{
	write_file(f, text);
	start(f, f->path);
	run_until(f, &f->finished);
}

#define LINE(id) "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"type\":\"t\",\"source\":\"s\",\"data\":{}}"

static void lines_become_events_in_order(void **state)
{
	struct fixture *f = *state;
	read_file(f, STR(LINE("a") "\n\r\n" LINE("b") "\r\n\n" LINE("c")));
	assert_str(buf_view(&ids), "a b c ");
	assert_int_equal(ndjson_source_counts(f->source).accepted, 3);
	assert_int_equal(ndjson_source_counts(f->source).bad_lines, 0);
}

static void an_empty_file_is_finished_at_once(void **state)
{
	struct fixture *f = *state;
	read_file(f, STR(""));
	assert_int_equal(batches, 0);
}

static void a_bad_line_is_told_and_passed_over(void **state)
{
	struct fixture *f = *state;
	read_file(f, STR(LINE("a") "\n{\"id\":\"x\" oops}\n\n[]\n" LINE("b") "\n\xff\xfe\n{\"half\":"));
	assert_str(buf_view(&ids), "a b ");
	assert_int_equal(ndjson_source_counts(f->source).bad_lines, 4);
	char place[128];
	snprintf(place, sizeof place, "%s:2:11", f->path);
	if (!strstr(log_text(f), place))
		fail_msg("no '%s' in: %s", place, log_text(f));
	snprintf(place, sizeof place, "%s:7:", f->path);
	assert_non_null(strstr(log_text(f), place));
}

static void many_lines_go_in_batches(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 4 * 1024 * 1024);
	for (int i = 0; i < 2500; i++)
		buf_printf(&text,
			   "{\"specversion\":\"1.0\",\"id\":\"e%d\",\"type\":\"t\",\"source\":\"s\"}\n", i);
	read_file(f, buf_view(&text));
	buf_finish(&text);
	assert_int_equal(ndjson_source_counts(f->source).accepted, 2500);
	assert_int_equal(largest, 100);
	assert_true(str_starts(buf_view(&ids), STR("e0 e1 e2 ")));
	assert_true(str_ends(buf_view(&ids), STR(" e2498 e2499 ")));
}

static void a_line_without_end_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 8 * 1024 * 1024);
	buf_str(&text, STR(LINE("a") "\n"));
	for (int i = 0; i < 3 * 1024 * 1024; i++)
		buf_char(&text, 'x');
	buf_str(&text, STR("\n" LINE("b") "\nbad\n"));
	read_file(f, buf_view(&text));
	buf_finish(&text);
	assert_str(buf_view(&ids), "a b ");
	assert_int_equal(ndjson_source_counts(f->source).bad_lines, 2);
	assert_non_null(strstr(log_text(f), ":2:1"));
	assert_non_null(strstr(log_text(f), ":4:1"));
}

static void a_refused_batch_is_offered_again(void **state)
{
	struct fixture *f = *state;
	refuse_first = 1;
	read_file(f, STR(LINE("a") "\n" LINE("b") "\n"));
	assert_int_equal(batches, 2);
	assert_str(buf_view(&ids), "a b ");
}

static void give_up(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void an_event_on_a_pipe_does_not_wait_for_the_next(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	start(f, f->path);
	int fd = open(f->path, O_WRONLY);
	assert_int_equal(write(fd, LINE("a") "\n{\"spec", sizeof LINE("a") + 6), sizeof LINE("a") + 6);
	uv_timer_t bound;
	bool late = false;
	uv_timer_init(&f->loop, &bound);
	bound.data = &late;
	uv_timer_start(&bound, give_up, 10000, 0);
	while (ids.n == 0 && !late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&bound, NULL);
	assert_str(buf_view(&ids), "a ");
	assert_false(f->finished);
	const char *rest = LINE("b") + 6;
	assert_int_equal(write(fd, rest, strlen(rest)), strlen(rest));
	close(fd);
	run_until(f, &f->finished);
	assert_str(buf_view(&ids), "a b ");
}

static void it_can_be_stopped_while_it_waits(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	start(f, f->path);
	uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void it_can_be_stopped_while_the_engine_has_a_batch(void **state)
{
	struct fixture *f = *state;
	write_file(f, STR(LINE("a") "\n"));
	start(f, f->path);
	while (batches == 0)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct ndjson_source_options options = {.path = "/nowhere/events", .log = &f->log};
	struct error error;
	assert_int_equal(ndjson_source_start(&f->loop, &options, &f->source, &error), -1);
	assert_non_null(strstr(error.what, "/nowhere/events"));
	options.path = "/tmp";
	assert_int_equal(ndjson_source_start(&f->loop, &options, &f->source, &error), -1);
	assert_non_null(strstr(error.what, "folder"));
}

#define looped(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		looped(lines_become_events_in_order),
		looped(an_empty_file_is_finished_at_once),
		looped(a_bad_line_is_told_and_passed_over),
		looped(many_lines_go_in_batches),
		looped(a_line_without_end_is_passed_over),
		looped(a_refused_batch_is_offered_again),
		looped(an_event_on_a_pipe_does_not_wait_for_the_next),
		looped(it_can_be_stopped_while_it_waits),
		looped(it_can_be_stopped_while_the_engine_has_a_batch),
		looped(a_file_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
