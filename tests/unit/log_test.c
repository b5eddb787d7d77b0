#include "unit.h"

#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

struct written {
	int fd;
	char text[32 * 1024];
};

static int setup(void **state)
{
	char path[] = "/tmp/log-test-XXXXXX";
	struct written *written = mem_zalloc(sizeof *written);
	written->fd = mkstemp(path);
	unlink(path);
	*state = written;
	return written->fd < 0;
}

static int teardown(void **state)
{
	struct written *written = *state;
	close(written->fd);
	free(written);
	return 0;
}

static const char *text_of(struct written *written)
{
	ssize_t n = pread(written->fd, written->text, sizeof written->text - 1, 0);
	assert_true(n >= 0);
	written->text[n] = 0;
	return written->text;
}

static void escapes_what_could_forge_a_line(void **state)
{
	struct written *written = *state;
	struct log log = {.fd = written->fd, .level = LOG_LEVEL_INFO, .form = LOG_JSON};
	log_warn(&log, "said \"no\"", "call", "a\nlevel=error \x1b[31m", "absent", NULL);
	assert_non_null(strstr(text_of(written), "\"level\":\"warn\",\"msg\":\"said \\\"no\\\"\","
						 "\"call\":\"a\\nlevel=error \\u001b[31m\"}\n"));
	assert_null(strstr(written->text, "absent"));
}

static void what_is_no_utf8_is_marked(void **state)
{
	struct written *written = *state;
	struct log log = {.fd = written->fd, .level = LOG_LEVEL_INFO, .form = LOG_JSON};
	log_info(&log, "x", "a", "\xc3\xa9 \xff \xc3");
	assert_non_null(strstr(text_of(written), "\"a\":\"\xc3\xa9 \\ufffd \\ufffd\"}"));
}

static void a_pair_that_does_not_fit_is_left_out_whole(void **state)
{
	struct written *written = *state;
	struct log log = {.fd = written->fd, .level = LOG_LEVEL_INFO, .form = LOG_JSON};
	char longest[3000];
	memset(longest, 1, sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	log_info(&log, "x", "one", longest, "two", "short");
	assert_null(strstr(text_of(written), "\"one\""));
	assert_non_null(strstr(written->text, "\"msg\":\"x\",\"two\":\"short\"}\n"));
}

static void journald_gets_its_priorities(void **state)
{
	struct written *written = *state;
	struct log log = {.fd = written->fd, .level = LOG_LEVEL_INFO, .priorities = true};
	log_error(&log, "bad");
	assert_memory_equal(text_of(written), "<3>time=", 8);
	log.form = LOG_JSON;
	log_info(&log, "good");
	assert_non_null(strstr(text_of(written), "\n<6>{\"time\":"));
}

static void a_file_is_no_terminal(void **state)
{
	struct written *written = *state;
	assert_int_equal(log_to(written->fd, LOG_LEVEL_INFO).form, LOG_JSON);
	assert_false(log_to(written->fd, LOG_LEVEL_INFO).priorities);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(escapes_what_could_forge_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_utf8_is_marked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pair_that_does_not_fit_is_left_out_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(journald_gets_its_priorities, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_no_terminal, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
