/* The yardstick of the transport: what a lean program around libcurl pays for a POST.
 *
 *   bare_curl URL N CONCURRENCY BODYFILE
 *
 * Sends N POSTs of the file's bytes, CONCURRENCY at a time, and prints the CPU time of this process for each.
 * It does what libcurl's manual advises for speed and nothing beside: curl_multi_socket_action on libuv, easy
 * handles that are set up once and added again, one poll a socket that stays armed, connections kept. It has
 * no deadlines, keeps no headers, counts the body's bytes and checks the status.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

enum { DESCRIPTORS_MAX = 4096 };

struct poll {
	uv_poll_t handle;
	struct bench *bench;
	curl_socket_t fd;
	int armed;
};

struct bench {
	uv_loop_t loop;
	uv_timer_t timer;
	CURLM *multi;
	struct poll *polls[DESCRIPTORS_MAX];
	char *body;
	long body_n, n, n_begun, n_good, n_bad;
};

static void die(const char *what)
{
	fprintf(stderr, "bare_curl: %s\n", what);
	exit(1);
}

/* --- transfers --- */

static void begin(struct bench *bench, CURL *easy)
{
	if (bench->n_begun == bench->n)
		return;
	bench->n_begun++;
	curl_multi_add_handle(bench->multi, easy);
}

static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	return size * n;
}

static void read_completions(struct bench *bench)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(bench->multi, &left))) {
		CURL *easy = message->easy_handle;
		long status = 0;
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result == CURLE_OK && status >= 200 && status < 300)
			bench->n_good++;
		else
			bench->n_bad++;
		curl_multi_remove_handle(bench->multi, easy);
		begin(bench, easy);
	}
	if (bench->n_good + bench->n_bad == bench->n)
		uv_stop(&bench->loop);
}

static CURL *make_easy(struct bench *bench, const char *url, struct curl_slist *headers)
{
	CURL *easy = curl_easy_init();
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bench->body_n);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bench->body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	return easy;
}

/* --- the loop --- */

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct poll *poll = handle->data;
	struct bench *bench = poll->bench;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(bench->multi, poll->fd, flags, &running);
	read_completions(bench);
}

static struct poll *poll_of(struct bench *bench, curl_socket_t fd)
{
	if (fd >= DESCRIPTORS_MAX)
		die("too many connections");
	struct poll *poll = bench->polls[fd];
	if (!poll) {
		poll = bench->polls[fd] = calloc(1, sizeof *poll);
		poll->bench = bench;
		poll->fd = fd;
		poll->handle.data = poll;
		uv_poll_init(&bench->loop, &poll->handle, fd);
	}
	return poll;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	int events = 0;
	/* The connection goes on living: its poll stays armed for the next request. */
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	struct poll *poll = poll_of(context, fd);
	if (poll->armed == events)
		return 0;
	poll->armed = events;
	uv_poll_start(&poll->handle, events, on_poll);
	return 0;
}

static void on_due(uv_timer_t *timer)
{
	struct bench *bench = timer->data;
	int running;
	curl_multi_socket_action(bench->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	read_completions(bench);
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct bench *bench = context;
	if (timeout_ms < 0)
		uv_timer_stop(&bench->timer);
	else
		uv_timer_start(&bench->timer, on_due, (uint64_t)timeout_ms, 0);
	return 0;
}

/* --- main --- */

static void read_body(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) || (bench->body_n = ftell(file)) < 0)
		die("the body cannot be read");
	rewind(file);
	bench->body = malloc((size_t)bench->body_n + 1);
	if (fread(bench->body, 1, (size_t)bench->body_n, file) != (size_t)bench->body_n)
		die("the body cannot be read");
	fclose(file);
}

static double cpu_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void set_up(struct bench *bench, long concurrency)
{
	uv_loop_init(&bench->loop);
	uv_timer_init(&bench->loop, &bench->timer);
	bench->timer.data = bench;
	bench->multi = curl_multi_init();
	curl_multi_setopt(bench->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(bench->multi, CURLMOPT_SOCKETDATA, bench);
	curl_multi_setopt(bench->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(bench->multi, CURLMOPT_TIMERDATA, bench);
	curl_multi_setopt(bench->multi, CURLMOPT_MAXCONNECTS, concurrency);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		die("usage: bare_curl URL N CONCURRENCY BODYFILE");
	static struct bench bench;
	bench.n = atol(argv[2]);
	long concurrency = atol(argv[3]);
	if (bench.n <= 0 || concurrency <= 0)
		die("N and CONCURRENCY must be positive");
	read_body(&bench, argv[4]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	set_up(&bench, concurrency);
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/x-www-form-urlencoded");
	headers = curl_slist_append(headers, "Expect:");
	for (long i = 0; i < concurrency; i++)
		begin(&bench, make_easy(&bench, argv[1], headers));
	double cpu = cpu_us(), begun = now_s();
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	cpu = cpu_us() - cpu;
	printf("cpu_us_per_request=%.2f requests_per_s=%.0f good=%ld bad=%ld\n", cpu / (double)bench.n,
	       (double)bench.n / (now_s() - begun), bench.n_good, bench.n_bad);
	return bench.n_bad ? 1 : 0;
}
