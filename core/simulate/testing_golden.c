/* Golden files: the requests of a test as text, compared with what somebody has looked at. */
#include "simulate/testing_private.h"

#include "api/json_put.h"
#include "api/mask.h"
#include "base/read_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GOLDEN_MAX = 16 << 20, PATH_MAX_BYTES = 4096 };

static void write_request(struct buf *out, const struct found_request *request)
{
	const struct result_delivery *item = request->delivery;
	int64_t event_ms = request->result->event->time_ms;
	struct buf url;
	buf_init(&url, GOLDEN_MAX);
	mask_url(&url, item->url);
	buf_printf(out, "# " STR_FMT " " STR_FMT ", by '" STR_FMT "', %lld ms after " STR_FMT "\n",
		   STR_ARG(item->verb), STR_ARG(item->service_name), STR_ARG(request->rule->rule->name),
		   (long long)(item->at_ms - event_ms), STR_ARG(request->result->event->id));
	buf_printf(out, STR_FMT " " STR_FMT "\n", STR_ARG(item->method), STR_ARG(buf_view(&url)));
	for (size_t i = 0; i < item->n_headers; i++) {
		const struct header *header = &item->headers[i];
		struct str value = header_is_secret(header->name) ? STR("***") : header->value;
		buf_printf(out, STR_FMT ": " STR_FMT "\n", STR_ARG(header->name), STR_ARG(value));
	}
	buf_printf(out, "\n" STR_FMT "%s\n", STR_ARG(item->body), item->body.n ? "\n" : "");
	buf_finish(&url);
}

static void write_all(const struct test_case *test, struct buf *out)
{
	struct found_request *requests;
	size_t n = test_requests(test, (struct str){0}, &requests);
	for (size_t i = 0; i < n; i++)
		write_request(out, &requests[i]);
	free(requests);
}

/* --- the file --- */

static int write_file(struct buf *path, struct str text, struct error *reterr)
{
	const char *z = buf_z(path);
	char *slash = strrchr(path->p, '/');
	*slash = 0;
	if (mkdir(z, 0777) && errno != EEXIST)
		return error_set(reterr, "cannot make the folder '%s': %s", z, strerror(errno));
	*slash = '/';
	FILE *file = fopen(z, "wb");
	if (!file)
		return error_set(reterr, "cannot write '%s': %s", z, strerror(errno));
	bool bad = fwrite(text.p, 1, text.n, file) != text.n;
	bad |= fclose(file) != 0;
	return bad ? error_set(reterr, "cannot write '%s'", z) : 0;
}

static struct str next_line(struct str *text)
{
	const char *end = memchr(text->p, '\n', text->n);
	size_t n = end ? (size_t)(end - text->p) : text->n;
	struct str line = {text->p, n};
	text->p += end ? n + 1 : n;
	text->n -= end ? n + 1 : n;
	return line;
}

/* The first line that differs; the end of one of the two is a line that is not there. */
static void show_difference(struct buf *answer, struct str expected, struct str actual)
{
	for (int line = 1;; line++) {
		bool no_expected = !expected.n, no_actual = !actual.n;
		struct str x = next_line(&expected), y = next_line(&actual);
		if (no_expected == no_actual && str_eq(x, y))
			continue;
		buf_char(answer, '{');
		put_number(answer, "line", line);
		if (!no_expected)
			put_text(answer, "expected", x);
		if (!no_actual)
			put_text(answer, "actual", y);
		buf_char(answer, '}');
		return;
	}
}

static int compare(struct test_case *test, struct buf *path, struct str actual, struct buf *answer,
		   struct error *reterr)
{
	struct buf expected;
	buf_init(&expected, GOLDEN_MAX);
	bool exists = access(buf_z(path), F_OK) == 0;
	int result = exists ? read_file(buf_z(path), &expected, reterr) : 0;
	bool same = result == 0 && exists && str_eq(buf_view(&expected), actual);
	if (result == 0 && !same && test->testing->update) {
		result = write_file(path, actual, reterr);
		test->n_updated += result == 0;
	} else if (result == 0 && !exists) {
		error_set(reterr, "there is no file '%s'", buf_z(path));
		error_hint(reterr, "'switchhook test --update' writes it");
		result = -1;
	} else if (result == 0 && !same) {
		show_difference(answer, buf_view(&expected), actual);
	}
	buf_finish(&expected);
	return result;
}

int test_matches(struct test_case *test, struct str name, struct buf *answer, struct error *reterr)
{
	struct buf path, actual;
	buf_init(&path, PATH_MAX_BYTES);
	buf_init(&actual, GOLDEN_MAX);
	write_all(test, &actual);
	int result = test_path(test, name, &path, reterr);
	if (result == 0)
		result = compare(test, &path, buf_view(&actual), answer, reterr);
	buf_finish(&path);
	buf_finish(&actual);
	return result;
}
