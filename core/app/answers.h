/* core/app/answers.h
 *
 * What a sink answers: the file of `--answers`, a JSON array of which the first entry that fits wins.
 *
 *   [{"method": "POST", "path": "/crm/orders", "status": 201, "headers": {"x-id": "7"}, "body": {"OrderId":
 * "SO-55120"}, "delay_ms": 40, "times": 1},
 *    {"path": "/chat", "error": "reset"}]
 *
 * Every key is optional. `path` fits the paths that begin with it; `times` uses an entry up; a body that is
 * no string is sent as JSON. `error` is "timeout" (no answer comes) or "reset" (the connection is closed).
 * `service` and `operation` are for other readers of the same file: a sink knows neither, and passes over an
 * entry that has them without a path. Main thread only.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/request.h"

enum answer_error { ANSWER_GIVEN, ANSWER_TIMEOUT, ANSWER_RESET };

struct scripted_answer {
	struct str method, path; /* p == NULL: any */
	bool passed_over;
	enum answer_error error;
	int status;
	const struct header *headers;
	size_t n_headers;
	struct str body;
	int64_t delay_ms;
	int64_t times; /* left; -1: without end */
};

struct answers {
	struct arena arena;
	struct scripted_answer *entries;
	size_t n;
};

/* No entries: nothing fits. */
void answers_init(struct answers *answers);
void answers_finish(struct answers *answers);

/* `text` is the file's content, `file` its name for errors. On failure `answers` holds no entries. */
int answers_parse(struct answers *answers, struct str text, const char *file, struct error *reterr);
int answers_read(struct answers *answers, const char *file, struct error *reterr);

/* The entry for this request, one of its times used up; NULL: none fits, which means 200 with no body. */
const struct scripted_answer *answers_take(struct answers *answers, struct str method, struct str path);
