#include "source/ndjson_source.h"

#include "format/cloudevents.h"
#include "source/ndjson_reader.h"

#include <stdio.h>

enum {
	BATCH = 100,
	LINE_MAX_BYTES = 1024 * 1024,
	TEXT_MAX = LINE_MAX_BYTES + 256 * 1024, /* a line and what one read adds */
};

struct ndjson_source {
	struct ndjson_source_options options;
	char *name; /* for the log */
	struct ndjson_reader *reader;
	uv_timer_t retry;
	struct buf text; /* read and not parsed; from `at` */
	size_t at;
	uint64_t line;
	bool overlong; /* in a line that is passed over to its end */
	bool ended, finished, stopped;
	bool accepting; /* the engine has the batch */
	struct event_list list;
	struct acceptance acceptance;
	bool duplicates[BATCH];
	struct ndjson_counts counts;
	int open; /* what must come back before the memory can go: the timer, the acceptance */
};

static void step(struct ndjson_source *source);

/* --- Lines -----------------------------------------------------------------------------------------------
 */

static void report_bad_line(struct ndjson_source *source, const struct error *error)
{
	char place[512];
	snprintf(place, sizeof place, "%s:%llu:%d", source->name, (unsigned long long)source->line,
		 error->column ? error->column : 1);
	source->counts.bad_lines++;
	log_error(source->options.log, "line is no event", "at", place, "why", error->what, "hint",
		  *error->hint ? error->hint : NULL);
}

static void take_line(struct ndjson_source *source, struct str line)
{
	struct error error;
	if (events_parse_ndjson(line, NULL, clock_wall_ms(source->options.clock), &source->list, &error) < 0)
		report_bad_line(source, &error);
}

static void pass_over(struct ndjson_source *source)
{
	struct error error;
	if (!source->overlong) {
		error_set(&error, "the line has more than %d bytes", LINE_MAX_BYTES);
		report_bad_line(source, &error);
	}
	source->overlong = true;
}

/* The next whole line, or what is left at the end. False: more must be read first. */
static bool next_line(struct ndjson_source *source, struct str *ret)
{
	struct buf *text = &source->text;
	if (source->at == text->n)
		return false;
	const char *start = text->p + source->at;
	size_t left = text->n - source->at;
	const char *newline = memchr(start, '\n', left);
	if (!newline && !source->ended)
		return false;
	*ret = (struct str){start, newline ? (size_t)(newline - start) : left};
	source->at += newline ? ret->n + 1 : ret->n;
	return true;
}

static void parse_batch(struct ndjson_source *source)
{
	struct str line;
	while (source->list.n < BATCH && next_line(source, &line)) {
		bool tail = source->overlong;
		source->overlong = false;
		if (tail)
			continue;
		source->line++;
		if (line.n > LINE_MAX_BYTES) {
			pass_over(source);
			source->overlong = false;
		} else {
			take_line(source, line);
		}
	}
}

/* What was parsed goes; of a line that is too long already only the fact is kept. */
static void compact(struct ndjson_source *source)
{
	struct buf *text = &source->text;
	size_t left = text->n - source->at;
	if (left > LINE_MAX_BYTES || source->overlong) {
		source->line += !source->overlong;
		pass_over(source);
		left = 0;
	} else if (left) {
		memmove(text->p, text->p + source->at, left);
	}
	text->n = left;
	source->at = 0;
}

/* --- Batches ---------------------------------------------------------------------------------------------
 */

static void source_release(struct ndjson_source *source)
{
	if (--source->open)
		return;
	event_list_finish(&source->list);
	buf_finish(&source->text);
	free(source->name);
	free(source);
}

static void submit(struct ndjson_source *source);

static void on_retry(uv_timer_t *timer)
{
	submit(timer->data);
}

