#include "source/ndjson_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

struct ndjson_reader {
	uv_loop_t *loop;
	int fd;
	bool polls; /* else it is a file, which is always ready and is read by libuv's pool */
	bool reading, closing;
	uv_poll_t poll;
	uv_fs_t fs;
	void (*done)(void *context, const char *p, ssize_t n);
	void *context;
	char bytes[CHUNK];
};

/* Opened anew, so that O_NONBLOCK does not reach whoever shares our stdin. Not for files: that would go back
 * to their start. */
static int open_stdin(void)
{
	struct stat stat;
	if (fstat(STDIN_FILENO, &stat) < 0)
		return -1;
	int fd = -1;
	if (!S_ISREG(stat.st_mode))
		fd = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

int ndjson_reader_open(uv_loop_t *loop, const char *path, struct ndjson_reader **ret, struct error *reterr)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? open_stdin() : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;
	if (fd < 0 || fstat(fd, &stat) < 0)
		return error_set(reterr, "cannot read events from '%s': %s", path, strerror(errno));
	if (S_ISDIR(stat.st_mode)) {
		close(fd);
		return error_set(reterr, "cannot read events from '%s': it is a folder", path);
	}
	struct ndjson_reader *reader = mem_zalloc(sizeof *reader);
	reader->loop = loop;
	reader->fd = fd;
	/* What epoll does not take (files, /dev/null) never blocks for long. */
	reader->polls = uv_poll_init(loop, &reader->poll, fd) == 0;
	reader->poll.data = reader->fs.data = reader;
	*ret = reader;
	return 0;
}

static void reader_free(struct ndjson_reader *reader)
{
	close(reader->fd);
	free(reader);
}

static void finish_read(struct ndjson_reader *reader, ssize_t n)
{
	reader->reading = false;
	reader->done(reader->context, reader->bytes, n);
}

static void on_fs(uv_fs_t *fs)
{
	struct ndjson_reader *reader = fs->data;
	ssize_t n = fs->result;
	uv_fs_req_cleanup(fs);
	if (reader->closing)
		reader_free(reader);
	else
		finish_read(reader, n);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct ndjson_reader *reader = poll->data;
	ssize_t n = status < 0 ? status : read(reader->fd, reader->bytes, CHUNK);
	if (status == 0 && n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		n = uv_translate_sys_error(errno);
	}
	uv_poll_stop(poll);
	finish_read(reader, n);
}

void ndjson_reader_read(struct ndjson_reader *reader, void (*done)(void *context, const char *p, ssize_t n),
			void *context)
{
	ensure(!reader->reading);
	reader->reading = true;
	reader->done = done;
	reader->context = context;
	if (reader->polls) {
		uv_poll_start(&reader->poll, UV_READABLE | UV_DISCONNECT, on_poll);
		return;
	}
	uv_buf_t into = uv_buf_init(reader->bytes, CHUNK);
	ensure(uv_fs_read(reader->loop, &reader->fs, reader->fd, &into, 1, -1, on_fs) == 0);
}

static void on_poll_closed(uv_handle_t *handle)
{
	reader_free(handle->data);
}

void ndjson_reader_close(struct ndjson_reader *reader)
{
	if (!reader)
		return;
	reader->closing = true;
	if (reader->polls)
		uv_close((uv_handle_t *)&reader->poll, on_poll_closed);
	else if (!reader->reading)
		reader_free(reader);
}
