#include "source/token_file.h"

#include "base/read_file.h"
#include "format/crypto.h"
#include "format/webhook_signature.h"

#include <stdio.h>

enum { FILE_MAX = 1 << 20 };

static bool is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
			return false;
	}
	return true;
}

static int check(const struct token_file *file, struct str text, struct error *reterr)
{
	if (file->keys)
		return webhook_key_check(text, reterr);
	if (text.n >= TOKEN_LEAST && text.n <= TOKEN_MOST && is_printable(text))
		return 0;
	error_set(reterr, "a token has %d to %d visible characters", TOKEN_LEAST, TOKEN_MOST);
	error_hint(reterr, "openssl rand -hex 32 makes a good one");
	return -1;
}

/* "name token", or "token". */
static int add_line(struct token_file *file, struct str line, int number, struct error *reterr)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	struct str name = {line.p, n}, text = str_trim((struct str){line.p + n, line.n - n});
	if (text.n == 0) {
		text = name;
		name.n = 0;
	}
	if (check(file, text, reterr) < 0) {
		error_prefix(reterr, "%s, line %d", file->path, number);
		return -1;
	}
	if (file->n == TOKENS_MAX)
		return error_set(reterr, "%s: over %d lines", file->path, TOKENS_MAX);
	struct token *token = &file->tokens[file->n++];
	if (name.n)
		snprintf(token->name, sizeof token->name, STR_FMT, STR_ARG(name));
	else
		snprintf(token->name, sizeof token->name, "%s %d", file->keys ? "key" : "token", number);
	sha256(text, token->digest);
	token->text = file->keys ? mem_strndup(text.p, text.n) : NULL;
	return 0;
}

static int parse(struct token_file *file, struct str content, struct error *reterr)
{
	for (int number = 1; content.n; number++) {
		const char *newline = memchr(content.p, '\n', content.n);
		size_t n = newline ? (size_t)(newline - content.p) : content.n;
		struct str line = str_trim((struct str){content.p, n});
		n += newline != NULL;
		content.p += n;
		content.n -= n;
		if (line.n && line.p[0] != '#' && add_line(file, line, number, reterr) < 0)
			return -1;
	}
	return file->n ? 0 : error_set(reterr, "'%s' holds no %s", file->path, file->keys ? "key" : "token");
}

static void forget(struct token_file *file)
{
	for (size_t i = 0; i < file->n; i++) {
		if (file->tokens[i].text)
			explicit_bzero(file->tokens[i].text, strlen(file->tokens[i].text));
		free(file->tokens[i].text);
	}
	free(file->tokens);
	file->tokens = NULL;
	file->n = 0;
}

int token_file_open(struct token_file *file, const char *path, bool keys, struct error *reterr)
{
	struct buf content;
	buf_init(&content, FILE_MAX);
	*file = (struct token_file){.path = path, .keys = keys};
	file->tokens = mem_zalloc(TOKENS_MAX * sizeof *file->tokens);
	int r = stat(path, &file->seen) == 0 && !S_ISREG(file->seen.st_mode)
			? error_set(reterr, "'%s' is no file", path)
			: read_file(path, &content, reterr);
	if (r == 0)
		r = parse(file, buf_view(&content), reterr);
	if (content.p)
		explicit_bzero(content.p, content.n);
	buf_finish(&content);
	if (r < 0)
		forget(file);
	return r;
}

void token_file_close(struct token_file *file)
{
	forget(file);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void token_file_refresh(struct token_file *file, const struct log *log)
{
	struct stat about = {0};
	struct token_file read;
	struct error error;
	if (!file->path || (stat(file->path, &about) == 0 && same_file(&about, &file->seen)))
		return;
	if (token_file_open(&read, file->path, file->keys, &error) == 0) {
		forget(file);
		*file = read;
		log_info(log, "tokens were read again", "file", file->path);
		return;
	}
	if (!same_file(&about, &file->seen))
		log_error(log, "tokens cannot be read; those of before stay in force", "error", error.what);
	file->seen = about;
}

const struct token *token_file_find(const struct token_file *file, struct str text)
{
	const struct token *found = NULL;
	unsigned char digest[SHA256_BYTES];
	sha256(text, digest);
	for (size_t i = 0; i < file->n; i++) {
		if (same_bytes((struct str){(const char *)file->tokens[i].digest, sizeof digest},
			       (struct str){(const char *)digest, sizeof digest}))
			found = &file->tokens[i];
	}
	return found;
}