static void try_later(struct ndjson_source *source)
{
	int after_s = source->acceptance.retry_after_s > 0 ? source->acceptance.retry_after_s : 1;
	log_warn(source->options.log, "events refused, trying again", "from", source->name, "why",
		 source->acceptance.error.what);
	uv_timer_start(&source->retry, on_retry, (uint64_t)after_s * 1000, 0);
}

static void on_acceptance(struct message *message)
{
	struct ndjson_source *source = container_of(message, struct ndjson_source, acceptance.message);
	struct acceptance *acceptance = &source->acceptance;
	source->accepting = false;
	if (!source->stopped && acceptance->refused) {
		try_later(source);
	} else if (!source->stopped) {
		source->counts.accepted += acceptance->n - acceptance->n_duplicates;
		source->counts.duplicates += acceptance->n_duplicates;
		event_list_finish(&source->list);
		step(source);
	}
	source_release(source);
}

static void submit(struct ndjson_source *source)
{
	memset(source->duplicates, 0, sizeof source->duplicates);
	source->acceptance = (struct acceptance){.message.deliver = on_acceptance,
						 .reply_to = source->options.mailbox,
						 .events = source->list.events,
						 .duplicates = source->duplicates,
						 .n = source->list.n};
	source->accepting = true;
	source->open++;
	/* Never from within itself: a file has more batches than a stack has room. */
	if (engine_accept(source->options.engine, &source->acceptance))
		mailbox_post(source->options.mailbox, &source->acceptance.message);
}

/* --- Reading ---------------------------------------------------------------------------------------------
 */

static void on_bytes(void *context, const char *p, ssize_t n)
{
	struct ndjson_source *source = context;
	if (n < 0) {
		log_error(source->options.log, "cannot read events", "from", source->name, "why",
			  uv_strerror((int)n));
		source->counts.failed = true;
	}
	if (n <= 0)
		source->ended = true;
	else
		buf_add(&source->text, p, (size_t)n);
	step(source);
}

static void finish(struct ndjson_source *source)
{
	ndjson_reader_close(source->reader);
	source->reader = NULL;
	source->finished = true;
	if (source->options.on_finished)
		source->options.on_finished(source->options.context);
}

/* Goes as far as it can without waiting. What was read is handed over before more is read, so that an event
 * on a pipe does not wait for ninety-nine others. */
static void step(struct ndjson_source *source)
{
	parse_batch(source);
	if (source->list.n) {
		submit(source);
		return;
	}
	if (source->ended) {
		finish(source);
		return;
	}
	compact(source);
	ndjson_reader_read(source->reader, on_bytes, source);
}

/* --- Life ------------------------------------------------------------------------------------------------
 */

int ndjson_source_start(uv_loop_t *loop, const struct ndjson_source_options *options,
			struct ndjson_source **ret, struct error *reterr)
{
	struct ndjson_reader *reader;
	if (ndjson_reader_open(loop, options->path, &reader, reterr) < 0)
		return -1;
	struct ndjson_source *source = mem_zalloc(sizeof *source);
	source->options = *options;
	source->options.path = NULL; /* the caller's memory */
	source->name = mem_strdup(strcmp(options->path, "-") == 0 ? "stdin" : options->path);
	source->reader = reader;
	buf_init(&source->text, TEXT_MAX);
	ensure(uv_timer_init(loop, &source->retry) == 0);
	source->retry.data = source;
	source->open = 1;
	ndjson_reader_read(reader, on_bytes, source);
	*ret = source;
	return 0;
}

struct ndjson_counts ndjson_source_counts(const struct ndjson_source *source)
{
	return source->counts;
}

static void on_timer_closed(uv_handle_t *handle)
{
	source_release(handle->data);
}

void ndjson_source_stop(struct ndjson_source *source)
{
	if (!source)
		return;
	source->stopped = true;
	ndjson_reader_close(source->reader);
	source->reader = NULL;
	uv_close((uv_handle_t *)&source->retry, on_timer_closed);
}
