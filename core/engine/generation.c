#include "engine/generation.h"

#include "engine/private.h"

#include <stdio.h>

enum { FILES_MAX = 256 << 20 };

void generation_encode(struct buf *out, const struct source_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%zu %zu\n", files[i].path.n, files[i].text.n);
		buf_str(out, files[i].path);
		buf_str(out, files[i].text);
	}
}

static bool take_number(struct str *text, char end, size_t *ret)
{
	size_t number = 0, i = 0;
	for (; i < text->n && i < 12 && text->p[i] >= '0' && text->p[i] <= '9'; i++)
		number = number * 10 + (size_t)(text->p[i] - '0');
	if (i == 0 || i == text->n || text->p[i] != end)
		return false;
	text->p += i + 1;
	text->n -= i + 1;
	*ret = number;
	return true;
}

static bool take_text(struct str *text, size_t n, struct str *ret)
{
	if (text->n < n)
		return false;
	*ret = (struct str){text->p, n};
	text->p += n;
	text->n -= n;
	return true;
}

int generation_decode(struct str text, struct source_file **ret, size_t *ret_n)
{
	struct source_file *files = NULL;
	size_t n = 0, path, size;
	while (text.n > 0) {
		files = mem_realloc(files, (n + 1) * sizeof *files);
		if (!take_number(&text, ' ', &path) || !take_number(&text, '\n', &size) ||
		    !take_text(&text, path, &files[n].path) || !take_text(&text, size, &files[n].text)) {
			free(files);
			return -1;
		}
		n++;
	}
	*ret = files;
	*ret_n = n;
	return 0;
}

struct generation_writing {
	struct journal_generation row;
	sem_t written;
};

static void written(struct message *message)
{
	sem_post(&container_of(message, struct generation_writing, row.entry.message)->written);
}

int engine_generation(struct journal *journal, const struct source_file *files, size_t n_files, uint32_t *ret,
		      struct error *reterr)
{
	struct generation_writing writing = {
		.row.entry = {.message.deliver = written, .kind = ENTRY_GENERATION}};
	struct buf text;
	char hash[40];
	buf_init(&text, FILES_MAX);
	generation_encode(&text, files, n_files);
	if (text.overflow) {
		buf_finish(&text);
		return error_set(reterr, "the rules are larger than %d MiB", FILES_MAX >> 20);
	}
	struct str content = buf_view(&text);
	struct window_key key = window_key(&content, 1);
	snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)key.high,
		 (unsigned long long)key.low);
	writing.row.hash = str_of(hash);
	writing.row.files = content;
	sem_init(&writing.written, 0, 0);
	journal_post(journal, &writing.row.entry);
	while (sem_wait(&writing.written))
		; /* a signal */
	sem_destroy(&writing.written);
	buf_finish(&text);
	*ret = writing.row.number;
	return 0;
}
